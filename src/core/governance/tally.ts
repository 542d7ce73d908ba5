import type { TimeRange } from "./period";
import type { RequestRecord } from "./requestRecord";
import { addTotals, NO_TOTALS, type Scope, type ScopeKind, scopesOf, type Totals, totalsOf } from "./spend";

/** Totals are kept by quarters of an hour: every time zone's days begin at one. In milliseconds. */
export const QUARTER_MS = 15 * 60_000;
export const DAY_MS = 24 * 60 * 60_000;

/** How many quarters are kept before old ones are put together. */
const KEPT_QUARTERS = 8_192;
/** Of quarters older than this the days of UTC are enough. */
const FINE_MS = 40 * DAY_MS;

/** Totals of one scope in one quarter of an hour. */
export interface TallyEntry {
  readonly scope: Scope;
  /** Begin of the quarter, in milliseconds since the epoch. */
  readonly start: number;
  readonly totals: Totals;
}

/** Adds requests up by scope and quarter of an hour, in memory. */
export class Tally {
  private entries = new Map<string, TallyEntry>();
  private limit = KEPT_QUARTERS;

  get isEmpty(): boolean {
    return this.entries.size === 0;
  }

  all(): Iterable<TallyEntry> {
    return this.entries.values();
  }

  clear(): void {
    this.entries.clear();
  }

  /** @param times -1 takes the request out again */
  add(record: RequestRecord, times = 1): void {
    const totals = totalsOf(record);
    if (totals === NO_TOTALS) return;
    const start = Math.floor(record.startedAt / QUARTER_MS) * QUARTER_MS;
    for (const scope of scopesOf(record)) this.put({ scope, start, totals }, times);
    if (this.entries.size > this.limit) this.condense(record.startedAt - FINE_MS);
  }

  /** Quarters that begin in the range. */
  sum(scope: Scope, range: TimeRange): Totals {
    let sum = NO_TOTALS;
    for (const entry of this.within(scope.kind, range))
      if (entry.scope.name === scope.name) sum = addTotals(sum, entry.totals);
    return sum;
  }

  /** The totals of each name of a kind. */
  sums(kind: ScopeKind, range: TimeRange): Map<string, Totals> {
    const sums = new Map<string, Totals>();
    for (const { scope, totals } of this.within(kind, range))
      sums.set(scope.name, addTotals(sums.get(scope.name) ?? NO_TOTALS, totals));
    return sums;
  }

  private *within(kind: ScopeKind, { from, until }: TimeRange): Iterable<TallyEntry> {
    for (const entry of this.entries.values())
      if (entry.scope.kind === kind && entry.start >= from && entry.start < until) yield entry;
  }

  private put({ scope, start, totals }: TallyEntry, times = 1): void {
    const key = `${scope.kind}\0${scope.name}\0${start}`;
    const before = this.entries.get(key)?.totals ?? NO_TOTALS;
    this.entries.set(key, { scope, start, totals: addTotals(before, totals, times) });
  }

  private condense(before: number): void {
    const entries = [...this.entries.values()];
    this.entries = new Map();
    for (const entry of entries)
      this.put(entry.start < before ? { ...entry, start: Math.floor(entry.start / DAY_MS) * DAY_MS } : entry);
    this.limit = Math.max(KEPT_QUARTERS, this.entries.size * 2);
  }
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
