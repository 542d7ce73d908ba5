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
 */
export function dispatchTurn(handler: Dispatcher.DispatchHandler, run: RunTurn): void {
  const relayed = new RelayedTurn(handler);
  handler.onRequestStart?.(relayed, {});
  if (relayed.aborted) return;
  run((event) => relayed.event(event), relayed.signal).then(
    () => relayed.end(),
    (thrown: unknown) => relayed.fail(thrown),
  );
}

class RelayedTurn implements Dispatcher.DispatchController {
  paused = false;
  rawHeaders = null;
  rawTrailers = null;
  private readonly abortion = new AbortController();
  private begun = false;
  private waiting: (() => void)[] = [];

  constructor(private readonly handler: Dispatcher.DispatchHandler) {}

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
    this.inTurn(() => {
      this.begin(200, NEUTRAL_STREAM);
      this.handler.onResponseData?.(this, Buffer.from(neutralEvent(event)));
    });
  }

  end(): void {
    this.inTurn(() => {
      this.begin(200, NEUTRAL_STREAM);
      this.handler.onResponseEnd?.(this, {});
    });
  }

  fail(thrown: unknown): void {
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
