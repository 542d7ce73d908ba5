import type { StopReason, StreamEvent } from "../conversation/answer";
import { argumentsObject } from "../conversation/arguments";
import { answerToEvents } from "../conversation/foldAnswer";
import { createSequencer } from "../conversation/sequencer";
import type { Usage } from "../conversation/usage";
import { isObject, parseJson } from "../json/access";
import type { WireError } from "../protocols/errorShape";
import { incomplete, malformed } from "../protocols/providerError";
import { createSseParser, SseOverflowError } from "../sse/parser";
import { createAdapter } from "../translation/adaptEvents";
import { decodeAnswer, type Surroundings, streamDecoder } from "../translation/codecs";
import type { ChatRequest } from "./chatRequest";
import type { AnswerPart, ChatUsage } from "./parts";
import { type KeptThinking, keepThinking, thinkingMetadata } from "./thinking";

/** How an answer ended. */
export type AnswerEnd =
  | { readonly kind: "stopped"; readonly reason: StopReason }
  | { readonly kind: "failed"; readonly error: WireError };

/** Reads an answer of the engine as it comes. Neither method throws. */
export interface AnswerReader {
  push(bytes: Uint8Array): AnswerPart[];
  /** The connection has ended, well or not. */
  end(): AnswerPart[];
  /** Undefined while the answer goes on. */
  ended(): AnswerEnd | undefined;
}

/**
 * @param request that is answered
 * @param isStream by its content type; some servers answer with plain JSON whatever was asked for
 */
export function createAnswerReader(
  { protocol, context }: Pick<ChatRequest, "protocol" | "context">,
  isStream: boolean,
  around: Surroundings,
): AnswerReader {
  const parser = createSseParser();
  const decoder = streamDecoder(protocol, around);
  const sequence = createSequencer();
  const adapt = createAdapter(context);
  const parts = new PartWriter(context.issuer, around.newId("thinking_"));
  const json: Uint8Array[] = [];
  let over: AnswerEnd | undefined;

  const read = (events: readonly StreamEvent[]): AnswerPart[] => {
    const out: AnswerPart[] = [];
    for (const event of events.flatMap(sequence).flatMap(adapt)) {
      if (over) break;
      if (event.type === "error") over = { kind: "failed", error: event.error };
      else if (event.type === "stop") {
        over = parts.brokenCall
          ? { kind: "failed", error: brokenCall(event.reason) }
          : { kind: "stopped", reason: event.reason };
      } else out.push(...parts.write(event));
    }
    if (over) out.push(...parts.last());
    return out;
  };
  const guarded = (step: () => AnswerPart[]): AnswerPart[] => {
    if (over) return [];
    try {
      return step();
    } catch (thrown) {
      // What is nested without end overflows the stack.
      const what = thrown instanceof SseOverflowError ? thrown.message : "it cannot be processed";
      over = { kind: "failed", error: malformed(what) };
      return [];
    }
  };
  const readJson = (): AnswerPart[] => {
    const text = new TextDecoder().decode(joined(json));
    const body = parseJson(text);
    const answer = body === undefined ? incomplete() : decodeAnswer(protocol, body, around);
    if (!("status" in answer)) return read(answerToEvents(answer));
    over = { kind: "failed", error: answer };
    return [];
  };
  return {
    push: (bytes) =>
      guarded(() => {
        if (isStream)
          return read(parser.push(bytes).flatMap(({ data, event }) => decoder.event(data, event)));
        json.push(bytes);
        return [];
      }),
    end: () =>
      guarded(() => {
        if (!isStream) return readJson();
        const last = parser.end().flatMap(({ data, event }) => decoder.event(data, event));
        const out = read([...last, ...decoder.end()]);
        over ??= { kind: "failed", error: incomplete() };
        return out;
      }),
    ended: () => over,
  };
}

/** Turns events into parts: calls only when they are whole, thinking with what has to come back. */
class PartWriter {
  /** A call's arguments were no JSON object. */
  brokenCall = false;
  private readonly kept: KeptThinking[] = [];
  private thought: string[] = [];
  private call: { readonly id: string; readonly name: string; readonly parts: string[] } | undefined;
  private usage: Usage | undefined;
  private blocks = 0;

  constructor(
    private readonly issuer: string,
    private readonly thinkingId: string,
  ) {}

  write(event: Exclude<StreamEvent, { type: "stop" | "error" }>): AnswerPart[] {
    switch (event.type) {
      case "textDelta":
      case "refusalDelta":
        return event.text === "" ? [] : [{ kind: "text", text: event.text }];
      case "thinkingDelta":
        if (event.text === "") return [];
        this.thought.push(event.text);
        return [{ kind: "thinking", text: event.text, id: this.id() }];
      case "thinkingEnd":
        return this.endThinking(event);
      case "toolStart": {
        this.call = { id: event.id, name: event.name, parts: [] };
        // Gemini's signature of a call: thinking without text that comes back before it.
        return event.seal ? this.endThinking({ type: "thinkingEnd", seal: event.seal }) : [];
      }
      case "toolArguments":
        this.call?.parts.push(event.text);
        return [];
      case "toolEnd":
        return this.endCall();
      case "usage":
        this.usage = event.usage;
        return [];
      default:
        return [];
    }
  }

  last(): AnswerPart[] {
    const usage = this.usage && chatUsage(this.usage);
    return usage ? [{ kind: "usage", usage }] : [];
  }

  private id(): string {
    return `${this.thinkingId}_${this.blocks}`;
  }

  private endThinking({ seal }: Extract<StreamEvent, { type: "thinkingEnd" }>): AnswerPart[] {
    const text = this.thought.join("");
    this.thought = [];
    const id = this.id();
    this.blocks += 1;
    if (!seal) return [];
    this.kept.push(keepThinking(this.issuer, seal, text));
    return [{ kind: "thinking", text: "", id, metadata: thinkingMetadata([...this.kept]) }];
  }

  private endCall(): AnswerPart[] {
    const { call } = this;
    this.call = undefined;
    if (!call) return [];
    const text = call.parts.join("");
    if (text.trim() !== "" && !isObject(parseJson(text))) {
      this.brokenCall = true;
      return [];
    }
    return [{ kind: "toolCall", id: call.id, name: call.name, input: argumentsObject(text) }];
  }
}

/** Only what the provider has reported; a widget with a guess in it would be wrong without saying so. */
export function chatUsage(usage: Usage): ChatUsage | undefined {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens } = usage;
  if (inputTokens === undefined || outputTokens === undefined) return undefined;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(cachedInputTokens === undefined
      ? {}
      : { prompt_tokens_details: { cached_tokens: cachedInputTokens } }),
    ...(reasoningTokens === undefined
      ? {}
      : { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
  };
}

/** A call that is cut must not be carried out with half of its arguments. */
function brokenCall(reason: StopReason): WireError {
  const message =
    reason === "length" || reason === "contextWindow"
      ? "The answer reached its length limit in the middle of a tool call, so the tool was not called. Ask for smaller steps, or choose a model with a larger output limit."
      : "The model wrote a tool call that is not valid JSON, so the tool was not called. Try again, or choose another model.";
  return { status: 502, message, code: "bad_tool_call" };
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
