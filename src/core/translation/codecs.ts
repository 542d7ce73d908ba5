import type { Answer, StreamDecoder, StreamEncoder } from "../conversation/answer";
import { decodeChatAnswer } from "../protocols/chat/decodeAnswer";
import { createChatDecoder } from "../protocols/chat/decodeStream";
import { encodeChatAnswer } from "../protocols/chat/encodeAnswer";
import { createChatEncoder } from "../protocols/chat/encodeStream";
import type { WireError } from "../protocols/errorShape";
import { decodeMessagesAnswer } from "../protocols/messages/decodeAnswer";
import { createMessagesDecoder } from "../protocols/messages/decodeStream";
import { encodeMessagesAnswer } from "../protocols/messages/encodeAnswer";
import { createMessagesEncoder } from "../protocols/messages/encodeStream";
import { malformed } from "../protocols/providerError";
import { decodeResponsesAnswer } from "../protocols/responses/decodeAnswer";
import { createResponsesDecoder } from "../protocols/responses/decodeStream";
import { encodeResponsesAnswer } from "../protocols/responses/encodeAnswer";
import { createResponsesEncoder } from "../protocols/responses/encodeStream";
import type { WireProtocol } from "../protocols/wire";
import type { ResponseContext } from "./context";
import { createNeutralDecoder } from "./neutralStream";

/** Clock and randomness, which `core` does not have of its own. */
export interface Surroundings {
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A fresh identifier that begins with the prefix, of [a-zA-Z0-9_-] and at most 40 characters. */
  readonly newId: (prefix: string) => string;
}

/** What an answer may come in: a provider's protocol, or neutral events from a provider that has none. */
export type AnswerSource = WireProtocol | "neutral";

export function streamDecoder(protocol: AnswerSource, { newId }: Surroundings): StreamDecoder {
  if (protocol === "neutral") return createNeutralDecoder();
  if (protocol === "chat") return createChatDecoder(newId);
  return protocol === "responses" ? createResponsesDecoder(newId) : createMessagesDecoder(newId);
}

export function decodeAnswer(
  protocol: AnswerSource,
  received: unknown,
  { newId }: Surroundings,
): Answer | WireError {
  if (protocol === "neutral") return malformed("it is no stream of events");
  // Google's errors come in a list of one.
  const body = Array.isArray(received) ? received[0] : received;
  if (protocol === "chat") return decodeChatAnswer(body, newId);
  return protocol === "responses" ? decodeResponsesAnswer(body, newId) : decodeMessagesAnswer(body, newId);
}

function encoderOptions(context: ResponseContext, { now, newId }: Surroundings) {
  const { model, issuer, includeUsage, legacyFunctions, echo } = context;
  return { model, issuer, includeUsage, legacyFunctions, echo, newId, created: Math.floor(now() / 1000) };
}

export function streamEncoder(
  protocol: WireProtocol,
  context: ResponseContext,
  around: Surroundings,
): StreamEncoder {
  const options = encoderOptions(context, around);
  if (protocol === "chat") return createChatEncoder(options);
  return protocol === "responses" ? createResponsesEncoder(options) : createMessagesEncoder(options);
}

export function encodeAnswer(
  protocol: WireProtocol,
  answer: Answer,
  context: ResponseContext,
  around: Surroundings,
): object {
  const options = encoderOptions(context, around);
  if (protocol === "chat") return encodeChatAnswer(answer, options);
  return protocol === "responses"
    ? encodeResponsesAnswer(answer, options)
    : encodeMessagesAnswer(answer, options);
}
