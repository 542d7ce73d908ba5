import { latestFirst } from "../../core/governance/ledgerQuery";
import {
  addHeldInto,
  type Held,
  NOTHING_HELD,
  type OpenRequest,
  type RequestBeginning,
} from "../../core/governance/openRequest";
import type { TimeRange } from "../../core/governance/period";
import { type Scope, scopesOf } from "../../core/governance/spend";

interface Hold {
  readonly request: OpenRequest;
  /** The keys of its scopes. */
  readonly scopes: readonly string[];
}

/** Running requests and what is held for them. */
export class Holds {
  private readonly running = new Map<string, Hold>();
  private readonly byScope = new Map<string, Set<OpenRequest>>();

  constructor(requests: Iterable<OpenRequest> = []) {
    for (const request of requests) this.set(request);
  }

  get size(): number {
    return this.running.size;
  }

  /** In place of what was held for the same request before. */
  set(request: OpenRequest): void {
    this.delete(request.record.id);
    const scopes = scopesOf(request.record).map(keyOf);
    this.running.set(request.record.id, { request, scopes });
    for (const key of scopes) {
      const members = this.byScope.get(key);
      if (members) members.add(request);
      else this.byScope.set(key, new Set([request]));
    }
  }

  /** @returns whether it was running */
  delete(id: string): boolean {
    const hold = this.running.get(id);
    if (!hold) return false;
    for (const key of hold.scopes) {
      const members = this.byScope.get(key);
      members?.delete(hold.request);
      if (members?.size === 0) this.byScope.delete(key);
    }
    return this.running.delete(id);
  }

  all(): readonly OpenRequest[] {
    return [...this.running.values()].map(({ request }) => request);
  }

  /** The latest first. */
  beginnings(): RequestBeginning[] {
    return this.all()
      .map(({ record }) => record)
      .sort(latestFirst);
  }

  /**
   * What is held in a scope for requests that began in the range.
   * @param exceptId a request that does not count
   */
  held(scope: Scope, { from, until }: TimeRange, exceptId?: string): Held {
    const sum = { ...NOTHING_HELD };
    for (const { record, held } of this.byScope.get(keyOf(scope)) ?? []) {
      const counts = record.startedAt >= from && record.startedAt < until && record.id !== exceptId;
      if (held && counts) addHeldInto(sum, held);
    }
    return sum;
  }
}

function keyOf({ kind, name }: Scope): string {
  return `${kind}\0${name}`;
}
