import type { StreamEvent } from "../conversation/answer";
import { answerToEvents, foldEvents } from "../conversation/foldAnswer";
import type { Usage } from "../conversation/usage";
import type { WireError } from "../protocols/errorShape";
import { malformed } from "../protocols/providerError";
import type { WireProtocol } from "../protocols/wire";
import { createAdapter } from "./adaptEvents";
import { decodeAnswer, encodeAnswer, type Surroundings } from "./codecs";
import type { ResponseContext } from "./context";
import { errorFor } from "./error";

export interface TranslatedAnswer {
  /** The client's JSON. */
  readonly body: string;
  readonly usage?: Usage;
}

/** A provider's answer that was an error after all, in the client's terms. */
export class ProviderAnswerError extends Error {
  constructor(readonly error: WireError) {
    super(error.message);
    this.name = "ProviderAnswerError";
  }
}

/**
 * A provider's whole answer in the client's protocol.
 * @param options.body the provider's JSON, parsed
 * @throws ProviderAnswerError for a 200 that is an error, or is no answer
 */
export function translateResponse(
  options: {
    readonly from: WireProtocol;
    readonly to: WireProtocol;
    readonly body: unknown;
    readonly context: ResponseContext;
  } & Surroundings,
): TranslatedAnswer {
  const { from, to, body, context } = options;
  try {
    const answer = decodeAnswer(from, body, options);
    if ("status" in answer) throw new ProviderAnswerError(errorFor(to, answer));
    const events: StreamEvent[] = answerToEvents(answer).flatMap(createAdapter(context));
    const adapted = foldEvents(events);
    if (!adapted) throw new ProviderAnswerError(malformed("it does not end"));
    return {
      body: JSON.stringify(encodeAnswer(to, adapted, context, options)),
      ...(answer.usage ? { usage: answer.usage } : {}),
    };
  } catch (thrown) {
    if (thrown instanceof ProviderAnswerError) throw thrown;
    // What is nested without end overflows the stack.
    throw new ProviderAnswerError(malformed("it cannot be processed"));
  }
}
