import type { Usage } from "../../core/conversation/usage";
import { PosternError } from "../../core/errors";
import { isObject, type JsonObject, parseJson } from "../../core/json/access";
import { StreamTap } from "../../core/lane/streamTap";
import type { WireProtocol } from "../../core/protocols/wire";
import { clientResponseHeaders, type ResponseHeaders } from "../../core/providers/responseHeaders";
import { FrameSplitter } from "../../core/sse/frameSplitter";
import { BodyTap } from "./bodyTap";
import { type Begun, failedWithin, type Head, type Lane, type Piece } from "./lane";
import type { QuotedKeys } from "./quotedKeys";

export interface ByteLaneOptions {
  readonly protocol: WireProtocol;
  readonly providerId: string;
  /** The provider's credentials, taken out of what it says of a failure. */
  readonly quoted: QuotedKeys;
  /** The client asked for a stream. */
  readonly streaming: boolean;
  /** The usage chunk of a Chat stream was asked for by us alone. */
  readonly dropUsageChunk: boolean;
  /** Headers of our own, added to the provider's. */
  readonly headers: ResponseHeaders;
  /** Called with what a Responses answer says of itself, once, before any of it is passed on where that is possible. */
  readonly onResponse?: (response: JsonObject) => void;
  /** The answer is held back until it is whole, so that `onResponse` can still refuse it. */
  readonly holdBody?: boolean;
}

/** A failure told in more bytes than this is passed on as it comes. */
const MAX_FAILURE_BYTES = 1024 * 1024;
/** So much is waited for of a plain answer that may be an error, which may quote a key across two pieces. */
const BEGINNING_BYTES = 16 * 1024;
/** Blanks, a name that has not come to its end, or one that errors begin with, which is seldom a good answer's. */
const MAY_BE_ERROR =
  /^\s*(?:\{\s*(?:"[^"]{0,9}$|"(?:error|errors|type|object|code|status|success|message|detail)"|$)|$)/;
const LOOKED_AT = 100;
const SPACE = 0x20;
const OPENING = 0x7b;

/** Passes an answer on byte for byte, and watches it for usage and for its end. */
export class ByteLane implements Lane {
  private started: Head = { status: 0, headers: {} };
  private stream: { splitter: FrameSplitter; tap: StreamTap } | undefined;
  private body: BodyTap | undefined;
  private held: Buffer[] = [];
  private heldBytes = 0;
  private mostHeld = 0;
  private beginning = "";
  private holding = false;
  private told = false;

  private readonly quoted: QuotedKeys;

  constructor(private readonly options: ByteLaneOptions) {
    this.quoted = options.quoted;
  }

  begin({ status, headers, type, inflated }: Begun): void {
    const passed = this.quoted.withoutKeys(clientResponseHeaders(headers));
    const isStream =
      status < 300 &&
      (type.startsWith("text/event-stream") || (this.options.streaming && !type.includes("json")));
    if (inflated || isStream) delete passed["content-length"];
    this.mostHeld = status >= 400 ? MAX_FAILURE_BYTES : BEGINNING_BYTES;
    this.holding = status >= 400 || this.options.holdBody === true || !this.quoted.isEmpty;
    this.started = { status, headers: { ...passed, ...this.options.headers, ...keptRequestId(passed) } };
    if (isStream) {
      const tap = new StreamTap(this.options.protocol, this.options.dropUsageChunk);
      this.stream = { splitter: new FrameSplitter(), tap };
    } else this.body = new BodyTap(this.options.protocol);
  }

  head(): Head {
    return this.started;
  }

  push(chunk: Buffer): readonly Piece[] {
    if (this.stream) {
      const { splitter, tap } = this.stream;
      const pieces = splitter.push(chunk, (frame) => tap.onFrame(frame));
      this.tell(() => tap.beginning());
      return pieces.map((piece) => this.quoted.maskedWithin(piece));
    }
    this.body?.push(chunk);
    if (!this.holding) return [this.passed(chunk)];
    const mayBeError = this.mayBeError(chunk);
    if (this.saysNothing(chunk)) return [chunk];
    this.held.push(chunk);
    this.heldBytes += chunk.length;
    if (this.options.holdBody || (this.heldBytes <= this.mostHeld && mayBeError)) return [];
    this.holding = false;
    return this.released((bytes) => this.passed(bytes));
  }

  private mayBeError(chunk: Buffer): boolean {
    if (this.started.status >= 400) return true;
    if (this.beginning.length < LOOKED_AT) this.beginning += chunk.toString("latin1", 0, LOOKED_AT);
    return MAY_BE_ERROR.test(this.beginning);
  }

