import type { Clock } from "../../src/core/credentials/askedCredentials";

/** Time that passes when a test says so. */
export class FakeClock implements Clock {
  private time = 1_000_000;
  private timers: { at: number; run: () => void }[] = [];

  readonly now = (): number => this.time;

  readonly after = (milliseconds: number, run: () => void): (() => void) => {
    const timer = { at: this.time + milliseconds, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  };

  /** Lets time pass, timers in their order; what they have started comes to its end. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.time = Math.max(this.time, next.at);
      this.timers = this.timers.filter((other) => other !== next);
      next.run();
      await idle();
    }
    this.time = end;
    await idle();
  }

  /** The machine sleeps: time passes, and no timer runs. */
  sleep(milliseconds: number): void {
    this.time += milliseconds;
  }
}

/** Lets promises that are settled run on. */
export async function idle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
