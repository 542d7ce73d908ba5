import type { Usage } from "../../core/conversation/usage";
import { PosternError } from "../../core/errors";
import { StreamTap } from "../../core/lane/streamTap";
import type { WireProtocol } from "../../core/protocols/wire";
import { clientResponseHeaders, type ResponseHeaders } from "../../core/providers/responseHeaders";
import { FrameSplitter } from "../../core/sse/frameSplitter";
import { BodyTap } from "./bodyTap";
import type { Begun, Head, Lane, Piece } from "./lane";

export interface ByteLaneOptions {
  readonly protocol: WireProtocol;
  readonly providerId: string;
  /** The client asked for a stream. */
  readonly streaming: boolean;
  /** The usage chunk of a Chat stream was asked for by us alone. */
  readonly dropUsageChunk: boolean;
  /** Headers of our own, added to the provider's. */
  readonly headers: ResponseHeaders;
}

/** Passes an answer on byte for byte, and watches it for usage and for its end. */
export class ByteLane implements Lane {
  private started: Head = { status: 0, headers: {} };
  private stream: { splitter: FrameSplitter; tap: StreamTap } | undefined;
  private body: BodyTap | undefined;

  constructor(private readonly options: ByteLaneOptions) {}

  begin({ status, headers, type, inflated }: Begun): void {
    const passed = clientResponseHeaders(headers);
    const isStream =
      status < 300 &&
      (type.startsWith("text/event-stream") || (this.options.streaming && !type.includes("json")));
    if (inflated || isStream) delete passed["content-length"];
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
      return splitter.push(chunk, (frame) => tap.onFrame(frame));
    }
    this.body?.push(chunk);
    return [chunk];
  }

  end(): { readonly pieces: readonly Piece[] } | { readonly fault: PosternError } {
    if (!this.stream) return { pieces: [] };
    const { splitter, tap } = this.stream;
    const rest = splitter.rest();
    const sendRest = rest.length > 0 && tap.onFrame(rest);
    if (tap.isTerminated()) return { pieces: sendRest ? [rest] : [] };
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

  silence(): string {
    return "";
  }

  isTerminated(): boolean {
    return this.stream?.tap.isTerminated() ?? false;
  }

  isOver(): boolean {
    return false;
  }

  failure(): undefined {
    return undefined;
  }

  usage(): Usage | undefined {
    return this.stream ? this.stream.tap.usage() : this.body?.usage();
  }
}

/** The provider's own request id stands where it gave one. */
function keptRequestId(passed: ResponseHeaders): ResponseHeaders {
  const id = passed["x-request-id"];
  return id === undefined ? {} : { "x-request-id": id };
}
