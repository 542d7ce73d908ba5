import type { Usage } from "../conversation/usage";
import type { Basis } from "./requestRecord";

/**
 * Bytes of a request that make a token, over the whole of it with its JSON. English text has about 4 characters a
 * token (https://help.openai.com/en/articles/4936856), code, JSON and other scripts fewer.
 */
const BYTES_A_TOKEN = 3.5;
/** Characters of an answer that make a token. */
const CHARACTERS_A_TOKEN = 4;
/** A budget must not be overrun because a tokenizer makes more of a text than we think. */
const SAFETY = 1.15;
/** What an answer is taken to be where neither the client nor the model says how long it may get. */
export const DEFAULT_MAX_OUTPUT = 8_192;

/** Tokens read and written. */
export type TokenCounts = Required<Pick<Usage, "inputTokens" | "outputTokens">>;

/** What was seen of a request that did not come to its report. */
export interface Seen {
  /** Size of the request's body; images and files in base64 in `mediaBytes` are not among them. */
  readonly requestBytes: number;
  /** Base64 data of images and files in it. */
  readonly mediaBytes?: number;
  /** Tokens of an earlier conversation that the request has brought in by its id. */
  readonly keptTokens?: number;
  /** Characters of text, thinking and tool arguments that had come. */
  readonly streamedChars: number;
}

/** About what an image is counted as: https://platform.claude.com/docs/en/build-with-claude/vision */
const MEDIA_BYTES_A_TOKEN = 400;

/** A cheap guess at a request's input tokens: by its size, without a tokenizer. */
export function estimateInputTokens(requestBytes: number, mediaBytes = 0): number {
  return Math.ceil(requestBytes / BYTES_A_TOKEN + mediaBytes / MEDIA_BYTES_A_TOKEN);
}

/** The tokens of an answer that broke off, by what of it was seen. */
export function estimateUsage({
  requestBytes,
  mediaBytes = 0,
  keptTokens = 0,
  streamedChars,
}: Seen): TokenCounts {
  return {
    inputTokens: estimateInputTokens(requestBytes, mediaBytes) + keptTokens,
    outputTokens: Math.ceil(streamedChars / CHARACTERS_A_TOKEN),
  };
}

/**
 * The usage that a request is charged with, and how it is known.
 *
 * Reported counts stand where the answer came to its end, each by itself. Of one that broke off the input is as the provider reported
 * it at the beginning (Messages), and the output is what was seen: a first report says 1 or so.
 *
 * @param complete whether the answer came to its end
 */
export function usageToCharge(
  reported: Usage | undefined,
  complete: boolean,
  seen: Seen,
): { readonly usage: Usage; readonly basis: Basis } {
  const guess = estimateUsage(seen);
  const told = reported?.outputTokens;
  const output = complete && told !== undefined ? told : Math.max(told ?? 0, guess.outputTokens);
  const isWhole = complete
    ? reported?.outputTokens !== undefined || seen.streamedChars === 0
    : reported?.outputTokens === output;
  if (reported?.inputTokens !== undefined && isWhole) return { usage: reported, basis: "reported" };
  const { samplings: _, ...counts } = reported ?? {};
  return { usage: { ...guess, ...counts, outputTokens: output }, basis: "estimated" };
}

/** What a request may come to at most, for what is held of a budget before it goes out. */
export interface MaximumOf {
  readonly requestBytes: number;
  readonly mediaBytes?: number;
  /** The client's own limit (`max_tokens` and its other names). */
  readonly maxTokens?: number;
  /** The longest answer that the model can give. */
  readonly modelMaxOutput?: number;
  /** Answers asked for at once (`n`). */
  readonly answers?: number;
}

/** More than any answer has: what a client asks for beyond is nonsense, and must not make numbers that nothing can hold. */
const MOST_OUTPUT = 1e9;

/**
 * The tokens that a request may use at most, as integers; the input is rounded up, and none of it is taken to be cached.
 */
export function estimateMaximum(request: MaximumOf): TokenCounts {
  const { requestBytes, mediaBytes, maxTokens, modelMaxOutput, answers = 1 } = request;
  const most = Math.min(maxTokens ?? DEFAULT_MAX_OUTPUT, modelMaxOutput ?? Number.POSITIVE_INFINITY);
  return {
    inputTokens: Math.ceil(estimateInputTokens(requestBytes, mediaBytes) * SAFETY),
    outputTokens: Math.min(MOST_OUTPUT, Math.ceil(most * Math.max(1, answers))),
  };
}