  /** Some providers send blanks until they have an answer, so that nobody takes the connection for dead. */
  private saysNothing(chunk: Buffer): boolean {
    if (this.started.status >= 400 || this.options.holdBody || this.heldBytes > 0) return false;
    return chunk.every((byte) => byte <= SPACE || byte === OPENING);
  }

  private released(masked: (bytes: Buffer) => Uint8Array): readonly Piece[] {
    const held = this.held.splice(0);
    return held.length === 0 ? [] : [masked(Buffer.concat(held))];
  }

  /** What is not held goes out in as many bytes as it came in. */
  private passed(chunk: Buffer): Uint8Array {
    return this.started.status >= 400 ? this.quoted.masked(chunk) : this.quoted.maskedWithin(chunk);
  }

  end(): { readonly pieces: readonly Piece[] } | { readonly fault: PosternError } {
    if (!this.stream) {
      if (this.started.status < 300) this.tell(() => this.answer());
      if (this.started.status >= 400) return { pieces: this.withoutSecrets(this.held) };
      return { pieces: this.released((whole) => this.quoted.maskedAnswer(whole)) };
    }
    const { splitter, tap } = this.stream;
    const rest = splitter.rest();
    const sendRest = rest.length > 0 && tap.onFrame(rest);
    if (tap.isTerminated()) return { pieces: sendRest ? [this.quoted.maskedWithin(rest)] : [] };
    return {
      fault: new PosternError(
        "provider_incomplete",
        `Provider "${this.options.providerId}" ended its stream before the answer was complete.`,
      ),
    };
  }

  broken(fault: PosternError): string | undefined {
    // Half a JSON body or half an event cannot be mended.
    if (!this.stream || this.stream.splitter.hasSentPartOfFrame) return undefined;
    return this.stream.tap.isTerminated() ? "" : this.stream.tap.failure(fault);
  }

  silence(): string | undefined {
    if (!this.stream) return this.started.status >= 400 || this.options.holdBody ? undefined : "";
    // Within an event that is passed on in parts, nothing can be said but the headers.
    if (this.stream.splitter.hasSentPartOfFrame) return "";
    return this.stream.tap.keepAlive();
  }

  isTerminated(): boolean {
    return this.stream?.tap.isTerminated() ?? false;
  }

  isOver(): boolean {
    return false;
  }

  /** For the log: what the provider said may have a prompt in it, its status and code do not. */
  failure(): PosternError | undefined {
    const failed = this.stream?.tap.failed();
    return failed && failedWithin(this.options.providerId, failed, this.quoted.mask);
  }

  private answer(): JsonObject | undefined {
    if (!this.options.holdBody) return this.body?.answer();
    const parsed = parseJson(Buffer.concat(this.held).toString("utf8"));
    return isObject(parsed) ? parsed : undefined;
  }

  /** Providers quote the key that they refuse. A failure that does not stays as it came, to the byte. */
  private withoutSecrets(held: readonly Buffer[]): readonly Piece[] {
    const whole = Buffer.concat(held);
    // What has zeros in it is no UTF-8, and would not come out of it as it went in.
    const encoding = whole.includes(0) ? "latin1" : "utf8";
    const text = whole.toString(encoding);
    const shown = this.quoted.mask.redacted(text);
    if (shown === text) return held;
    const bytes = Buffer.from(shown, encoding);
    const headers = { ...this.started.headers, "content-length": String(bytes.length) };
    this.started = { ...this.started, headers };
    return [bytes];
  }

  private tell(read: () => JsonObject | undefined): void {
    if (this.told || !this.options.onResponse) return;
    const response = read();
    if (!response) return;
    this.told = true;
    this.options.onResponse(response);
  }

  usage(): Usage | undefined {
    return this.stream ? this.stream.tap.usage() : this.body?.usage();
  }

  streamedChars(): number {
    if (this.started.status >= 300) return 0;
    return this.stream ? this.stream.tap.contentChars() : (this.body?.bytes ?? 0);
  }

  answeredModel(): string | undefined {
    return this.stream ? this.stream.tap.model() : this.body?.model();
  }

  earlyFailure(): { readonly status: number; readonly message: string } | undefined {
    return this.stream?.tap.earlyFailure();
  }

  mayFailEarly(): boolean {
    return this.stream !== undefined && !this.stream.tap.hasContent();
  }
}

/** The provider's own request id stands where it gave one. */
function keptRequestId(passed: ResponseHeaders): ResponseHeaders {
  const id = passed["x-request-id"];
  return id === undefined ? {} : { "x-request-id": id };
}
