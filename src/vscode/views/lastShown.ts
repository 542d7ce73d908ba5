/**
 * Remembers what a view showed last. The engine tells its state several times a second while requests run; a view that
 * would look the same is left alone, so that a hover or a menu over it stays.
 */
export class LastShown {
  private last: string | undefined;

  /** Whether this differs from what was shown last; from now on it counts as shown. */
  takes(view: unknown): boolean {
    const text = JSON.stringify(view);
    if (text === this.last) return false;
    this.last = text;
    return true;
  }
}
