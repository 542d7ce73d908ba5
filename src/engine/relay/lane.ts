import type { Usage } from "../../core/conversation/usage";
import { PosternError } from "../../core/errors";
import type { SecretMask } from "../../core/providers/redact";
import type { ResponseHeaders } from "../../core/providers/responseHeaders";

/** A piece of a body on its way to the client. */
export type Piece = Uint8Array | string;

/** What a response begins with. */
export interface Head {
  readonly status: number;
  readonly headers: ResponseHeaders;
}

/** How a provider's answer began. */
export interface Begun {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Content type, lower-case. */
  readonly type: string;
  /** It came compressed, and is inflated before it is pushed. */
  readonly inflated: boolean;
}

/** The way of a provider's answer to the client: byte for byte, or from one protocol to another. */
export interface Lane {
  begin(answer: Begun): void;
  /** What the client's response begins with; looked at when the first piece is there. */
  head(): Head;
  /**
   * @returns what can be sent on, in order
   * @throws PosternError where the answer turns out to be of no use
   */
  push(chunk: Buffer): readonly Piece[];
  /**
   * The provider ended its answer; a fault if it was not whole.
   * @throws PosternError where the answer turns out to be of no use
   */
  end(): { readonly pieces: readonly Piece[] } | { readonly fault: PosternError };
  /**
   * The provider left off after the client's response had begun.
   * @returns what ends it well in the client's protocol; undefined where nothing can
   */
  broken(fault: PosternError): string | undefined;
  /** The provider has been silent for a while: what to send, or undefined to go on waiting without a word. */
  silence(): string | undefined;
  /** The answer has come to an end of its own, a good one or an error that the client was told. */
  isTerminated(): boolean;
  /** Nothing that may still come is of use: the client's response can end. */
  isOver(): boolean;
  /** What the provider failed with within its answer, after the client was told; log-safe. */
  failure(): PosternError | undefined;
  usage(): Usage | undefined;
  /** About how many characters of content came, for an answer whose tokens nobody reports. */
  streamedChars(): number;
  /** The model that the provider says has answered. */
  answeredModel(): string | undefined;
  /** What a stream failed with before any content, though it had begun well. */
  earlyFailure(): { readonly status: number; readonly message: string } | undefined;
  /** Nothing of the content has come yet, only what stands before it. */
  mayFailEarly(): boolean;
}

/**
 * The fault of an answer that ended with an error of its protocol; log-safe.
 * @param secrets never named as its code
 */
export function failedWithin(
  providerId: string,
  { status, code }: { readonly status: number; readonly code?: string | undefined },
  secrets: SecretMask,
): PosternError {
  const safe = code && /^[a-z0-9_]{1,60}$/.test(code) && secrets.redacted(code) === code;
  const named = safe ? `, ${code}` : "";
  return new PosternError(
    "provider_incomplete",
    `Provider "${providerId}" failed within its answer (${status}${named}).`,
  );
}
