import { Members } from "../../core/collections/members";
import type { Caller } from "../../core/governance/caller";
import type { RunningRequests } from "./governor";

/** The running requests of each gateway key. */
export class RunningByKey implements RunningRequests {
  /** As many as there are names of gateway keys. */
  private readonly aborts = new Map<string, Members<() => void>>();

  track({ kind, name }: Caller, abort: () => void): () => void {
    if (kind !== "gatewayKey") return () => {};
    let own = this.aborts.get(name);
    if (!own) {
      own = new Members();
      this.aborts.set(name, own);
    }
    return own.add(abort);
  }

  abortRequestsOf(keyName: string): number {
    const own = this.aborts.get(keyName)?.all() ?? [];
    for (const abort of own) abort();
    return own.length;
  }
}
