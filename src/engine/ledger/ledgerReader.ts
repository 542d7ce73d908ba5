import { setImmediate } from "node:timers/promises";
import {
  latestFirst,
  matchesFilter,
  type RequestCursor,
  type RequestFilter,
  type RequestPage,
  type RequestQuery,
} from "../../core/governance/ledgerQuery";
import type { TimeRange } from "../../core/governance/period";
import type { RequestRecord } from "../../core/governance/requestRecord";
import {
  addTotals,
  NO_TOTALS,
  type Scope,
  type ScopeKind,
  sameScope,
  scopesOf,
  type Totals,
  totalsOf,
} from "../../core/governance/spend";
import { splitRange } from "../../core/governance/tally";
import type { LedgerBuffer } from "./ledgerBuffer";
import type { LedgerFile } from "./ledgerFile";
import type { LedgerStore } from "./ledgerStore";
import { requestsFrom, START } from "./requestPages";

/** Sums that are remembered: a few minutes of each budget. */
const KEPT_ENDS = 200;

/** What the rows up to a number add up to. */
interface AddedUp {
  readonly seq: number;
  readonly totals: Totals;
}

/** Reads what is written and what is not yet as one. What cannot be read is told as the file's fault, and left out. */
export class LedgerReader {
  private ends: { of: LedgerStore | undefined; sums: Map<string, AddedUp> } = {
    of: undefined,
    sums: new Map(),
  };

  constructor(
    private readonly file: LedgerFile,
    private readonly buffer: LedgerBuffer,
  ) {}

  totals(scope: Scope, range: TimeRange): Totals {
    const { quarters, ends } = splitRange(range);
    let sum = NO_TOTALS;
    if (quarters) {
      const stored = this.onStore((store) => store.totals(scope, quarters));
      sum = addTotals(this.buffer.tally.sum(scope, quarters), stored ?? NO_TOTALS);
    }
    for (const end of ends) sum = addTotals(sum, this.within(scope, end));
    return sum;
  }

  /**
   * What is no whole quarter of an hour is added up row by row. A budget of a minute asks for the same with each
   * request, so only what came since is read.
   */
  private within(scope: Scope, range: TimeRange): Totals {
    const isInScope = (record: RequestRecord) => scopesOf(record).some((one) => sameScope(one, scope));
    const stored = this.onStore((store) => {
      const key = JSON.stringify([scope.kind, scope.name, range.from, range.until]);
      const known = this.endsOf(store).get(key);
      const { records, seq } = store.recordsSince(known?.seq ?? 0, range);
      const totals = records.filter(isInScope).reduce(plus, known?.totals ?? NO_TOTALS);
      this.remember(store, key, { seq, totals });
      return totals;
    });
    return this.buffer.records
      .filter(
        (record) => record.startedAt >= range.from && record.startedAt < range.until && isInScope(record),
      )
      .reduce(plus, stored ?? NO_TOTALS);
  }

  private endsOf(store: LedgerStore): Map<string, AddedUp> {
    if (this.ends.of !== store) this.ends = { of: store, sums: new Map() };
    return this.ends.sums;
  }

  private remember(store: LedgerStore, key: string, sum: AddedUp): void {
    const sums = this.endsOf(store);
    sums.delete(key);
    sums.set(key, sum);
    const [oldest] = sums.keys();
    if (sums.size > KEPT_ENDS && oldest !== undefined) sums.delete(oldest);
  }

  breakdown(kind: ScopeKind, range: TimeRange): Map<string, Totals> {
    const { quarters, ends } = splitRange(range);
    const sums = new Map<string, Totals>();
    const add = (name: string, totals: Totals) =>
      sums.set(name, addTotals(sums.get(name) ?? NO_TOTALS, totals));
    if (quarters) {
      for (const [name, totals] of this.onStore((store) => store.breakdown(kind, quarters)) ?? [])
        add(name, totals);
      for (const [name, totals] of this.buffer.tally.sums(kind, quarters)) add(name, totals);
    }
    for (const record of this.recordsWithin(ends))
      for (const scope of scopesOf(record)) if (scope.kind === kind) add(scope.name, totalsOf(record));
    return sums;
  }

  request(id: string): RequestRecord | undefined {
    const waiting = this.buffer.records.findLast((record) => record.id === id);
    return waiting ?? this.onStore((store) => store.request(id));
  }

  /** Reads in pieces that hold nothing up, however rare what is wanted may be. */
  async requests({ filter = {}, before, limit }: RequestQuery): Promise<RequestPage> {
    const wanted = Math.max(1, Math.min(1_000, Math.floor(limit)));
    const waiting = this.buffer.records.filter((record) => matchesFilter(record, filter));
    const stored = await this.storedRequests(filter, before ?? START, wanted + 1);
    const isBehind = (record: RequestRecord) => !before || latestFirst(before, record) < 0;
    const found = [...waiting.filter(isBehind), ...stored].sort(latestFirst);
    const requests = withoutRepeats(found).slice(0, wanted);
    const last = requests.at(-1);
    return found.length > wanted && last
      ? { requests, next: { startedAt: last.startedAt, id: last.id } }
      : { requests };
  }

  /** @returns undefined where there is no store, or it cannot be read */
  onStore<T>(work: (store: LedgerStore) => T): T | undefined {
    const { store } = this.file;
    if (!store) return undefined;
    try {
      return work(store);
    } catch (error) {
      if (this.file.failed(error) === undefined) throw error;
      return undefined;
    }
  }

  private async storedRequests(
    filter: RequestFilter,
    before: RequestCursor,
    limit: number,
  ): Promise<RequestRecord[]> {
    const found: RequestRecord[] = [];
    let cursor: RequestCursor | undefined = before;
    while (cursor && found.length < limit) {
      const from: RequestCursor = cursor;
      const piece = this.onStore((store) => requestsFrom(store, filter, from, limit - found.length));
      found.push(...(piece?.records ?? []));
      cursor = piece?.next;
      await setImmediate();
    }
    return found;
  }

  private recordsWithin(ranges: readonly TimeRange[]): RequestRecord[] {
    return ranges.flatMap(({ from, until }) => [
      ...this.buffer.records.filter(({ startedAt }) => startedAt >= from && startedAt < until),
      ...(this.onStore((store) => store.recordsWithin({ from, until })) ?? []),
    ]);
  }
}

function plus(sum: Totals, record: RequestRecord): Totals {
  return addTotals(sum, totalsOf(record));
}

/** A row may be written between the two looks at it. */
function withoutRepeats(records: readonly RequestRecord[]): RequestRecord[] {
  return [...new Map(records.map((record) => [record.id, record])).values()];
}
