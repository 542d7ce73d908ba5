import type { Disposable } from "./disposables";

/** Subscribes a listener; the same shape as `vscode.Event`, so that either can be handed over. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/** An event source that works without vscode, which keeps the engine client and the state testable in plain Node. */
export class Emitter<T> implements Disposable {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event: Event<T> = (listener) => {
    // A wrapper of its own, so that one function subscribed twice is called twice and removed once.
    const entry = (value: T): void => listener(value);
    this.listeners.add(entry);
    return { dispose: () => this.listeners.delete(entry) };
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}
