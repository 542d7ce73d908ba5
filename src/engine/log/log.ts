import type { LogEntry } from "../../core/rpc/contract";

export type LogLevel = LogEntry["level"];

/** Where the engine says what it does. Messages hold no key, no prompt and no provider's answer. */
export interface Log {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
}

/** How many entries a window that joins later is still shown. */
const KEPT = 500;

/** A name in a message, such as a repository's rule, must not look like a line of its own. */
const LINE_BREAKERS = /[\p{Cc}\u2028\u2029]+/gu;

/** Hands each entry to its listeners and keeps the latest for a window that joins later. */
export class EngineLog implements Log {
  private readonly entries: LogEntry[] = [];
  private readonly listeners = new Set<(entry: LogEntry) => void>();

  constructor(private readonly now: () => number) {}

  error(message: string): void {
    this.add("error", message);
  }
  warn(message: string): void {
    this.add("warn", message);
  }
  info(message: string): void {
    this.add("info", message);
  }
  debug(message: string): void {
    this.add("debug", message);
  }

  recent(): readonly LogEntry[] {
    return [...this.entries];
  }

  /** @returns a function that ends the listening */
  onEntry(listener: (entry: LogEntry) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private add(level: LogLevel, message: string): void {
    const entry = { time: this.now(), level, message: message.replace(LINE_BREAKERS, " ") };
    this.entries.push(entry);
    if (this.entries.length > KEPT) this.entries.shift();
    for (const listener of this.listeners) listener(entry);
  }
}
