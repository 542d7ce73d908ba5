/**
 * Work that is done together when a turn of the event loop ends. What is written to many clients in one turn goes out
 * in one row then: each write by itself wakes a client that has just gone to sleep, which takes longer than the write.
 */
export class EndOfTurn {
  private works: (() => void)[] = [];

  /** @param work must not throw */
  do(work: () => void): void {
    if (this.works.length === 0) setImmediate(() => this.run());
    this.works.push(work);
  }

  private run(): void {
    const { works } = this;
    this.works = [];
    for (const work of works) work();
  }
}
