/** Collects what a translation could not carry, each thing once, in the order it was met. */
export class DroppedReport {
  readonly #names = new Set<string>();

  add(name: string): void {
    this.#names.add(name);
  }

  list(): string[] {
    return [...this.#names];
  }
}
