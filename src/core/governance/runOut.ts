import type { TimeRange } from "./period";

/** Less than this says nothing about a rate. */
const MIN_REQUESTS = 5;
const MIN_MS = 10 * 60_000;
const QUARTER_MS = 15 * 60_000;
const MAX_MS = 7 * 24 * 60 * 60_000;

/**
 * The time of which the present rate is told: the last quarter of what has gone by of a period, at most a week and at
 * least ten minutes; never more than the period itself. It begins with a quarter of an hour, as the
 * ledger adds up.
 */
export function recentRange(period: TimeRange, now: number): TimeRange {
  const gone = now - period.from;
  const length = Math.min(gone, Math.max(MIN_MS, Math.min(gone / 4, MAX_MS)));
  const from = now - length;
  const quarter = Math.floor(from / QUARTER_MS) * QUARTER_MS;
  return { from: Math.max(period.from, quarter), until: now };
}

/** What was spent lately. */
export interface RecentSpend {
  readonly range: TimeRange;
  readonly amount: number;
  readonly requests: number;
  /** Of the requests: those in the first half of the range. */
  readonly earlier: number;
}

/**
 * When a budget will be used up at the present rate, in milliseconds since the epoch. Undefined where there is too
 * little to tell a rate by, or where the period ends first.
 * @param left what may still be spent, in the unit of `recent.amount`
 */
export function runsOutAt(left: number, recent: RecentSpend, period: TimeRange): number | undefined {
  const { from, until } = recent.range;
  const elapsed = until - from;
  if (left <= 0 || recent.amount <= 0) return undefined;
  if (elapsed < MIN_MS || recent.requests < MIN_REQUESTS) return undefined;
  // What has only just begun is no rate over the whole of it.
  if (recent.earlier === 0) return undefined;
  const at = until + (left / recent.amount) * elapsed;
  return at < period.until ? Math.round(at) : undefined;
}
