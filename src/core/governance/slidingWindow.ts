interface Entry {
  readonly id: string;
  readonly at: number;
  amount: number;
}

const WINDOW_MS = 60_000;

/** What was used in the last 60 seconds. Times come from a clock that only goes forward. */
export class SlidingWindow {
  private entries: Entry[] = [];

  /** In the 60 seconds that end now. */
  used(now: number): number {
    this.forget(now);
    return this.entries.reduce((sum, { amount }) => sum + amount, 0);
  }

  /**
   * How long until an amount fits beside what was used, in milliseconds; 0 if it does now. An amount that is larger than
   * the limit itself fits once nothing else is in the window, since it would never fit otherwise.
   */
  waitFor(amount: number, limit: number, now: number): number {
    let used = this.used(now);
    const fits = () => used + amount <= limit || used === 0;
    if (fits()) return 0;
    for (const entry of this.entries) {
      used -= entry.amount;
      if (fits()) return entry.at + WINDOW_MS - now;
    }
    return 0;
  }

  add(id: string, amount: number, now: number): void {
    this.forget(now);
    this.entries.push({ id, at: now, amount });
  }

  /** Puts what a request has really used in place of what was expected. */
  correct(id: string, amount: number): void {
    const entry = this.entries.find((candidate) => candidate.id === id);
    if (entry) entry.amount = amount;
  }

  private forget(now: number): void {
    const first = this.entries.findIndex(({ at }) => at > now - WINDOW_MS);
    if (first > 0) this.entries = this.entries.slice(first);
    else if (first < 0) this.entries = [];
  }
}
