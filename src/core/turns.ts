/** Does one thing after the other, whatever becomes of the one before: what two would do to each other at once is settled. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** @returns what `work` does, once its turn has come; rejects as it does */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => {});
    return turn;
  }
}
