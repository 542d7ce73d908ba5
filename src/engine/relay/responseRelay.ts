import type { ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import type { Dispatcher } from "undici";
import type { Usage } from "../../core/conversation/usage";
import { PosternError } from "../../core/errors";
import { StreamTap } from "../../core/lane/streamTap";
import type { WireProtocol } from "../../core/protocols/wire";
import { networkFault, type Reached } from "../../core/providers/networkFault";
import { clientResponseHeaders, type ResponseHeaders } from "../../core/providers/responseHeaders";
import { FrameSplitter } from "../../core/sse/frameSplitter";
import { BodyTap } from "./bodyTap";
import { contentDecoder } from "./contentDecoder";
import { refusalOf } from "./refusal";

/** How a relayed request ended. */
export interface RelayOutcome {
  /** Status that the client got; 0 if it left before there was one. */
  readonly status: number;
  readonly usage: Usage | undefined;
  /** complete: as the provider meant it. cut: the provider left off. clientLeft: the client did. */
  readonly end: "complete" | "cut" | "clientLeft";
  readonly fault?: PosternError;
}

export interface RelayOptions {
  readonly protocol: WireProtocol;
  readonly provider: Reached;
  /** The client asked for a stream. */
  readonly streaming: boolean;
  /** The usage chunk of a Chat stream was asked for by us alone. */
  readonly dropUsageChunk: boolean;
  /** Headers of our own, added to the provider's. */
  readonly headers: ResponseHeaders;
}

/** A silent provider's headers are passed on after this long, so that the client sees it is being worked on. */
const HOLD_HEADERS_MS = 10_000;

/**
 * Passes a provider's answer to the client as it arrives, byte for byte, and watches it for usage and for its end.
 * Headers of a stream wait for its first bytes: until then a failure can still be told with a proper status.
 *
 * It settles once: `settled` resolves when the client has been answered in full or has gone, and rejects with a
 * PosternError if nothing was sent to the client yet, so that the caller can answer.
 */
export class ResponseRelay implements Dispatcher.DispatchHandler {
  readonly settled: Promise<RelayOutcome>;
  private resolve: (outcome: RelayOutcome) => void = () => {};
  private reject: (fault: PosternError) => void = () => {};
  private controller: Dispatcher.DispatchController | undefined;
  private status = 0;
  private held: ResponseHeaders | undefined;
  private holdTimer: NodeJS.Timeout | undefined;
  private stream: { splitter: FrameSplitter; tap: StreamTap } | undefined;
  private body: BodyTap | undefined;
  private decoder: Transform | undefined;
  private done = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly options: RelayOptions,
  ) {
    this.settled = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    response.once("close", () => this.onClientClose());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.done || this.response.destroyed) controller.abort(new Error("the client has left"));
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    const type = String(headers["content-type"] ?? "").toLowerCase();
    const refusal = refusalOf(this.options.provider, status, type, headers.location);
    if (refusal) {
      this.fail(refusal);
      return;
    }
    this.status = status;
    const passed = clientResponseHeaders(headers);
    this.decoder = this.decode(headers["content-encoding"]);
    if (this.decoder) delete passed["content-length"];
    this.held = { ...passed, ...this.options.headers, ...keptRequestId(passed) };
    const isStream =
      status < 300 &&
      (type.startsWith("text/event-stream") || (this.options.streaming && !type.includes("json")));
    if (isStream) {
      delete this.held["content-length"];
      this.stream = {
        splitter: new FrameSplitter(),
        tap: new StreamTap(this.options.protocol, this.options.dropUsageChunk),
      };
      this.holdTimer = setTimeout(() => {
        this.sendHeaders();
        this.response.flushHeaders();
      }, HOLD_HEADERS_MS);
    } else {
      this.body = new BodyTap(this.options.protocol);
      this.sendHeaders();
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.decoder) {
      if (!this.decoder.write(chunk)) this.controller?.pause();
    } else this.pass(chunk);
  }

  onResponseEnd(): void {
    if (this.decoder) this.decoder.end();
    else this.finish();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.done) return;
    const code = "code" in error && typeof error.code === "string" ? error.code : "";
    this.cut(networkFault(this.options.provider, code));
  }

  private pass(chunk: Buffer): void {
    if (this.done) return;
    let flowing = true;
    if (this.stream) {
      const { splitter, tap } = this.stream;
      const pieces = splitter.push(chunk, (frame) => tap.onFrame(frame));
      if (pieces.length === 0) return;
      this.sendHeaders();
      // Node gathers the writes of one turn by itself; its own cork() would swallow the drain event.
      for (const piece of pieces) flowing = this.response.write(piece) && flowing;
    } else {
      this.body?.push(chunk);
      flowing = this.response.write(chunk);
    }
    if (!flowing) {
      this.controller?.pause();
      this.response.once("drain", () => this.controller?.resume());
    }
  }

  private finish(): void {
    if (this.done) return;
    if (this.stream) {
      const { splitter, tap } = this.stream;
      const rest = splitter.rest();
      const sendRest = rest.length > 0 && tap.onFrame(rest);
      if (!tap.isTerminated()) {
        this.cut(
          new PosternError(
            "provider_incomplete",
            `Provider "${this.options.provider.id}" ended its stream before the answer was complete.`,
          ),
        );
        return;
      }
      this.sendHeaders();
      if (sendRest) this.response.write(rest);
    } else this.sendHeaders();
    this.response.end();
    this.settle("complete");
  }

  /** The provider left off. Before anything was sent the caller answers; after it, the protocol's own error event. */
  private cut(fault: PosternError): void {
    if (!this.response.headersSent) {
      this.fail(fault);
      return;
    }
    if (this.stream && !this.stream.splitter.hasSentPartOfFrame) {
      this.response.end(this.stream.tap.isTerminated() ? undefined : this.stream.tap.failure(fault));
    } else {
      // Half a JSON body or half an event cannot be mended; a broken connection is the honest end.
      this.response.destroy();
    }
    this.settle("cut", fault);
  }

  private fail(fault: PosternError): void {
    if (this.done) return;
    this.done = true;
    clearTimeout(this.holdTimer);
    this.controller?.abort(fault);
    this.reject(fault);
  }

  private settle(end: RelayOutcome["end"], fault?: PosternError): void {
    if (this.done) return;
    this.done = true;
    clearTimeout(this.holdTimer);
    const usage = this.stream ? this.stream.tap.usage() : this.body?.usage();
    this.resolve({ status: this.status, usage, end, ...(fault ? { fault } : {}) });
  }

  private onClientClose(): void {
    if (this.done) return;
    // A client may hang up as soon as it has the terminal event; Codex does, every time.
    this.settle(this.stream?.tap.isTerminated() ? "complete" : "clientLeft");
    this.decoder?.destroy();
    this.controller?.abort(new Error("the client has left"));
  }

  private sendHeaders(): void {
    if (!this.held) return;
    clearTimeout(this.holdTimer);
    this.response.writeHead(this.status, this.held);
    this.held = undefined;
  }

  private decode(encoding: string | string[] | undefined): Transform | undefined {
    const decoder = contentDecoder(encoding === undefined ? undefined : String(encoding));
    decoder?.on("data", (chunk: Buffer) => this.pass(chunk));
    decoder?.on("drain", () => this.controller?.resume());
    decoder?.on("end", () => this.finish());
    decoder?.on("error", () => {
      this.cut(
        new PosternError(
          "provider_incomplete",
          `Provider "${this.options.provider.id}" sent a compressed answer that is broken.`,
        ),
      );
      this.controller?.abort(new Error("broken compression"));
    });
    return decoder;
  }
}

/** The provider's own request id stands where it gave one. */
function keptRequestId(passed: ResponseHeaders): ResponseHeaders {
  const id = passed["x-request-id"];
  return id === undefined ? {} : { "x-request-id": id };
}
