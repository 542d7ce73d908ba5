/** What has something to do when a turn of the event loop ends. */
export interface Waiting {
  /** Must not throw. */
  atEndOfTurn(): void;
}

/**
 * Work that is done together when a turn of the event loop ends. What is written to many clients in one turn goes out
 * in one row then: each write by itself wakes a client that has just gone to sleep, which takes longer than the write.
 */
export class EndOfTurn {
  private waiting: Waiting[] = [];

  add(one: Waiting): void {
    if (this.waiting.length === 0) setImmediate(() => this.run());
    this.waiting.push(one);
  }

  private run(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const one of waiting) one.atEndOfTurn();
  }
}
