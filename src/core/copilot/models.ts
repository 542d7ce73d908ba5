import { asEffort } from "../conversation/reasoning";
import { asArray, asNumber, asObject, nonEmpty } from "../json/access";
import type { FactValues } from "../models/facts";
import type { CopilotModel } from "./contract";

/**
 * What an account may use, out of `models.list` (ModelInfo of @github/copilot-sdk 1.0.14). `auto` is left out: it
 * leaves the choice of the model to GitHub, and a model is never chosen silently here.
 */
export function copilotModels(listed: unknown): CopilotModel[] {
  return asArray(asObject(listed).models).flatMap((entry) => {
    const info = asObject(entry);
    const id = nonEmpty(info.id);
    if (id === undefined || id === "auto") return [];
    const name = nonEmpty(info.name);
    const fault = policyFault(asObject(info.policy).state);
    return [
      {
        id,
        ...(name === undefined ? {} : { name }),
        facts: factsOf(info),
        ...(fault === undefined ? {} : { unavailable: fault }),
      },
    ];
  });
}

function policyFault(state: unknown): string | undefined {
  if (state === "disabled") return "it is switched off in the account's Copilot settings";
  if (state === "unconfigured")
    return "its terms have not been accepted yet; enable it in the account's Copilot settings on GitHub";
  return undefined;
}

function factsOf(info: Record<string, unknown>): FactValues {
  const { supports, limits } = asObject(info.capabilities);
  const able = asObject(supports);
  const most = asObject(limits);
  const window = count(most.max_context_window_tokens);
  const output = count(most.max_output_tokens);
  const efforts = asArray(info.supportedReasoningEfforts).flatMap((effort) => asEffort(effort) ?? []);
  const multiplier = asNumber(asObject(info.billing).multiplier);
  return {
    ...(window === undefined ? {} : { contextWindow: window }),
    ...(output === undefined ? {} : { maxOutput: output }),
    ...(typeof able.tool_calls === "boolean" ? { tools: able.tool_calls } : {}),
    ...(typeof able.vision === "boolean" ? { images: able.vision } : {}),
    ...(typeof able.structured_outputs === "boolean" ? { structuredOutput: able.structured_outputs } : {}),
    ...(typeof able.reasoningEffort === "boolean"
      ? { reasoning: able.reasoningEffort, efforts: able.reasoningEffort ? efforts : [] }
      : {}),
    ...(multiplier !== undefined && multiplier >= 0 ? { premiumMultiplier: multiplier } : {}),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value > 0 ? value : undefined;
}

/** Every model that one of the accounts may use, each once; what none may use comes last. */
export function unitedModels(lists: readonly (readonly CopilotModel[])[]): CopilotModel[] {
  const united = new Map<string, CopilotModel>();
  for (const model of lists.flat()) {
    const known = united.get(model.id);
    if (!known || (known.unavailable !== undefined && model.unavailable === undefined))
      united.set(model.id, model);
  }
  return [...united.values()];
}

/** Whether what has answered is what was asked for; GitHub may name a dated version of it. */
export function isSameModel(asked: string, answered: string): boolean {
  if (asked === answered) return true;
  const rest = answered.startsWith(`${asked}-`) ? answered.slice(asked.length + 1) : undefined;
  return rest !== undefined && /^\d{4}-?\d{2}-?\d{2}$/.test(rest);
}
