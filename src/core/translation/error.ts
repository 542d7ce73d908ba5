import { errorBody, type WireError } from "../protocols/errorShape";
import { isContextOverflow, overflowNumbers, readErrorBody } from "../protocols/providerError";
import type { WireProtocol } from "../protocols/wire";
import type { AnswerSource } from "./codecs";

/** Anthropic says 529 where everybody else says 503. */
function statusFor(to: WireProtocol, status: number): number {
  if (to === "messages") return status === 503 ? 529 : status;
  return status === 529 ? 503 : status;
}

/**
 * A provider's error as a client of another protocol understands it; the provider's message stays. A conversation
 * that is too long is said in the words that clients act on: Claude Code compacts on "prompt is too long: X tokens >
 * Y maximum", OpenAI's clients on the code `context_length_exceeded`.
 */
export function errorFor(to: WireProtocol, error: WireError): WireError {
  const status = statusFor(to, error.status);
  if (!isContextOverflow(error)) return { ...error, status };
  if (to !== "messages") return { ...error, status: 400, code: "context_length_exceeded" };
  if (/prompt is too long/i.test(error.message)) return { ...error, status: 400 };
  const numbers = overflowNumbers(error.message);
  const words = numbers
    ? `${numbers.used} tokens > ${numbers.limit} maximum`
    : "more tokens than the model's maximum";
  return { ...error, status: 400, message: `prompt is too long: ${words} (${error.message})` };
}

/** Headers of an error that clients obey, whatever their protocol. */
const KEPT = /^(retry-after(-ms)?|x-should-retry|anthropic-ratelimit-.*|x-ratelimit-.*)$/;

export interface TranslatedError {
  readonly status: number;
  readonly body: string;
  /** To be added to the response, such as `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * An HTTP error of a provider for a client of another protocol.
 * @param from the provider's protocol; the shapes in use are told apart by themselves, whatever it is
 * @param body the text of the response
 * @param headers of the response, lower-case
 */
export function translateError(options: {
  readonly from: AnswerSource;
  readonly to: WireProtocol;
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}): TranslatedError {
  const { to, headers } = options;
  const error = errorFor(to, readErrorBody(options.body, options.status));
  const kept = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && KEPT.test(entry[0]),
  );
  return { status: error.status, body: errorBody(to, error), headers: Object.fromEntries(kept) };
}
