import type { ServerResponse } from "node:http";
import type { Transform } from "node:stream";
import type { Dispatcher } from "undici";
import { PosternError } from "../../core/errors";
import { networkFault, type Reached } from "../../core/providers/networkFault";
import { SecretMask } from "../../core/providers/redact";
import { ClientSide } from "./clientSide";
import { contentDecoder } from "./contentDecoder";
import { EndOfTurn } from "./endOfTurn";
import type { Begun, Lane, Piece } from "./lane";
import { faultCode } from "./proxyFaults";
import { refusalOf } from "./refusal";
import { AttemptRefused, type Refusal, type RelayOutcome } from "./relayOutcome";

/**
 * A client that got nothing for this long is sent the headers, and what keeps it waiting: before Claude Code's
 * watchdog, which is said to bite after 20 s.
 */
export const SILENCE_MS = 15_000;

export interface RelayOptions {
  /** Sees each piece of the answer as the client gets it; must not throw, and copies what it keeps. */
  readonly onPiece?: (piece: Piece) => void;
  /** Refusals are held back: the relay then fails with `AttemptRefused`. */
  readonly holdRefusals?: boolean;
  /** So is the beginning of a stream, until content shows that it will not fail at once. */
  readonly holdBeginnings?: boolean;
  /** How long the answer may take to begin, and to come to its end. */
  readonly firstByteMs?: number;
  readonly totalMs?: number;
  readonly silenceMs?: number;
  /** How long a client may take nothing of an answer before it is let go. */
  readonly stalledMs?: number;
  /** The end of a turn, which the answers of one engine share. */
  readonly turn?: EndOfTurn;
  /** Taken out of what our own words repeat of the provider's. */
  readonly secrets?: SecretMask;
  /** Statuses by which the provider says that it has no such operation; the relay then fails with `not_found`. */
  readonly lacking?: readonly number[];
  /** Hears of the provider's answer when it begins, whatever it is. */
  readonly onHeaders?: (
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ) => void;
}

/** A refusal told in more bytes than this is passed on as it comes. */
const MAX_REFUSAL_BYTES = 1024 * 1024;
/** How long a provider may take to end its response after an answer's last event. */
const LINGER_MS = 2_000;
const NO_SECRETS = new SecretMask([]);

/**
 * Passes a provider's answer to the client as it arrives, on the lane it was given: byte for byte, or translated.
 * Headers wait for the first bytes of the body: until then a failure can still be told with a proper status.
 *
 * It settles once: `settled` resolves when the client has been answered in full or has gone, and rejects with a
 * PosternError if nothing was sent to the client yet, so that the caller can answer.
 */
export class ResponseRelay implements Dispatcher.DispatchHandler {
  settled: Promise<RelayOutcome>;
  private noteBegin: () => void = () => {};
  private resolve: (outcome: RelayOutcome) => void = () => {};
  private reject: (fault: PosternError | AttemptRefused) => void = () => {};
  private readonly client: ClientSide;
  private controller: Dispatcher.DispatchController | undefined;
  private begun = false;
  private silence: NodeJS.Timeout | undefined;
  private decoder: Transform | undefined;
  private done = false;
  private closed = false;
  private outcome: RelayOutcome | undefined;
  /** How the answer began, while it is a refusal that is held back. */
  private refused: Begun | undefined;
  /** What is held back while it may still be given up. */
  private held: Buffer[] | undefined;
  private heldPieces: Piece[] | undefined;
  private bytes = 0;
  private limits: NodeJS.Timeout[] = [];
  /** Runs while the provider may still end a response that is over. */
  private linger: NodeJS.Timeout | undefined;

  constructor(
    response: ServerResponse,
    private readonly provider: Reached,
    private readonly lane: Lane,
    private readonly options: RelayOptions = {},
  ) {
    const { turn = new EndOfTurn() } = options;
    this.client = new ClientSide(response, turn, () => this.onClosed(), options.stalledMs);
    this.settled = this.anew();
    if (options.holdBeginnings) this.heldPieces = [];
    // The client may have left while its target was still looked for.
    if (this.client.hasGone) this.onClosed();
    else this.client.watch();
  }

