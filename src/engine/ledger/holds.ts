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

/** Running requests and what is held for them. */
export class Holds {
  private readonly running = new Map<string, OpenRequest>();
  /** From when it is first asked for: where nobody has a budget, nobody asks. */
  private byScope: Map<string, Set<OpenRequest>> | undefined;

  constructor(requests: Iterable<OpenRequest> = []) {
    for (const request of requests) this.set(request);
  }

  get size(): number {
    return this.running.size;
  }

  /** In place of what was held for the same request before. */
  set(request: OpenRequest): void {
    this.delete(request.record.id);
    this.running.set(request.record.id, request);
    if (this.byScope) addTo(this.byScope, request);
  }

  /** @returns whether it was running */
  delete(id: string): boolean {
    const request = this.running.get(id);
    if (!request) return false;
    if (this.byScope) takeFrom(this.byScope, request);
    return this.running.delete(id);
  }

  all(): readonly OpenRequest[] {
    return [...this.running.values()];
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
    this.byScope ??= indexed(this.running.values());
    for (const { record, held } of this.byScope.get(keyOf(scope)) ?? []) {
      const counts = record.startedAt >= from && record.startedAt < until && record.id !== exceptId;
      if (held && counts) addHeldInto(sum, held);
    }
    return sum;
  }
}

function indexed(requests: Iterable<OpenRequest>): Map<string, Set<OpenRequest>> {
  const byScope = new Map<string, Set<OpenRequest>>();
  for (const request of requests) addTo(byScope, request);
  return byScope;
}

function addTo(byScope: Map<string, Set<OpenRequest>>, request: OpenRequest): void {
  for (const scope of scopesOf(request.record)) {
    const key = keyOf(scope);
    const members = byScope.get(key);
    if (members) members.add(request);
    else byScope.set(key, new Set([request]));
  }
}

function takeFrom(byScope: Map<string, Set<OpenRequest>>, request: OpenRequest): void {
  for (const scope of scopesOf(request.record)) {
    const key = keyOf(scope);
    const members = byScope.get(key);
    members?.delete(request);
    if (members?.size === 0) byScope.delete(key);
  }
}

function keyOf({ kind, name }: Scope): string {
  return `${kind}\0${name}`;
}
