import type { StopReason, StreamEvent } from "../conversation/answer";
import { usageOf } from "../conversation/usage";
import { asArray, asNumber, asObject, asString, type JsonObject, nonEmpty } from "../json/access";
import { brokenOff, callFault, otherModel, sessionFault, tooLong } from "./faults";
import { isSameModel } from "./models";

/** An event of a session, as the SDK hands it on; only its type and data are read. */
export interface SessionEvent {
  readonly type: string;
  readonly data: unknown;
}

/** Puts a session's events into a model's answer. */
export interface AnswerReader {
  /**
   * @returns what the event says to a client
   * @throws CopilotFault where there is no answer, or not the rest of it
   */
  read(event: SessionEvent): StreamEvent[];
  /** The answer has come to its end: whatever the session does from now on is not to happen. */
  isOver(): boolean;
}

interface Call {
  readonly call: number;
  /** Something of its arguments has been handed on. */
  streamed: boolean;
}

/**
 * The answer is one message of the model's. A session would go on by itself after a call of a tool that is not there,
 * so that whoever reads has to end it as soon as `isOver`.
 * @param asked the model that was asked for; no other one may answer
 */
export function createAnswerReader(asked: string): AnswerReader {
  const calls = new Map<string, Call>();
  let started = false;
  let began = false;
  let texts = 0;
  let over = false;
  let finish: string | undefined;

  const start = (): StreamEvent[] => {
    if (started) return [];
    started = true;
    return [{ type: "start", model: asked }];
  };
  const assertModel = (data: JsonObject): void => {
    const answered = nonEmpty(data.model);
    if (answered !== undefined && !isSameModel(asked, answered)) throw otherModel(asked, answered);
  };
  const begun = (id: string, name: string): StreamEvent[] => {
    const call = calls.size;
    calls.set(id, { call, streamed: false });
    return [...start(), { type: "toolStart", call, id, name, custom: false }];
  };
  const delta = (data: JsonObject): StreamEvent[] => {
    const id = nonEmpty(data.toolCallId);
    if (id === undefined) return [];
    const known = calls.get(id);
    const name = nonEmpty(data.toolName);
    // Without a name it is not known whose arguments these are; the whole message will say.
    if (!known && name === undefined) return [];
    const events = known ? [] : begun(id, name ?? "");
    const call = calls.get(id);
    const text = asString(data.inputDelta) ?? "";
    if (!call || text === "") return events;
    call.streamed = true;
    return [...events, { type: "toolArguments", call: call.call, text }];
  };
  const whole = (data: JsonObject): StreamEvent[] => {
    assertModel(data);
    over = true;
    const events = start();
    const content = asString(data.content) ?? "";
    // A model that does not stream says it all here.
    if (texts === 0 && content !== "") events.push({ type: "textDelta", text: content });
    const requests = asArray(data.toolRequests).map(asObject);
    for (const request of requests) {
      const id = nonEmpty(request.toolCallId) ?? `call_${calls.size}`;
      if (!calls.has(id)) events.push(...begun(id, nonEmpty(request.name) ?? ""));
      const { call, streamed } = calls.get(id) ?? { call: 0, streamed: false };
      if (!streamed) events.push({ type: "toolArguments", call, text: argumentsText(request.arguments) });
      events.push({ type: "toolEnd", call });
    }
    events.push({ type: "stop", reason: stopReason(finish, requests.length > 0) });
    return events;
  };

  return {
    isOver: () => over,
    read: ({ type, data: given }) => {
      if (over) return [];
      const data = asObject(given);
      switch (type) {
        case "session.tools_updated":
          // Before anything is sent, the runtime says here for which model it has chosen its tools.
          assertModel(data);
          return [];
        case "session.truncation":
          if ((asNumber(data.messagesRemovedDuringTruncation) ?? 0) > 0) throw tooLong();
          return [];
        case "model.turn_started":
        case "model.call_start":
          began = true;
          assertModel(data);
          return [];
        case "assistant.message_delta": {
          const text = asString(data.deltaContent) ?? "";
          if (text === "") return [];
          texts += 1;
          return [...start(), { type: "textDelta", text }];
        }
        case "assistant.reasoning_delta": {
          const text = asString(data.deltaContent) ?? "";
          return text === "" ? [] : [...start(), { type: "thinkingDelta", text }];
        }
        case "assistant.tool_call_delta":
          return delta(data);
        case "assistant.usage": {
          finish = nonEmpty(data.finishReason) ?? finish;
          const usage = usageIn(data);
          const events: StreamEvent[] = usage ? [{ type: "usage", usage }] : [];
          // The runtime would tell the model to go on, in words of its own, and append what comes of it.
          if (started && calls.size === 0 && stopReason(finish, false) === "length") {
            over = true;
            events.push({ type: "stop", reason: "length" });
          }
          return events;
        }
        case "assistant.message":
          return whole(data);
        case "model.call_failure":
          throw callFault(data);
        case "model.call_finished":
          // Not every failure is told as one: a stream that just ends is asked for again, up to six times.
          if (data.outcome === "error") throw brokenOff();
          return [];
        case "session.error":
          throw sessionFault(data);
        case "session.idle":
          if (!began) return [];
          throw brokenOff();
        default:
          return [];
      }
    },
  };
}

function argumentsText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value ?? {});
}

function stopReason(finish: string | undefined, hasCalls: boolean): StopReason {
  if (finish === "length" || finish === "max_tokens") return "length";
  if (finish === "content_filter") return "contentFilter";
  if (finish === "refusal") return "refusal";
  return hasCalls ? "toolCalls" : "stop";
}

/** `cost` is the model's multiplier; GitHub counts it for what a person has asked, not for what follows from tools. */
function usageIn(data: JsonObject) {
  const cost = asNumber(data.cost);
  const reasoning = asNumber(data.reasoningTokens);
  return usageOf({
    inputTokens: asNumber(data.inputTokens),
    cachedInputTokens: asNumber(data.cacheReadTokens),
    cacheWriteTokens: asNumber(data.cacheWriteTokens) || undefined,
    cacheWrite1hTokens: undefined,
    outputTokens: asNumber(data.outputTokens),
    reasoningTokens: reasoning || undefined,
    serviceTier: undefined,
    reportedUsd: undefined,
    premiumRequests: cost === undefined ? undefined : data.initiator === "agent" ? 0 : cost,
  });
}