  private anew(): Promise<RelayOutcome> {
    this.done = false;
    const settled = new Promise<RelayOutcome>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // It may fail before anybody waits for it.
    settled.catch(() => {});
    return settled;
  }

  /**
   * Resolves when the client gets the first byte or there is none to get, with false if it left before; rejects like
   * `settled`.
   */
  begins(): Promise<boolean> {
    if (this.client.hasBegun) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      // A promise that is settled twice costs more than all else about it (docs/performance.md).
      let told = false;
      const tell = (how: () => void): void => {
        if (!told) how();
        told = true;
      };
      this.noteBegin = () => tell(() => resolve(true));
      this.settled.then(
        ({ end }) => tell(() => resolve(end !== "clientLeft")),
        (fault: unknown) => tell(() => reject(fault)),
      );
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.limit(this.options.firstByteMs, "did not begin to answer in time", () => this.bytes === 0);
    this.limit(this.options.totalMs, "took longer than it may for its answer", () => true);
    if (this.done) controller.abort(new Error("the client has left"));
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.options.onHeaders?.(status, headers);
    const type = String(headers["content-type"] ?? "").toLowerCase();
    const { secrets = NO_SECRETS } = this.options;
    if (this.options.lacking?.includes(status)) {
      const text = `Provider "${this.provider.id}" has no such operation.`;
      this.fail(new PosternError("not_found", text));
      return;
    }
    const refusal = refusalOf(this.provider, { status, type, headers }, secrets);
    if (refusal) {
      this.fail(refusal);
      return;
    }
    const encoding =
      headers["content-encoding"] === undefined ? undefined : String(headers["content-encoding"]);
    const decoder = contentDecoder(encoding);
    if (decoder === undefined) {
      const what = `Provider "${this.provider.id}" sent an answer compressed as ${JSON.stringify(secrets.redacted(encoding ?? "").slice(0, 40))}`;
      this.fail(new PosternError("provider_not_api", `${what} though it was asked for a plain one.`));
      return;
    }
    if (decoder !== "plain") this.decoder = this.wired(decoder);
    const begun = { status, headers, type, inflated: decoder !== "plain" };
    if (status >= 400 && this.options.holdRefusals) {
      this.refused = begun;
      this.held = [];
      return;
    }
    this.begin(begun);
  }

  private begin(answer: Begun): void {
    this.begun = true;
    this.lane.begin(answer);
    this.silence = setInterval(
      () => this.orRefused(() => this.onSilence()),
      this.options.silenceMs ?? SILENCE_MS,
    );
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
    clearTimeout(this.linger);
    if (this.done) return;
    this.cut(networkFault(this.provider, faultCode(error)));
  }

  private pass(chunk: Buffer): void {
    if (this.done) return;
    this.bytes += chunk.length;
    if (this.held && this.refused) {
      this.held.push(chunk);
      if (this.bytes <= MAX_REFUSAL_BYTES) return;
      this.passRefusal(this.refused, this.held);
      return;
    }
    const pieces = this.orRefused(() => this.lane.push(chunk));
    if (!pieces) return;
    if (this.heldPieces) {
      this.heldPieces.push(...pieces);
      this.decide();
      return;
    }
    if (pieces.length > 0) {
      this.silence?.refresh();
      if (!this.send(pieces)) this.letClientCatchUp();
    }
    this.endIfOver();
  }

  /** Whether what has come is the beginning of an answer, or says no before there was one. */
  private decide(): void {
    const early = this.lane.earlyFailure();
    if (early) {
      this.giveUp({ status: early.status, headers: {}, body: Buffer.from(early.message) });
      return;
    }
    if (this.heldPieces?.length === 0 || this.lane.mayFailEarly()) return;
    this.release();
  }

