import type { PolicyWarning } from "../../core/rpc/audit";

/** A rule warns a person once in this time, in milliseconds: an agent sends a request every few seconds. */
const AGAIN_MS = 10 * 60_000;
/** Rules that are remembered; a repository may have a hundred. */
const REMEMBERED = 1_000;

/** Hands warnings of policy rules to whoever can show them, each at most once in ten minutes. */
export class PolicyWarnings {
  private readonly told = new Map<string, number>();
  private readonly listeners = new Set<(warning: PolicyWarning) => void>();

  /** @param now milliseconds of a clock that only goes forward */
  constructor(private readonly now: () => number) {}

  tell(warning: PolicyWarning): void {
    const key = JSON.stringify([warning.rule, warning.message, warning.caller]);
    const before = this.told.get(key);
    if (before !== undefined && this.now() - before < AGAIN_MS) return;
    this.told.delete(key);
    this.told.set(key, this.now());
    const [oldest] = this.told.keys();
    if (this.told.size > REMEMBERED && oldest !== undefined) this.told.delete(oldest);
    for (const listener of this.listeners) listener(warning);
  }

  onWarning(listener: (warning: PolicyWarning) => void): void {
    this.listeners.add(listener);
  }
}
