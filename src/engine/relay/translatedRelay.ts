import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import type { Dispatcher } from "undici";
import type { Usage } from "../../core/conversation/usage";
import { PosternError } from "../../core/errors";
import { errorBody, type WireError } from "../../core/protocols/errorShape";
import type { WireProtocol } from "../../core/protocols/wire";
import { networkFault, type Reached } from "../../core/providers/networkFault";
import { clientResponseHeaders, type ResponseHeaders } from "../../core/providers/responseHeaders";
import {
  createStreamTranslator,
  ProviderAnswerError,
  type ResponseContext,
  type StreamTranslator,
  translateError,
  translateResponse,
} from "../../core/translation";
import { answerJson } from "../gateway/answer";
import { contentDecoder } from "./contentDecoder";
import { refusalOf } from "./refusal";
import type { RelayOutcome } from "./responseRelay";

export interface TranslatedRelayOptions {
  /** The provider's protocol. */
  readonly from: WireProtocol;
  /** The client's. */
  readonly to: WireProtocol;
  readonly provider: Reached;
  readonly streaming: boolean;
  readonly context: ResponseContext;
  /** Headers of our own. */
  readonly headers: ResponseHeaders;
}

/** Claude Code gives up after 20 s without an event; the client's own kind of keep-alive comes well before. */
const KEEP_ALIVE_MS = 10_000;
/** A whole answer larger than this is no answer. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Of an error, more than this tells nobody anything. */
const MAX_ERROR_BYTES = 1024 * 1024;
/** How long a provider may take to end its response after the answer's last event. */
const LINGER_MS = 2_000;

const surroundings = {
  now: Date.now,
  newId: (prefix: string): string => prefix + randomBytes(12).toString("hex"),
};

/**
 * Answers a client in its own protocol from a provider that speaks another. Headers of a stream wait for the first
 * event, so that a provider that fails at once can still be answered for with a status.
 */