  private release(): void {
    const pieces = this.heldPieces ?? [];
    this.heldPieces = undefined;
    if (pieces.length > 0) {
      this.silence?.refresh();
      if (!this.send(pieces)) this.letClientCatchUp();
    }
    this.endIfOver();
  }

  private giveUp(refusal: Refusal): void {
    this.done = true;
    this.clearTimers();
    this.client.unwatch();
    this.controller?.abort(new Error("another attempt is made"));
    this.reject(new AttemptRefused(refusal, () => this.deliver()));
  }

  /** Tells the client what was held back. @returns how that ended, like `settled` */
  private deliver(): Promise<RelayOutcome> {
    this.settled = this.anew();
    this.closed = this.client.hasGone;
    if (this.closed) {
      this.settle("clientLeft");
      return this.settled;
    }
    this.client.watch();
    if (this.refused && this.held) {
      this.passRefusal(this.refused, this.held);
      this.finish();
    } else {
      this.release();
      this.end();
    }
    return this.settled;
  }

  private passRefusal(refused: Begun, held: readonly Buffer[]): void {
    this.refused = undefined;
    this.held = undefined;
    this.heldPieces = undefined;
    this.bytes = 0;
    this.begin(refused);
    for (const chunk of held) this.pass(chunk);
  }

  /** Ends the answer with a failure, as if the provider had left off. */
  abort(fault: PosternError): void {
    if (this.done) return;
    this.cut(fault);
    this.controller?.abort(fault);
  }

  private limit(milliseconds: number | undefined, what: string, applies: () => boolean): void {
    if (milliseconds === undefined) return;
    const fault = new PosternError("provider_timeout", `Provider "${this.provider.id}" ${what}.`);
    this.limits.push(setTimeout(() => applies() && this.abort(fault), milliseconds));
  }

  private clearTimers(): void {
    clearInterval(this.silence);
    for (const timer of this.limits) clearTimeout(timer);
  }

  private endIfOver(): void {
    if (!this.lane.isOver()) return;
    this.end();
    this.letProviderEnd();
  }

  /** @returns whether the client keeps up */
  private send(pieces: readonly Piece[]): boolean {
    if (pieces.length > 0) this.sendHeaders();
    let flowing = true;
    // Node gathers the writes of one turn by itself; its own cork() would swallow the drain event.
    for (const piece of pieces) {
      flowing = this.client.write(piece) && flowing;
      this.options.onPiece?.(piece);
    }
    return flowing;
  }

  private onSilence(): void {
    // From now on the client has something of this answer, and no other can follow.
    if (this.heldPieces) this.release();
    // A client that does not keep up is not waiting for a word.
    const text = this.client.isBehind ? undefined : this.lane.silence();
    if (text === undefined || this.done) return;
    this.sendHeaders();
    if (text === "") this.client.flush();
    else if (!this.client.write(text)) this.letClientCatchUp();
    this.endIfOver();
  }

  private letClientCatchUp(): void {
    this.client.letCatchUp(this.decoder ?? this.controller);
  }

  private finish(): void {
    clearTimeout(this.linger);
    if (this.done) return;
    if (this.held && this.refused) {
      const { status, headers } = this.refused;
      this.giveUp({ status, headers, body: Buffer.concat(this.held) });
      return;
    }
    const ended = this.orRefused(() => this.lane.end());
    if (!ended) return;
    if ("fault" in ended) {
      this.cut(ended.fault);
      return;
    }
    if (this.heldPieces) {
      this.heldPieces.push(...ended.pieces);
      const early = this.lane.earlyFailure();
      if (early) {
        this.giveUp({ status: early.status, headers: {}, body: Buffer.from(early.message) });
        return;
      }
      this.release();
    } else this.send(ended.pieces);
    this.end();
  }

