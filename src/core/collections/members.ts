interface Entry<T> {
  readonly item: T;
  at: number;
}

/**
 * Things that come and go all the time, such as running requests, in no order.
 *
 * Not a Set or a Map that lives long: each of V8's hash tables points to the one that has taken its place, so that a
 * dead one in the old generation keeps all that came after it, with whatever stood in them, until the next full
 * collection. With requests in them, that was a sixth of a small request's time.
 */
export class Members<T> {
  private readonly entries: Entry<T>[] = [];

  get size(): number {
    return this.entries.length;
  }

  /** @returns what takes it out again; to be called any number of times */
  add(item: T): () => void {
    const entry: Entry<T> = { item, at: this.entries.length };
    this.entries.push(entry);
    return () => this.remove(entry);
  }

  /** Those of now: what is done with one may take out others. */
  all(): T[] {
    return this.entries.map(({ item }) => item);
  }

  private remove(entry: Entry<T>): void {
    if (this.entries[entry.at] !== entry) return;
    const last = this.entries.pop();
    if (!last || last === entry) return;
    this.entries[entry.at] = last;
    last.at = entry.at;
  }
}
