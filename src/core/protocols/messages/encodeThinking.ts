import type { DroppedReport } from "../../conversation/dropped";
import type { Destination } from "../../conversation/quirks";
import { anthropicEffort, budgetOf, fittingEffort, MIN_BUDGET } from "../../conversation/reasoning";
import type { ConversationRequest } from "../../conversation/request";
import { asArray, isObject, type JsonObject } from "../../json/access";

/**
 * Thinking in the model's own way, where it can be: it may not be asked for together with a forced tool, needs room
 * for its budget, and (but for adaptive thinking) wants a turn of tool calls to begin with the thinking it came from.
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking
 */
export function encodeThinking(
  { reasoning }: ConversationRequest,
  { quirks }: Destination,
  about: {
    readonly maxTokens: number;
    readonly forced: boolean;
    readonly messages: readonly JsonObject[];
    readonly dropped: DroppedReport;
  },
): { thinking?: JsonObject; effort?: string } {
  if (!reasoning) return {};
  if (!reasoning.enabled) {
    if (quirks.thinkingOff === undefined) return {};
    if (quirks.thinkingOff !== "never") return { thinking: { type: quirks.thinkingOff } };
    about.dropped.add("thinking.disabled");
    return { effort: "low" };
  }
  if (quirks.reasoning === "none" || about.forced) {
    about.dropped.add("reasoning");
    return {};
  }
  const display = reasoning.visible === false ? { display: "omitted" } : { display: "summarized" };
  if (quirks.reasoning === "adaptive") {
    const effort = reasoning.effort && anthropicEffort(reasoning.effort);
    return {
      thinking: { type: "adaptive", ...display },
      ...(effort ? { effort: fittingEffort(effort, quirks.efforts, about.dropped) } : {}),
    };
  }
  const wanted = reasoning.budgetTokens ?? budgetOf(reasoning.effort ?? "medium");
  const budget = Math.min(Math.max(MIN_BUDGET, Math.floor(wanted)), Math.floor(about.maxTokens * 0.75));
  if (budget < MIN_BUDGET || lacksThinking(about.messages)) {
    about.dropped.add("reasoning");
    return {};
  }
  return { thinking: { type: "enabled", budget_tokens: budget } };
}

/** Whether the calls that are being answered came without the thinking that the model would look for. */
function lacksThinking(messages: readonly JsonObject[]): boolean {
  const last = messages.at(-1);
  const results = asArray(last?.content).some((block) => isObject(block) && block.type === "tool_result");
  if (last?.role !== "user" || !results) return false;
  const first = asArray(messages.at(-2)?.content)[0];
  return !isObject(first) || (first.type !== "thinking" && first.type !== "redacted_thinking");
}
