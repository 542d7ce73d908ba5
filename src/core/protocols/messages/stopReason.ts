import type { StopReason as WireStopReason } from "@anthropic-ai/sdk/resources/messages";
import type { StopReason } from "../../conversation/answer";
import { lookup } from "../../json/access";

const FROM_WIRE: Record<string, StopReason> = {
  end_turn: "stop",
  stop_sequence: "stopSequence",
  max_tokens: "length",
  model_context_window_exceeded: "contextWindow",
  tool_use: "toolCalls",
  refusal: "refusal",
  pause_turn: "pause",
  compaction: "pause",
};

/** A reason that is new to us still means that the model stopped by itself. */
export function stopFromMessages(reason: string): StopReason {
  return lookup(FROM_WIRE, reason) ?? "stop";
}

const TO_WIRE: Record<StopReason, WireStopReason> = {
  stop: "end_turn",
  stopSequence: "stop_sequence",
  length: "max_tokens",
  contextWindow: "model_context_window_exceeded",
  toolCalls: "tool_use",
  contentFilter: "refusal",
  refusal: "refusal",
  pause: "pause_turn",
};

export function stopToMessages(reason: StopReason): WireStopReason {
  return TO_WIRE[reason];
}
