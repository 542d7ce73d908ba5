import { counted } from "../governance/limitText";
import type { AgentOutcome } from "./contract";
import { costText, type RunCost, sumOf } from "./runCost";
import { visible } from "./visible";

/** How one model did on a task, as it is kept. */
export interface TaskRun {
  readonly id: string;
  /** The same for all models that were compared at once. */
  readonly comparison: string;
  /** Name of the task's file, without its ending. */
  readonly task: string;
  /** Absolute path of the repository. */
  readonly folder: string;
  /** The commit that the work began at. */
  readonly commit: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Of the agent's work, in milliseconds. */
  readonly durationMs: number;
  /** Undefined where it did not come to the checks. */
  readonly passed?: boolean;
  readonly end: AgentOutcome["end"];
  /** Why it did not pass, in a sentence. */
  readonly reason?: string;
  readonly turns: number;
  readonly cost: RunCost;
  readonly filesChanged: number;
  readonly linesAdded: number;
  readonly linesRemoved: number;
  /** Last lines of what the failed command said. */
  readonly output?: string;
}

export interface TaskRunWithDiff extends TaskRun {
  /** What was changed, in unified form; cut where it is very long. */
  readonly diff: string;
}

/** Those that passed first, of them the cheapest; what is not known comes last. */
export function bestFirst(one: TaskRun, other: TaskRun): number {
  const rank = ({ passed }: TaskRun) => (passed === true ? 0 : passed === false ? 1 : 2);
  const isKnown = ({ unpriced, premiumRequests }: RunCost) => unpriced === 0 && premiumRequests === 0;
  const price = ({ cost }: TaskRun) => (isKnown(cost) ? cost.microUsd : Number.POSITIVE_INFINITY);
  const prices = price(one) === price(other) ? 0 : price(one) - price(other);
  return rank(one) - rank(other) || prices || one.durationMs - other.durationMs;
}

/** The result of a comparison as a table of Markdown. */
export function comparisonTable(runs: readonly TaskRun[]): string {
  const head = ["model", "result", "cost", "tokens in", "tokens out", "time", "turns", "diff"];
  const rows = [...runs].sort(bestFirst).map((run) => {
    const { model, cost, durationMs, turns, filesChanged, linesAdded, linesRemoved } = run;
    return [
      model,
      resultText(run),
      costText(cost),
      count(cost.inputTokens),
      count(cost.outputTokens),
      `${(durationMs / 1000).toFixed(1)} s`,
      count(turns),
      `${counted(filesChanged, "file")}, +${linesAdded} −${linesRemoved}`,
    ];
  });
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

export function resultText({ passed, reason, end }: TaskRun): string {
  if (passed === true) return "passed";
  const what = passed === false ? "failed" : end === "cancelled" ? "cancelled" : "not finished";
  return reason === undefined ? what : `${what}: ${reason}`;
}

/** What a comparison has cost, all models together. */
export function comparisonCost(runs: readonly TaskRun[]): string {
  return costText(sumOf(runs.map(({ cost }) => cost)));
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function cell(text: string): string {
  return visible(text.replace(/\s+/g, " ")).replaceAll("|", "\\|").slice(0, 300);
}
