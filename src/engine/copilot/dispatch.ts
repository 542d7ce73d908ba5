import type { Dispatcher } from "undici";
import type { StreamEvent } from "../../core/conversation/answer";
import { CopilotFault, isCopilotFault } from "../../core/copilot/contract";
import { PosternError } from "../../core/errors";
import { errorBody } from "../../core/protocols/errorShape";
import { NEUTRAL_STREAM, neutralEvent } from "../../core/translation";

/** Runs one turn, and hands its events on as they come. */
export type RunTurn = (sink: (event: StreamEvent) => void, signal: AbortSignal) => Promise<void>;

/**
 * Gives an answer that comes by no wire to what relays answers: as a response with neutral events, or one with the
 * status that GitHub's refusal has. What a slow client does not take waits here.
 * @param betweenMs how long is waited for the next event, as undici does it between two pieces of a body
 */
export function dispatchTurn(handler: Dispatcher.DispatchHandler, run: RunTurn, betweenMs: number): void {
  const relayed = new RelayedTurn(handler, betweenMs);
  handler.onRequestStart?.(relayed, {});
  if (relayed.aborted) return;
  run((event) => relayed.event(event), relayed.signal).then(
    () => relayed.end(),
    (thrown: unknown) => relayed.fail(thrown),
  );
}

/** Under undici's code, so that it is told in the same words. */
class Stalled extends Error {
  readonly code = "UND_ERR_BODY_TIMEOUT";
}

class RelayedTurn implements Dispatcher.DispatchController {
  paused = false;
  rawHeaders = null;
  rawTrailers = null;
  private readonly abortion = new AbortController();
  private begun = false;
  private waiting: (() => void)[] = [];
  /** Runs from the first event on. */
  private patience: NodeJS.Timeout | undefined;

  constructor(
    private readonly handler: Dispatcher.DispatchHandler,
    private readonly betweenMs: number,
  ) {}

  get signal(): AbortSignal {
    return this.abortion.signal;
  }

  get aborted(): boolean {
    return this.abortion.signal.aborted;
  }

  get reason(): Error | null {
    return this.aborted ? (this.abortion.signal.reason as Error) : null;
  }

  abort(reason: Error): void {
    clearTimeout(this.patience);
    this.waiting = [];
    this.abortion.abort(reason);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    while (!this.paused && this.waiting.length > 0) this.waiting.shift()?.();
  }

  event(event: StreamEvent): void {
    this.waitForNext();
    this.inTurn(() => {
      this.begin(200, NEUTRAL_STREAM);
      this.handler.onResponseData?.(this, Buffer.from(neutralEvent(event)));
    });
  }

  end(): void {
    clearTimeout(this.patience);
    this.inTurn(() => {
      this.begin(200, NEUTRAL_STREAM);
      this.handler.onResponseEnd?.(this, {});
    });
  }

  fail(thrown: unknown): void {
    clearTimeout(this.patience);
    if (this.aborted) return;
    const fault = isCopilotFault(thrown)
      ? thrown
      : new CopilotFault({
          status: 502,
          message: thrown instanceof PosternError ? thrown.message : "Copilot failed inside Postern.",
        });
    if (this.begun || this.waiting.length > 0) {
      this.event({ type: "error", error: fault.error });
      this.end();
      return;
    }
    const { error, retryAfterSeconds } = fault;
    this.begin(error.status, "application/json", retryAfterSeconds);
    this.handler.onResponseData?.(this, Buffer.from(errorBody("chat", error)));
    this.handler.onResponseEnd?.(this, {});
  }

  private waitForNext(): void {
    clearTimeout(this.patience);
    if (this.aborted) return;
    this.patience = setTimeout(() => {
      const stalled = new Stalled("no event came in time");
      this.abort(stalled);
      this.handler.onResponseError?.(this, stalled);
    }, this.betweenMs);
  }

  private begin(status: number, type: string, retryAfterSeconds?: number): void {
    if (this.begun) return;
    this.begun = true;
    this.handler.onResponseStart?.(this, status, {
      "content-type": type,
      ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
    });
  }

  private inTurn(step: () => void): void {
    if (this.aborted) return;
    if (this.paused || this.waiting.length > 0) this.waiting.push(step);
    else step();
  }
}