  /** What the lane says, or undefined if it refused the answer: then the client has been told, or the caller will. */
  private orRefused<T>(ask: () => T): T | undefined {
    try {
      return ask();
    } catch (thrown) {
      // This is called from timers and streams: what is thrown on ends the engine.
      const fault = thrown instanceof PosternError ? thrown : this.unusable("that cannot be processed");
      if (!this.done) this.cut(fault);
      this.controller?.abort(fault);
      return undefined;
    }
  }

  private end(): void {
    this.sendHeaders();
    this.client.end();
    this.settleEnded();
  }

  /** It has come to an end of its own, a good one or an error. */
  private settleEnded(): void {
    const failure = this.lane.failure();
    if (failure) this.settle("cut", failure);
    else this.settle("complete");
  }

  /** The connection serves the next request once the rest of this answer has come; not every provider ends it. */
  private letProviderEnd(): void {
    this.controller?.resume();
    this.linger = setTimeout(() => this.controller?.abort(new Error("the answer is complete")), LINGER_MS);
    this.linger.unref();
  }

  /** The provider left off. Before anything was sent the caller answers; after it, the protocol's own error event. */
  private cut(fault: PosternError): void {
    if (!this.client.hasBegun) {
      this.fail(fault);
      return;
    }
    let last: string | undefined;
    try {
      last = this.lane.broken(fault);
    } catch {}
    if (last === undefined) this.client.drop();
    else this.client.end(last === "" ? undefined : last);
    if (last) this.options.onPiece?.(last);
    this.settle("cut", fault);
  }

  private fail(fault: PosternError): void {
    if (this.done) return;
    this.done = true;
    this.clearTimers();
    this.client.unwatch();
    this.controller?.abort(fault);
    this.reject(fault);
  }

  private settle(end: RelayOutcome["end"], fault?: PosternError): void {
    if (this.done) return;
    this.done = true;
    this.clearTimers();
    const usage = this.lane.usage();
    const model = this.lane.answeredModel();
    const isReported = end === "complete" && usage?.outputTokens !== undefined;
    const outcome: RelayOutcome = {
      status: this.begun ? this.lane.head().status : 0,
      usage,
      // It is kept in the ledger.
      model: model && (this.options.secrets ?? NO_SECRETS).redacted(model),
      firstByteAt: this.client.firstByteAt,
      streamedChars: this.begun && !isReported ? this.lane.streamedChars() : 0,
      end,
      ...(fault ? { fault } : {}),
    };
    // What was written may still be on its way to a slow client, and the engine must not exit over it.
    if (this.closed || this.client.hasGone) this.resolve(outcome);
    else this.outcome = outcome;
  }

  /** The answer is over, or its connection. */
  private onClosed(): void {
    this.closed = true;
    if (this.outcome) this.resolve(this.outcome);
    if (this.done) return;
    // A client may hang up as soon as it has the terminal event; Codex does, every time.
    if (this.lane.isTerminated()) this.settleEnded();
    else this.settle("clientLeft");
    this.decoder?.destroy();
    this.controller?.abort(new Error("the client has left"));
  }

  private sendHeaders(): void {
    if (this.client.hasBegun || !this.begun) return;
    const head = this.lane.head();
    this.noteBegin();
    this.client.begin(head);
  }

  private unusable(how: string): PosternError {
    return new PosternError("provider_incomplete", `Provider "${this.provider.id}" sent an answer ${how}.`);
  }

  private wired(decoder: Transform): Transform {
    decoder.on("data", (chunk: Buffer) => this.orRefused(() => this.pass(chunk)));
    decoder.on("drain", () => this.controller?.resume());
    decoder.on("end", () => this.orRefused(() => this.finish()));
    decoder.on("error", () => {
      if (this.done) return;
      this.cut(this.unusable("whose compression is broken"));
      this.controller?.abort(new Error("broken compression"));
    });
    return decoder;
  }
}
