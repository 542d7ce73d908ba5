import type { EngineStatus } from "../core/rpc/contract";

/** Statuses are told at most this often. */
const INTERVAL_MS = 200;
/** And at least this often: periods end, quotas begin anew and keys expire without anything being asked. */
const PULSE_MS = 60_000;

/** Tells whoever listens how the engine stands: a moment after a change, and once a minute. */
export class StatusTeller {
  private readonly listeners = new Set<(status: EngineStatus) => void>();
  private timer: NodeJS.Timeout | undefined;
  private readonly pulse = setInterval(() => this.tellSoon(), PULSE_MS).unref();

  constructor(private readonly status: () => EngineStatus) {}

  /** @returns a function that ends the listening */
  add(listener: (status: EngineStatus) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Something has changed. */
  readonly tellSoon = (): void => {
    if (this.listeners.size === 0) return;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const status = this.status();
      for (const listener of this.listeners) listener(status);
    }, INTERVAL_MS);
  };

  close(): void {
    clearTimeout(this.timer);
    clearInterval(this.pulse);
  }
}
