/** So many wrong keys a minute are a tool with an old key; more are somebody who guesses. */
const FREE = 20;
const WINDOW_MS = 60_000;
const FIRST_MS = 50;
const MOST_MS = 2_000;

/**
 * How long the answer to a wrong gateway key waits. Who has a right one is never slowed down. All senders are counted
 * together: on one machine they cannot be told apart.
 */
export class GuessDelay {
  private failures: number[] = [];

  /** @param now milliseconds of a clock that only goes forward */
  constructor(private readonly now: () => number) {}

  /** Notes a wrong key. @returns milliseconds to wait before it is answered */
  next(): number {
    const now = this.now();
    this.failures = this.failures.filter((at) => now - at < WINDOW_MS).slice(-FREE * 10);
    this.failures.push(now);
    const beyond = this.failures.length - FREE;
    return beyond <= 0 ? 0 : Math.min(FIRST_MS * 2 ** Math.min(beyond - 1, 10), MOST_MS);
  }
}
