import type { DroppedReport } from "./dropped";
import type { Effort } from "./request";

/**
 * Effort and thinking budget are two words for one wish. The numbers are the steps that Anthropic's and LiteLLM's
 * guides use; between them the nearer effort counts.
 */
const BUDGET: Record<Exclude<Effort, "none">, number> = {
  minimal: 1024,
  low: 2048,
  medium: 8192,
  high: 16384,
  xhigh: 32000,
  max: 32000,
};

/** Anthropic's least budget: a smaller one is refused. */
export const MIN_BUDGET = 1024;

export function budgetOf(effort: Effort): number {
  return effort === "none" ? 0 : BUDGET[effort];
}

/** The effort that a thinking budget stands for. */
export function effortOf(budgetTokens: number): Effort {
  if (budgetTokens < 4096) return "low";
  return budgetTokens < 16000 ? "medium" : "high";
}

/** From the least to the most. */
const EFFORTS: readonly string[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

export function asEffort(value: unknown): Effort | undefined {
  return typeof value === "string" && EFFORTS.includes(value) ? (value as Effort) : undefined;
}

/** The effort under a name of the client's; a word that is none of ours is reported. */
export function readEffort(value: unknown, name: string, dropped: DroppedReport): Effort | undefined {
  const effort = asEffort(value);
  if (effort === undefined && value !== undefined && value !== null) dropped.add(name);
  return effort;
}

/** Anthropic has neither `none` (that is: no thinking) nor `minimal`. */
export function anthropicEffort(effort: Effort): "low" | "medium" | "high" | "xhigh" | "max" {
  return effort === "none" || effort === "minimal" ? "low" : effort;
}

/** The nearest effort that the model takes, the lesser one of two; another than was asked for is reported. */
export function fittingEffort(effort: Effort, taken: readonly Effort[], dropped: DroppedReport): Effort {
  const distance = (other: Effort): number => Math.abs(EFFORTS.indexOf(other) - EFFORTS.indexOf(effort));
  const [first = effort, ...others] = taken;
  const fitting = others.reduce((best, other) => (distance(other) < distance(best) ? other : best), first);
  // `max` is Anthropic's word for the highest, which OpenAI calls `xhigh`.
  if (fitting !== effort && !(effort === "max" && fitting === "xhigh"))
    dropped.add(`reasoning_effort.${effort}`);
  return fitting;
}
