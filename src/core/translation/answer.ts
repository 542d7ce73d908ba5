import type { Answer, StreamEvent } from "../conversation/answer";
import { answerToEvents, foldEvents } from "../conversation/foldAnswer";
import { createSequencer } from "../conversation/sequencer";
import type { Usage } from "../conversation/usage";
import type { WireError } from "../protocols/errorShape";
import { malformed } from "../protocols/providerError";
import type { WireProtocol } from "../protocols/wire";
import { createSseParser } from "../sse/parser";
import { createAdapter } from "./adaptEvents";
import { type AnswerSource, decodeAnswer, encodeAnswer, type Surroundings, streamDecoder } from "./codecs";
import type { ResponseContext } from "./context";
import { errorFor } from "./error";

export interface TranslatedAnswer {
  /** The client's JSON. */
  readonly body: string;
  readonly usage?: Usage;
  /** The model that the provider names. */
  readonly model?: string;
}

/** A provider's answer that was an error after all, in the client's terms. */
export class ProviderAnswerError extends Error {
  constructor(readonly error: WireError) {
    super(error.message);
    this.name = "ProviderAnswerError";
  }
}

/** Whether a text is a stream of events, which some servers send whatever they were asked for. */
export function isEventStream(text: string): boolean {
  return /^\uFEFF?\s*(data|event|id|retry)?:/.test(text);
}

/** The answer that a provider streamed though nobody had asked it to. */
function foldStream(from: AnswerSource, text: string, around: Surroundings): Answer | WireError {
  const parser = createSseParser();
  const decoder = streamDecoder(from, around);
  const received = [...parser.push(new TextEncoder().encode(text)), ...parser.end()];
  const decoded = [...received.flatMap(({ data, event }) => decoder.event(data, event)), ...decoder.end()];
  const events = decoded.flatMap(createSequencer());
  const failed = events.find((event) => event.type === "error");
  return failed?.error ?? foldEvents(events) ?? malformed("it does not end");
}

/**
 * A provider's whole answer in the client's protocol.
 * @param options.body the provider's JSON, parsed; or the text of a stream of events
 * @throws ProviderAnswerError for a 200 that is an error, or is no answer
 */
export function translateResponse(
  options: {
    readonly from: AnswerSource;
    readonly to: WireProtocol;
    readonly body: unknown;
    readonly context: ResponseContext;
  } & Surroundings,
): TranslatedAnswer {
  const { from, to, body, context } = options;
  try {
    const answer =
      typeof body === "string" ? foldStream(from, body, options) : decodeAnswer(from, body, options);
    if ("status" in answer) throw new ProviderAnswerError(errorFor(to, answer));
    const events: StreamEvent[] = answerToEvents(answer).flatMap(createAdapter(context));
    const adapted = foldEvents(events);
    if (!adapted) throw new ProviderAnswerError(malformed("it does not end"));
    return {
      body: JSON.stringify(encodeAnswer(to, adapted, context, options)),
      ...(answer.usage ? { usage: answer.usage } : {}),
      ...(answer.model ? { model: answer.model } : {}),
    };
  } catch (thrown) {
    if (thrown instanceof ProviderAnswerError) throw thrown;
    // What is nested without end overflows the stack.
    throw new ProviderAnswerError(malformed("it cannot be processed"));
  }
}
