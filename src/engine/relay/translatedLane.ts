import { randomBytes } from "node:crypto";
import type { Usage } from "../../core/conversation/usage";
import { PosternError } from "../../core/errors";
import { errorBody, type WireError } from "../../core/protocols/errorShape";
import type { WireProtocol } from "../../core/protocols/wire";
import { clientResponseHeaders, type ResponseHeaders } from "../../core/providers/responseHeaders";
import { firstValue } from "../../core/text/firstValue";
import {
  type AnswerSource,
  createStreamTranslator,
  isEventStream,
  ProviderAnswerError,
  type ResponseContext,
  type StreamTranslator,
  translateError,
  translateResponse,
} from "../../core/translation";
import { type Begun, failedWithin, type Head, type Lane, type Piece } from "./lane";
import type { QuotedKeys } from "./quotedKeys";

export interface TranslatedLaneOptions {
  /** The provider's protocol, or neutral events. */
  readonly from: AnswerSource;
  /** The client's. */
  readonly to: WireProtocol;
  readonly providerId: string;
  /** The provider's credentials, taken out of what it says of a failure. */
  readonly quoted: QuotedKeys;
  readonly streaming: boolean;
  readonly context: ResponseContext;
  /** Headers of our own. */
  readonly headers: ResponseHeaders;
}

/** A whole answer larger than this is no answer. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Of an error, more than this tells nobody anything. */
const MAX_ERROR_BYTES = 1024 * 1024;

const surroundings = {
  now: Date.now,
  newId: (prefix: string): string => prefix + randomBytes(12).toString("hex"),
};

/**
 * Puts an answer into the client's protocol. Until the first event of a stream is there, a provider that fails at
 * once is still answered for with a status.
 */
export class TranslatedLane implements Lane {
  private began: Begun = { status: 0, headers: {}, type: "", inflated: false };
  private answered: Head | undefined;
  private translator: StreamTranslator | undefined;
  private chunks: Buffer[] = [];
  private size = 0;
  private reported: Usage | undefined;
  private failed: WireError | undefined;
  private named: string | undefined;
  private wrote = false;

  constructor(private readonly options: TranslatedLaneOptions) {}

  begin(answer: Begun): void {
    this.began = answer;
    if (answer.status < 300 && this.options.streaming) {
      this.translator = createStreamTranslator({ ...this.options, ...surroundings });
    }
  }

  head(): Head {
    this.answered ??= {
      status: 200,
      headers: {
        ...this.limits(),
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        ...this.options.headers,
      },
    };
    return this.answered;
  }

  push(chunk: Buffer): readonly Piece[] {
    if (!this.translator) {
      this.size += chunk.length;
      const limit = this.began.status >= 300 ? MAX_ERROR_BYTES : MAX_ANSWER_BYTES;
      if (this.size <= limit) this.chunks.push(chunk);
      return [];
    }
    return this.streamed(this.translator.push(chunk));
  }

  end(): { readonly pieces: readonly Piece[] } | { readonly fault: PosternError } {
    if (this.translator) return { pieces: this.streamed(this.translator.end()) };
    const { from, to, context } = this.options;
    const text = Buffer.concat(this.chunks).toString("utf8");
    const { status, headers } = this.began;
    if (status >= 300) {
      const told = this.withoutKeys(text);
      const error = translateError({ from, to, status, body: told, headers: this.firstValues(headers) });
      // Once more: what was escaped before may not be any longer.
      return { pieces: this.whole(error.status, this.withoutKeys(error.body), error.headers) };
    }
    if (this.size > MAX_ANSWER_BYTES) return { fault: this.unusable("is too large") };
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      if (!isEventStream(text)) return { fault: this.unusable("is no JSON") };
      body = text;
    }
    try {
      const answer = translateResponse({ from, to, body, context, ...surroundings });
      this.reported = answer.usage;
      this.named = answer.model;
      return { pieces: this.whole(200, answer.body) };
    } catch (thrown) {
      if (!(thrown instanceof ProviderAnswerError)) throw thrown;
      this.failed = thrown.error;
      return { pieces: this.whole(thrown.error.status, this.withoutKeys(errorBody(to, thrown.error))) };
    }
  }

  broken({ status, message, code }: PosternError): string | undefined {
    return this.translator?.fail({ status, message, code });
  }

  silence(): string | undefined {
    return this.translator?.keepAlive();
  }

  isTerminated(): boolean {
    return this.translator?.finished() ?? false;
  }

  isOver(): boolean {
    return this.isTerminated();
  }

  /** For the log: what the provider said may have a prompt in it, its status and code do not. */
  failure(): PosternError | undefined {
    const error = this.failed ?? this.translator?.failure();
    return error && failedWithin(this.options.providerId, error, this.options.quoted.mask);
  }

  streamedChars(): number {
    return this.translator ? this.translator.characters() : 0;
  }

  answeredModel(): string | undefined {
    return this.translator ? this.translator.model() : this.named;
  }

  earlyFailure(): { readonly status: number; readonly message: string } | undefined {
    return this.failed ?? this.translator?.failedBeforeContent();
  }

  mayFailEarly(): boolean {
    return this.translator !== undefined && !this.wrote;
  }

  usage(): Usage | undefined {
    return this.translator ? this.translator.usage() : this.reported;
  }

  private streamed(text: string): readonly Piece[] {
    const early = this.translator?.failedBeforeContent();
    // Nothing has gone out yet, so the failure can have its status.
    if (early && !this.answered)
      return this.whole(early.status, this.withoutKeys(errorBody(this.options.to, early)));
    if (text !== "") this.wrote = true;
    if (text === "") return [];
    return [this.translator?.failure() ? this.withoutKeys(text) : text];
  }

  /** A provider quotes keys in an error within its answer as it does in a refusal. */
  private withoutKeys(text: string): string {
    return this.options.quoted.mask.redacted(text);
  }

  private whole(status: number, body: string, more: Readonly<Record<string, string>> = {}): readonly Piece[] {
    const bytes = Buffer.from(body);
    this.answered = {
      status,
      headers: {
        ...this.limits(),
        "content-type": "application/json",
        "content-length": String(bytes.length),
        ...this.options.headers,
        ...more,
      },
    };
    return [bytes];
  }

  /** Of the provider's headers, what is about limits; the rest speaks of bytes that the client does not get. */
  private limits(): ResponseHeaders {
    const passed = Object.entries(this.options.quoted.withoutKeys(clientResponseHeaders(this.began.headers)));
    return Object.fromEntries(passed.filter(([name]) => /ratelimit|^retry-after/.test(name)));
  }

  private firstValues(headers: Begun["headers"]): Record<string, string | undefined> {
    const firsts = Object.entries(headers).map(([name, value]) => {
      const first = firstValue(value);
      return [name, first && this.withoutKeys(first)];
    });
    return Object.fromEntries(firsts);
  }

  private unusable(how: string): PosternError {
    return new PosternError(
      "provider_incomplete",
      `Provider "${this.options.providerId}" sent an answer that ${how}.`,
    );
  }
}
