import type { Caller } from "../../core/governance/caller";
import type { RunningRequests } from "./governor";

/** The running requests of each gateway key. */
export class RunningByKey implements RunningRequests {
  private readonly aborts = new Map<string, Set<() => void>>();

  track({ kind, name }: Caller, abort: () => void): () => void {
    if (kind !== "gatewayKey") return () => {};
    const own = this.aborts.get(name) ?? new Set();
    this.aborts.set(name, own);
    own.add(abort);
    return () => {
      own.delete(abort);
      if (own.size === 0 && this.aborts.get(name) === own) this.aborts.delete(name);
    };
  }

  abortRequestsOf(keyName: string): number {
    const own = [...(this.aborts.get(keyName) ?? [])];
    for (const abort of own) abort();
    return own.length;
  }
}
