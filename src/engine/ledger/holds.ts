import { Members } from "../../core/collections/members";
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

interface Running {
  readonly request: OpenRequest;
  /** Take it out of its scopes. */
  readonly leave: readonly (() => void)[];
}

/** Running requests and what is held for them. */
export class Holds {
  /** By id; no Map, for the reason that `Members` gives. */
  private readonly running: Record<string, Running> = Object.create(null);
  private count = 0;
  /** From when it is first asked for: where nobody has a budget, nobody asks. */
  private byScope: Map<string, Members<OpenRequest>> | undefined;

  constructor(requests: Iterable<OpenRequest> = []) {
    for (const request of requests) this.set(request);
  }

  get size(): number {
    return this.count;
  }

  /** In place of what was held for the same request before. */
  set(request: OpenRequest): void {
    const { id } = request.record;
    this.delete(id);
    this.running[id] = { request, leave: this.byScope ? addTo(this.byScope, request) : [] };
    this.count += 1;
  }

  /** @returns whether it was running */
  delete(id: string): boolean {
    const running = this.running[id];
    if (!running) return false;
    for (const leave of running.leave) leave();
    delete this.running[id];
    this.count -= 1;
    return true;
  }

  all(): readonly OpenRequest[] {
    return Object.values(this.running).map(({ request }) => request);
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
    this.byScope ??= this.indexed();
    for (const { record, held } of this.byScope.get(keyOf(scope))?.all() ?? []) {
      const counts = record.startedAt >= from && record.startedAt < until && record.id !== exceptId;
      if (held && counts) addHeldInto(sum, held);
    }
    return sum;
  }

  private indexed(): Map<string, Members<OpenRequest>> {
    const byScope = new Map<string, Members<OpenRequest>>();
    for (const request of this.all())
      this.running[request.record.id] = { request, leave: addTo(byScope, request) };
    return byScope;
  }
}

/** @returns what takes it out again, and a scope with it that has nobody left */
function addTo(byScope: Map<string, Members<OpenRequest>>, request: OpenRequest): (() => void)[] {
  return scopesOf(request.record).map((scope) => {
    const key = keyOf(scope);
    const members = byScope.get(key) ?? new Members();
    byScope.set(key, members);
    const leave = members.add(request);
    return () => {
      leave();
      if (members.size === 0 && byScope.get(key) === members) byScope.delete(key);
    };
  });
}

function keyOf({ kind, name }: Scope): string {
  return `${kind}\0${name}`;
}
