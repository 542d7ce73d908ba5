import type { StreamEvent } from "../conversation/answer";
import { answerToEvents } from "../conversation/foldAnswer";
import { createSequencer } from "../conversation/sequencer";
import type { Usage } from "../conversation/usage";
import { parseJson } from "../json/access";
import type { WireError } from "../protocols/errorShape";
import { incomplete, malformed } from "../protocols/providerError";
import type { WireProtocol } from "../protocols/wire";
import { createSseParser, MAX_EVENT_CHARACTERS, SseOverflowError } from "../sse/parser";
import { createAdapter } from "./adaptEvents";
import { decodeAnswer, type Surroundings, streamDecoder, streamEncoder } from "./codecs";
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
  readonly from: WireProtocol;
  /** The client's. */
  readonly to: WireProtocol;
  readonly context: ResponseContext;
}

/** Nothing that a provider sends may throw further than here; what is nested without end overflows the stack. */
function unreadable(thrown: unknown): WireError {
  return malformed(thrown instanceof SseOverflowError ? thrown.message : "it cannot be processed");
}

export function createStreamTranslator(options: StreamTranslatorOptions): StreamTranslator {
  const { from, to, context } = options;
  const parser = createSseParser();
  const decoder = streamDecoder(from, options);
  const sequence = createSequencer();
  const adapt = createAdapter(context);
  const encoder = streamEncoder(to, context, options);
  let usage: Usage | undefined;
  let wrote = false;
  let finished = false;
  let early: WireError | undefined;
  let failure: WireError | undefined;
  /** A provider that answers a request for a stream with plain JSON; undefined until the first byte is seen. */
  let json:
    | { readonly decoder: InstanceType<typeof TextDecoder>; readonly parts: string[]; size: number }
    | undefined
    | null;

  const emit = (events: readonly StreamEvent[]): string => {
    let out = "";
    for (const event of events.flatMap(sequence).flatMap(adapt)) {
      if (finished) break;
      if (event.type === "usage") usage = event.usage;
      if (event.type === "stop" || event.type === "error") finished = true;
      if (event.type === "error") {
        const error = errorFor(to, event.error);
        failure = error;
        if (!wrote && out === "") early = error;
        out += encoder.encode({ type: "error", error });
      } else out += encoder.encode(event);
    }
    if (out !== "") wrote = true;
    return out;
  };
  const failWith = (error: WireError): string => emit([{ type: "error", error }]);

  const readJson = (bytes: Uint8Array): string => {
    if (!json) return "";
    json.size += bytes.length;
    if (json.size > MAX_EVENT_CHARACTERS) return failWith(malformed("it is too large"));
    json.parts.push(json.decoder.decode(bytes, { stream: true }));
    return "";
  };

  return {
    push(bytes) {
      if (finished) return "";
      if (json === undefined) {
        const first = bytes.find((byte) => byte > 0x20);
        if (first === undefined) json = undefined;
        // No line of an event stream begins with a brace.
        else json = first === 0x7b ? { decoder: new TextDecoder(), parts: [], size: 0 } : null;
      }
      if (json) return readJson(bytes);
      try {
        return emit(parser.push(bytes).flatMap(({ data, event }) => decoder.event(data, event)));
      } catch (thrown) {
        return failWith(unreadable(thrown));
      }
    },
    end() {
      if (finished) return "";
      if (json) {
        const body = parseJson(json.parts.join("") + json.decoder.decode());
        if (body === undefined) return failWith(incomplete());
        const answer = decodeAnswer(from, body, options);
        return "status" in answer ? failWith(answer) : emit(answerToEvents(answer));
      }
      try {
        const last = parser.end().flatMap(({ data, event }) => decoder.event(data, event));
        return emit([...last, ...decoder.end()]);
      } catch (thrown) {
        return failWith(unreadable(thrown));
      }
    },
    fail: (error) => (finished ? "" : failWith(error)),
    usage: () => usage,
    failedBeforeContent: () => early,
    failure: () => failure,
    finished: () => finished,
    keepAlive: () => (finished ? "" : encoder.keepAlive()),
  };
}
