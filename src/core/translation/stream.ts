import type { StreamEvent } from "../conversation/answer";
import { answerToEvents } from "../conversation/foldAnswer";
import { createSequencer } from "../conversation/sequencer";
import type { Usage } from "../conversation/usage";
import { parseJson } from "../json/access";
import { errorEvent, type WireError } from "../protocols/errorShape";
import { incomplete, malformed } from "../protocols/providerError";
import type { WireProtocol } from "../protocols/wire";
import { createSseParser, MAX_EVENT_CHARACTERS, SseOverflowError } from "../sse/parser";
import { createAdapter } from "./adaptEvents";
import { type AnswerSource, decodeAnswer, type Surroundings, streamDecoder, streamEncoder } from "./codecs";
import type { ResponseContext } from "./context";
import { errorFor } from "./error";

/** Turns a provider's stream into the client's, read by read. No method throws. */
export interface StreamTranslator {
  /** @returns the client's events that these bytes complete; empty if none */
  push(bytes: Uint8Array): string;
  /** The provider closed the stream in order. An answer that had not come to its end ends as an error. */
  end(): string;
  /** The connection to the provider broke, or its time ran out. */
  fail(error: WireError): string;
  /** What the provider reported so far. */
  usage(): Usage | undefined;
  /** Characters of content that have come. */
  characters(): number;
  /** The model that the provider names. */
  model(): string | undefined;
  /**
   * The error, if the provider failed before anything was written for the client: as long as no header has gone
   * out, it can still be answered with a status. What `push` and `end` returned is for when it is too late for that.
   */
  failedBeforeContent(): WireError | undefined;
  /** The error that the answer ended with, if it ended with one. */
  failure(): WireError | undefined;
  /** Whether the answer has come to an end, a good one or a bad one: nothing will follow. */
  finished(): boolean;
  /** An event, in the client's own way, for a time in which the provider is silent; between any two writes. */
  keepAlive(): string;
}

export interface StreamTranslatorOptions extends Surroundings {
  /** The provider's protocol. */
  readonly from: AnswerSource;
  /** The client's. */
  readonly to: WireProtocol;
  readonly context: ResponseContext;
}

/** Says nothing to a client of its own. */
function isSilent(event: StreamEvent): boolean {
  if (event.type === "usage" || event.type === "textEnd") return true;
  return (event.type === "textDelta" || event.type === "thinkingDelta") && event.text === "";
}

function charactersOf(event: StreamEvent): number {
  return "text" in event && typeof event.text === "string" ? event.text.length : 0;
}

export function createStreamTranslator(options: StreamTranslatorOptions): StreamTranslator {
  const { from, to, context } = options;
  const parser = createSseParser();
  const decoder = streamDecoder(from, options);
  const sequence = createSequencer();
  const adapt = createAdapter(context);
  const encoder = streamEncoder(to, context, options);
  let usage: Usage | undefined;
  let model: string | undefined;
  let characters = 0;
  let wrote = false;
  let finished = false;
  let early: WireError | undefined;
  let failure: WireError | undefined;
  /** A provider that answers a request for a stream with plain JSON; undefined until the first byte is seen. */
  let json:
    | { readonly decoder: InstanceType<typeof TextDecoder>; readonly parts: string[]; size: number }
    | undefined
    | null;

  /** What is written, and not returned yet. */
  let out = "";
  /** An answer's start waits for what it is the start of, so that a provider that fails at once gets its status. */
  let held: StreamEvent | undefined;

  const write = (event: StreamEvent): void => {
    const text = encoder.encode(event);
    if (text !== "") wrote = true;
    out += text;
  };
  const release = (): void => {
    const first = held;
    held = undefined;
    if (first) write(first);
  };
  const failWith = (cause: WireError): void => {
    if (finished) return;
    finished = true;
    failure = errorFor(to, cause);
    if (!wrote) early = failure;
    let said = "";
    try {
      release();
      said = encoder.encode({ type: "error", error: failure });
    } catch {
      // What the encoder has to say besides the error cannot be said.
    }
    out += said || errorEvent(to, failure);
    wrote = true;
  };
  const emit = (events: readonly StreamEvent[]): void => {
    for (const event of events.flatMap(sequence).flatMap(adapt)) {
      if (finished) break;
      if (event.type === "usage") usage = event.usage;
      characters += charactersOf(event);
      if (event.type === "error") failWith(event.error);
      else if (event.type === "start") {
        held = event;
        model = event.model;
      } else {
        if (!isSilent(event)) release();
        write(event);
        finished = event.type === "stop";
      }
    }
  };
  /** Nothing that a provider sends may throw further than here; what is nested without end overflows the stack. */
  const guarded = (step: () => void): string => {
    out = "";
    if (!finished) {
      try {
        step();
      } catch (thrown) {
        failWith(malformed(thrown instanceof SseOverflowError ? thrown.message : "it cannot be processed"));
      }
    }
    return out;
  };

  const readJson = (bytes: Uint8Array): void => {
    if (!json) return;
    json.size += bytes.length;
    if (json.size > MAX_EVENT_CHARACTERS) failWith(malformed("it is too large"));
    else json.parts.push(json.decoder.decode(bytes, { stream: true }));
  };
  const endJson = (text: string): void => {
    const body = parseJson(text);
    const answer = body === undefined ? incomplete() : decodeAnswer(from, body, options);
    if ("status" in answer) failWith(answer);
    else emit(answerToEvents(answer));
  };

  return {
    push: (bytes) =>
      guarded(() => {
        if (json === undefined) {
          const first = bytes.find((byte) => byte > 0x20);
          // No line of an event stream begins with a brace or a bracket.
          const isJson = first === 0x7b || first === 0x5b;
          if (first !== undefined) json = isJson ? { decoder: new TextDecoder(), parts: [], size: 0 } : null;
        }
        if (json) readJson(bytes);
        else emit(parser.push(bytes).flatMap(({ data, event }) => decoder.event(data, event)));
      }),
    end: () =>
      guarded(() => {
        if (json) {
          endJson(json.parts.join("") + json.decoder.decode());
          return;
        }
        const last = parser.end().flatMap(({ data, event }) => decoder.event(data, event));
        emit([...last, ...decoder.end()]);
      }),
    fail: (error) =>
      guarded(() => {
        // An answer that had said why it stopped is whole, whatever became of the connection.
        const events = json ? [] : decoder.end();
        if (events.some(({ type }) => type === "stop")) emit(events);
        else failWith(error);
      }),
    usage: () => usage,
    model: () => model,
    characters: () => characters,
    failedBeforeContent: () => early,
    failure: () => failure,
    finished: () => finished,
    keepAlive: () =>
      guarded(() => {
        release();
        const text = encoder.keepAlive();
        if (text !== "") wrote = true;
        out += text;
      }),
  };
}