export class TranslatedRelay implements Dispatcher.DispatchHandler {
  readonly settled: Promise<RelayOutcome>;
  private resolve: (outcome: RelayOutcome) => void = () => {};
  private reject: (fault: PosternError) => void = () => {};
  private controller: Dispatcher.DispatchController | undefined;
  private status = 0;
  private providerHeaders: Record<string, string | string[] | undefined> = {};
  private translator: StreamTranslator | undefined;
  private keepAlive: NodeJS.Timeout | undefined;
  private lingering: NodeJS.Timeout | undefined;
  private collected: Buffer[] = [];
  private collectedBytes = 0;
  private decoder: Transform | undefined;
  private done = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly options: TranslatedRelayOptions,
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
    this.providerHeaders = headers;
    this.decoder = this.decode(headers["content-encoding"]);
    if (status < 300 && this.options.streaming) {
      this.translator = createStreamTranslator({ ...this.options, ...surroundings });
      this.keepAlive = setInterval(() => this.write(this.translator?.keepAlive() ?? ""), KEEP_ALIVE_MS);
    }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.decoder) {
      if (!this.decoder.write(chunk)) this.controller?.pause();
    } else this.take(chunk);
  }

  onResponseEnd(): void {
    clearTimeout(this.lingering);
    if (this.decoder) this.decoder.end();
    else this.finish();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.lingering);
    if (this.done) return;
    const code = "code" in error && typeof error.code === "string" ? error.code : "";
    this.cut(networkFault(this.options.provider, code));
  }

  private take(chunk: Buffer): void {
    if (this.done) return;
    if (!this.translator) {
      this.collect(chunk);
      return;
    }
    const text = this.translator.push(chunk);
    if (this.translator.failedBeforeContent() && this.answerEarlyFailure()) return;
    if (text === "") return;
    this.keepAlive?.refresh();
    this.write(text);
    // The protocol's last event was there: what may still follow says nothing.
    if (this.translator.finished()) this.endStream();
  }

  private write(text: string): void {
    if (text === "" || this.done) return;
    this.sendHeaders();
    if (this.response.write(text)) return;
    this.controller?.pause();
    this.response.once("drain", () => this.controller?.resume());
  }

  private finish(): void {
    if (this.done) return;
    if (!this.translator) {
      this.answerWhole();
      return;
    }
    const text = this.translator.end();
    if (this.translator.failedBeforeContent() && this.answerEarlyFailure()) return;
    this.write(text);
    this.endStream();
  }

  private endStream(): void {
    if (this.done) return;
    const failed = this.translator?.failure();
    this.response.end();
    if (failed) this.settle("cut", new PosternError("provider_incomplete", this.failureText(failed)));
    else this.settle("complete");
    this.letGo();
  }

  /** The connection can serve the next request once the rest of this answer has come; not every provider ends it. */
  private letGo(): void {
    this.controller?.resume();
    this.lingering = setTimeout(() => this.controller?.abort(new Error("the answer is complete")), LINGER_MS);
    this.lingering.unref();
  }

  /** An error as the first event of a 200: still told with its status, if nothing has gone out. */
  private answerEarlyFailure(): boolean {
    const error = this.translator?.failedBeforeContent();
    if (!error || this.response.headersSent) return false;
    this.answer(error.status, errorBody(this.options.to, error));
    this.status = error.status;
    this.settle("cut", new PosternError("provider_incomplete", this.failureText(error)));
    this.controller?.abort(new Error("the provider failed"));
    return true;
  }

  private answerWhole(): void {
    const { from, to, context } = this.options;
    const text = Buffer.concat(this.collected).toString("utf8");
    if (this.status >= 300) {
      const headers = flat(this.providerHeaders);
      const error = translateError({ from, to, status: this.status, body: text, headers });
      this.answer(error.status, error.body, error.headers);
      this.settle("complete");
      return;
    }
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      this.cut(
        new PosternError(
          "provider_incomplete",
          `Provider "${this.options.provider.id}" sent an answer that is no JSON.`,
        ),
      );
      return;
    }
    try {
      const translated = translateResponse({ from, to, body, context, ...surroundings });
      this.answer(200, translated.body);
      this.settle("complete", undefined, translated.usage);
    } catch (thrown) {
      if (!(thrown instanceof ProviderAnswerError)) throw thrown;
      this.status = thrown.error.status;
      this.answer(thrown.error.status, errorBody(to, thrown.error));
      this.settle("cut", new PosternError("provider_incomplete", this.failureText(thrown.error)));
    }
  }

  /** The provider left off. Before anything was sent the caller answers; after it, the protocol's own error event. */
  private cut(fault: PosternError): void {
    if (this.done) return;
    if (!this.response.headersSent) {
      this.fail(fault);
      return;
    }
    this.response.end(
      this.translator?.fail({ status: fault.status, message: fault.message, code: fault.code }) ?? "",
    );
    this.settle("cut", fault);
  }

  private fail(fault: PosternError): void {
    if (this.done) return;
    this.done = true;
    clearInterval(this.keepAlive);
    this.controller?.abort(fault);
    this.reject(fault);
  }

  private settle(end: RelayOutcome["end"], fault?: PosternError, usage?: Usage): void {
    if (this.done) return;
    this.done = true;
    clearInterval(this.keepAlive);
    const reported = usage ?? this.translator?.usage();
    this.resolve({ status: this.status, usage: reported, end, ...(fault ? { fault } : {}) });
  }

  private onClientClose(): void {
    if (this.done) return;
    this.settle("clientLeft");
    this.decoder?.destroy();
    this.controller?.abort(new Error("the client has left"));
  }

  private sendHeaders(): void {
    if (this.response.headersSent) return;
    this.response.writeHead(200, {
      ...this.kept(),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
      ...this.options.headers,
    });
  }

  private answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): void {
    const own = Object.fromEntries(
      Object.entries(this.options.headers).map(([name, value]) => [name, String(value)]),
    );
    answerJson(this.response, status, body, { ...flatKept(this.kept()), ...own, ...headers });
  }

  /** Of the provider's headers, what is about limits; the rest speaks of bytes that the client does not get. */
  private kept(): ResponseHeaders {
    const passed = clientResponseHeaders(this.providerHeaders);
    return Object.fromEntries(Object.entries(passed).filter(([name]) => /ratelimit|^retry-after/.test(name)));
  }

  private collect(chunk: Buffer): void {
    this.collectedBytes += chunk.length;
    if (this.status >= 300 && this.collectedBytes > MAX_ERROR_BYTES) return;
    if (this.collectedBytes > MAX_ANSWER_BYTES) {
      this.fail(
        new PosternError(
          "provider_incomplete",
          `Provider "${this.options.provider.id}" sent an answer that is too large.`,
        ),
      );
      return;
    }
    this.collected.push(chunk);
  }

  private decode(encoding: string | string[] | undefined): Transform | undefined {
    const decoder = contentDecoder(encoding === undefined ? undefined : String(encoding));
    decoder?.on("data", (chunk: Buffer) => this.take(chunk));
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

  /** For the log: what the provider said may have a prompt in it, its status and code do not. */
  private failureText(error: WireError): string {
    const code = error.code && /^[a-z0-9_]{1,60}$/.test(error.code) ? `, ${error.code}` : "";
    return `Provider "${this.options.provider.id}" failed within its answer (${error.status}${code}).`;
  }
}

function flat(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
}

function flatKept(headers: ResponseHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
