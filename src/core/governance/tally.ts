import type { TimeRange } from "./period";
import type { RequestRecord } from "./requestRecord";
import {
  addInto,
  NO_TOTALS,
  type RunningTotals,
  type Scope,
  type Scoped,
  type ScopeKind,
  scopesOf,
  type Totals,
  totalsOf,
} from "./spend";

/** Totals are kept by quarters of an hour: every time zone's days begin at one. In milliseconds. */
export const QUARTER_MS = 15 * 60_000;
export const DAY_MS = 24 * 60 * 60_000;

/** How many quarters are kept before old ones are put together. */
const KEPT_QUARTERS = 4_096;
/** Of quarters older than this the days of UTC are enough: no month that is not over begins before. */
export const FINE_MS = 40 * DAY_MS;

/** Totals of one scope in one quarter of an hour. */
export interface TallyEntry {
  readonly scope: Scope;
  /** Begin of the quarter, in milliseconds since the epoch. */
  readonly start: number;
  readonly totals: Totals;
}

interface Entry extends TallyEntry {
  readonly totals: RunningTotals;
}

/** Adds requests up by scope and quarter of an hour, in memory. */
export class Tally {
  /** By begin, then by scope. */
  private quarters = new Map<number, Map<string, Entry>>();
  private limit = KEPT_QUARTERS;
  /** Where the last request was added up: most are like the one before them. */
  private last:
    | { readonly like: Scoped; readonly start: number; readonly entries: readonly Entry[] }
    | undefined;

  get isEmpty(): boolean {
    return this.quarters.size === 0;
  }

  *all(): Iterable<TallyEntry> {
    for (const quarter of this.quarters.values()) yield* quarter.values();
  }

  clear(): void {
    this.quarters = new Map();
    this.last = undefined;
  }

  /** @param times -1 takes the request out again */
  add(record: RequestRecord, times = 1): void {
    const totals = totalsOf(record);
    if (totals === NO_TOTALS) return;
    const start = Math.floor(record.startedAt / QUARTER_MS) * QUARTER_MS;
    for (const entry of this.entriesOf(record, start)) addInto(entry.totals, totals, times);
    if (this.quarters.size > this.limit) this.condense(record.startedAt - FINE_MS);
  }

  /** Quarters that begin in the range. */
  sum(scope: Scope, { from, until }: TimeRange): Totals {
    const sum = { ...NO_TOTALS };
    const key = keyOf(scope);
    for (const [start, quarter] of this.quarters) {
      const entry = start >= from && start < until ? quarter.get(key) : undefined;
      if (entry) addInto(sum, entry.totals);
    }
    return sum;
  }

  /** The totals of each name of a kind. */
  sums(kind: ScopeKind, { from, until }: TimeRange): Map<string, Totals> {
    const sums = new Map<string, RunningTotals>();
    for (const { scope, start, totals } of this.all()) {
      if (scope.kind !== kind || start < from || start >= until) continue;
      const sum = sums.get(scope.name);
      if (sum) addInto(sum, totals);
      else sums.set(scope.name, { ...totals });
    }
    return sums;
  }

  private entriesOf(request: Scoped, start: number): readonly Entry[] {
    const { last } = this;
    if (last && last.start === start && isLike(last.like, request)) return last.entries;
    const entries = scopesOf(request).map((scope) => this.entry(scope, start));
    this.last = { like: request, start, entries };
    return entries;
  }

  private entry(scope: Scope, start: number): Entry {
    let quarter = this.quarters.get(start);
    if (!quarter) {
      quarter = new Map();
      this.quarters.set(start, quarter);
    }
    const key = keyOf(scope);
    let entry = quarter.get(key);
    if (!entry) {
      entry = { scope, start, totals: { ...NO_TOTALS } };
      quarter.set(key, entry);
    }
    return entry;
  }

  private condense(before: number): void {
    const entries = [...this.all()];
    this.clear();
    for (const { scope, start, totals } of entries) {
      const entry = this.entry(scope, start < before ? Math.floor(start / DAY_MS) * DAY_MS : start);
      addInto(entry.totals, totals);
    }
    this.limit = Math.max(KEPT_QUARTERS, this.quarters.size * 2);
  }
}

/** It counts in the same scopes. */
function isLike(one: Scoped, other: Scoped): boolean {
  const { caller, provider, model, tool } = one;
  return (
    caller === other.caller && provider === other.provider && model === other.model && tool === other.tool
  );
}

function keyOf({ kind, name }: Scope): string {
  return `${kind}\0${name}`;
}

/** A range as what the totals by quarters give, and what is left at its two ends. */
export interface SplitRange {
  /** Begins and ends with quarters. Absent where there is no whole one. */
  readonly quarters?: TimeRange;
  readonly ends: readonly TimeRange[];
}

/** Days, weeks and months have no ends that are left over; minutes are nothing else. */
export function splitRange({ from, until }: TimeRange): SplitRange {
  const first = Math.ceil(from / QUARTER_MS) * QUARTER_MS;
  const last = Math.floor(until / QUARTER_MS) * QUARTER_MS;
  if (first >= last) return { ends: from < until ? [{ from, until }] : [] };
  const ends = [
    { from, until: first },
    { from: last, until },
  ];
  return { quarters: { from: first, until: last }, ends: ends.filter((end) => end.from < end.until) };
}
