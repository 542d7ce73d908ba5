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
};

/** Gemini's and its proxies' own words, also behind a prefix: `content_filter: RECITATION`; GLM's `sensitive`. */
const FILTERED = /^content_filter|safety|sensitive|prohibited|recitation|blocklist|spii/;
const FAILED =
  /^function_call_filter|malformed_function_call|network_error|^error$|abort|insufficient_system_resource/;

/**
 * What a `finish_reason` means; undefined where it says that the answer failed (OpenRouter's and Mistral's `error`,
 * DeepSeek's `insufficient_system_resource`, GLM's `network_error`, xAI's and Gemini's own).
 */
export function stopFromChat(reason: string): StopReason | undefined {
  const word = reason.toLowerCase();
  if (FAILED.test(word)) return undefined;
  if (FILTERED.test(word)) return "contentFilter";
  if (word === "refusal") return "refusal";
  return lookup(FROM_WIRE, word) ?? "stop";
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
