import type { ChatCompletion } from "openai/resources/chat/completions";
import type { StopReason } from "../../conversation/answer";
import { lookup } from "../../json/access";

const FROM_WIRE: Record<string, StopReason> = {
  stop: "stop",
  eos: "stop",
  end_turn: "stop",
  length: "length",
  max_tokens: "length",
  model_length: "contextWindow",
  tool_calls: "toolCalls",
  function_call: "toolCalls",
  content_filter: "contentFilter",
};

/**
 * What a `finish_reason` means; undefined where it says that the answer failed (OpenRouter's and Mistral's `error`,
 * DeepSeek's `insufficient_system_resource`, xAI's and Gemini's own).
 */
export function stopFromChat(reason: string): StopReason | undefined {
  if (reason === "error" || reason === "insufficient_system_resource" || reason === "abort") return undefined;
  return lookup(FROM_WIRE, reason.toLowerCase()) ?? "stop";
}

const TO_WIRE: Record<StopReason, ChatCompletion.Choice["finish_reason"]> = {
  stop: "stop",
  stopSequence: "stop",
  length: "length",
  contextWindow: "length",
  toolCalls: "tool_calls",
  contentFilter: "content_filter",
  refusal: "content_filter",
  pause: "stop",
};

export function stopToChat(reason: StopReason): ChatCompletion.Choice["finish_reason"] {
  return TO_WIRE[reason];
}
