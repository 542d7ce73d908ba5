/** The shape vscode's own disposables have, so that code below the edge need not import it. */
export interface Disposable {
  dispose(): void;
}

/** Collects what must go together. Once disposed, anything added later is disposed at once. */
export class DisposableStore implements Disposable {
  private readonly items = new Set<Disposable>();
  private disposed = false;

  add<T extends Disposable>(item: T): T {
    if (this.disposed) item.dispose();
    else this.items.add(item);
    return item;
  }

  dispose(): void {
    this.disposed = true;
    for (const item of this.items) item.dispose();
    this.items.clear();
  }
}
