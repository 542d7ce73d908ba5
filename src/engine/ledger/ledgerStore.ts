import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { Caller } from "../../core/governance/caller";
import { ENGINE_LOST, lostRequest, type OpenRequest } from "../../core/governance/openRequest";
import type { TimeRange } from "../../core/governance/period";
import type { RequestRecord } from "../../core/governance/requestRecord";
import {
  NO_TOTALS,
  type Scope,
  type ScopeKind,
  TOTALS_FIELDS,
  type Totals,
} from "../../core/governance/spend";
import { DAY_MS, Tally, type TallyEntry } from "../../core/governance/tally";
import type { LeftRequests } from "./leftJournals";
import { identityOf, REQUEST_COLUMNS, type Row, recordOf, valuesOf } from "./rows";
import { wellFormed } from "./wellFormed";

/** Quarters of an hour, and days of UTC, in the column `span`. */
const QUARTER = 0;
const DAY = 1;

const marks = (count: number) => Array(count).fill("?").join(", ");
const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const SUMS = TOTALS_FIELDS.map((field) => `sum(${snake(field)}) AS ${field}`).join(", ");
const ADD_TOTALS = `INSERT INTO totals (span, scope, start, name, ${TOTALS_FIELDS.map(snake).join(", ")})
  VALUES (${marks(TOTALS_FIELDS.length + 4)})
  ON CONFLICT DO UPDATE SET ${TOTALS_FIELDS.map(snake)
    .map((column) => `${column} = ${column} + excluded.${column}`)
    .join(", ")}`;
const ADD_REQUEST = `INSERT INTO requests (${REQUEST_COLUMNS.join(", ")})
  VALUES (${marks(REQUEST_COLUMNS.length)}) ON CONFLICT (id) DO NOTHING`;
/** Rows as `recordOf` reads them. */
export const SELECT_REQUESTS =
  "SELECT requests.*, callers.identity FROM requests JOIN callers ON callers.id = requests.caller";
/** Days in the middle and quarters at both ends, each found by the primary key; its values are `spanValues`. */
const WITHIN = [DAY, QUARTER, QUARTER]
  .map((span) => `SELECT * FROM totals WHERE span = ${span} AND scope = ? AND start >= ? AND start < ?`)
  .join(" UNION ALL ");
export const SELECT_TOTALS = `SELECT ${SUMS} FROM (${WITHIN}) WHERE name = ?`;
export const SELECT_BREAKDOWN = `SELECT name, ${SUMS} FROM (${WITHIN}) GROUP BY name`;

/** A row that was written, for what is kept beside it. */
export interface WrittenRequest {
  readonly seq: number;
  readonly record: RequestRecord;
}

/** What one transaction is to write. */
export interface Batch {
  readonly records: readonly RequestRecord[];
  /** What the records add to the totals; also of records that are not kept. */
  readonly tally: Iterable<TallyEntry>;
  readonly opened: readonly OpenRequest[];
  /** Ids of requests that are open no longer. */
  readonly closed: readonly string[];
}

/** The ledger's SQL. Every method may throw what SQLite says; whoever calls decides what that means. */
export class LedgerStore {
  private readonly statements = new Map<string, StatementSync>();
  private readonly callers = new Map<string, number>();
  /** The same by the object: most requests of a gateway key share one. */
  private seenCallers = new WeakMap<Caller, number>();

  /** @param engine this engine's id, under which it notes what is running */
  constructor(
    readonly database: DatabaseSync,
    readonly engine: string,
  ) {}

  /** Runs work in one transaction that no other engine can come between. */
  transaction<T>(work: () => T): T {
    this.database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.database.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk ends the transaction by itself.
      if (this.database.isTransaction) this.database.exec("ROLLBACK");
      this.callers.clear();
      this.seenCallers = new WeakMap();
      throw error;
    }
  }

  /** To be called in a transaction. @returns the rows that were written */
  write({ records, tally, opened, closed }: Batch): WrittenRequest[] {
    const corrections = new Tally();
    const written: WrittenRequest[] = [];
    for (const record of records) {
      const seq = this.addRequest(record) ?? this.replaceLost(record, corrections);
      if (seq === undefined) corrections.add(record, -1);
      else written.push({ seq, record });
    }
    this.addTally(tally);
    this.addTally(corrections.all());
    for (const request of opened) this.open(request);
    this.closeAll(closed);
    return written;
  }

  open({ sent, ...content }: OpenRequest, engine = this.engine): void {
    this.run(
      "INSERT OR REPLACE INTO open_requests (id, engine, sent, content) VALUES (?, ?, ?, ?)",
      content.record.id,
      engine,
      sent ? 1 : 0,
      JSON.stringify(content),
    );
  }

  private closeAll(ids: readonly string[]): void {
    for (const id of ids) this.run("DELETE FROM open_requests WHERE id = ?", id);
  }

  /** What other engines have running. */
  openElsewhere(): OpenRequest[] {
    const rows = this.all("SELECT sent, content FROM open_requests WHERE engine <> ?", this.engine);
    return rows.map(openOf);
  }

  totals(scope: Scope, range: TimeRange): Totals {
    const row = this.statement(SELECT_TOTALS).get(...spanValues(scope.kind, range), scope.name);
    return totalsIn(row);
  }

  breakdown(kind: ScopeKind, range: TimeRange): Map<string, Totals> {
    const rows = this.all(SELECT_BREAKDOWN, ...spanValues(kind, range));
    return new Map(rows.map((row) => [String(row.name), totalsIn(row)]));
  }

  /** Records that began in a range, which should be a short one. */
  recordsWithin({ from, until }: TimeRange): RequestRecord[] {
    return this.all(`${SELECT_REQUESTS} WHERE started_at >= ? AND started_at < ?`, from, until).map(recordOf);
  }

  /** Records that began in a range, of those that were written after the row with a number; and the last number. */
  recordsSince(seq: number, { from, until }: TimeRange): { records: RequestRecord[]; seq: number } {
    const last = Number(this.statement("SELECT max(seq) AS last FROM requests").get()?.last ?? 0);
    // The few new rows are found by their numbers, all of a short time by its index.
    const time = seq === 0 ? "started_at" : "+started_at";
    const rows = this.all(
      `${SELECT_REQUESTS} WHERE seq > ? AND seq <= ? AND ${time} >= ? AND ${time} < ?`,
      seq,
      last,
      from,
      until,
    );
    return { records: rows.map(recordOf), seq: last };
  }

  request(id: string): RequestRecord | undefined {
    const row = this.statement(`${SELECT_REQUESTS} WHERE requests.id = ?`).get(id);
    return row && recordOf(row);
  }

  /** Says that this engine lives, for another that looks after the dead ones' requests. */
  noteAlive(pid: number, now: number): void {
    this.run("INSERT OR REPLACE INTO engines (id, pid, seen_at) VALUES (?, ?, ?)", this.engine, pid, now);
  }

  forgetEngine(id: string): void {
    this.run("DELETE FROM engines WHERE id = ?", id);
  }

  otherEngines(): { id: string; pid: number; seenAt: number }[] {
    const rows = this.all(
      `SELECT id, pid, seen_at FROM engines WHERE id <> ?1
       UNION SELECT engine, 0, 0 FROM open_requests WHERE engine <> ?1 AND engine NOT IN (SELECT id FROM engines)`,
      this.engine,
    );
    return rows.map(({ id, pid, seen_at }) => ({
      id: String(id),
      pid: Number(pid),
      seenAt: Number(seen_at),
    }));
  }

  /**
   * Turns what a dead engine left into rows: as they were where they had settled, else estimated. To be called in a
   * transaction. What is in the database already is not added again.
   * @returns what was written
   */
  settleLost(engine: string, { settled, begun }: LeftRequests): WrittenRequest[] {
    for (const request of begun) this.open(request, engine);
    this.closeAll(settled.map(({ id }) => id));
    const open = this.all("SELECT sent, content FROM open_requests WHERE engine = ?", engine);
    const lost = open.flatMap((row) => lostRequest(openOf(row)) ?? []);
    const records = [...settled, ...lost].map(wellFormed);
    const tally = new Tally();
    for (const record of records) tally.add(record);
    const written = this.write({ records, tally: tally.all(), opened: [], closed: [] });
    this.run("DELETE FROM open_requests WHERE engine = ?", engine);
    this.forgetEngine(engine);
    return written;
  }

  /** @returns how many were deleted */
  deleteOldest(count: number, startedBefore: number): number {
    const { changes } = this.statement(
      `DELETE FROM requests WHERE seq IN
       (SELECT seq FROM requests WHERE started_at < ? ORDER BY started_at LIMIT ?)`,
    ).run(startedBefore, count);
    return Number(changes);
  }

  /** Of old quarters the days they add up to stay. @returns how many were deleted */
  deleteQuarters(count: number, before: number): number {
    const { changes } = this.statement(
      `DELETE FROM totals WHERE span = ${QUARTER} AND (scope, start, name) IN
       (SELECT scope, start, name FROM totals WHERE span = ${QUARTER} AND start < ? LIMIT ?)`,
    ).run(Math.floor(before / DAY_MS) * DAY_MS, count);
    return Number(changes);
  }

  meta(name: string): string | undefined {
    const value = this.statement("SELECT value FROM meta WHERE name = ?").get(name)?.value;
    return typeof value === "string" ? value : undefined;
  }

  setMeta(name: string, value: string): void {
    this.run("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, value);
  }

  addTally(entries: Iterable<TallyEntry>): void {
    for (const entry of entries) {
      this.addTotals(QUARTER, entry);
      this.addTotals(DAY, { ...entry, start: Math.floor(entry.start / DAY_MS) * DAY_MS });
    }
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.statement(sql).all(...values);
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.statement(sql).run(...values);
  }

  statement(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  private addRequest(record: RequestRecord): number | undefined {
    const { changes, lastInsertRowid } = this.statement(ADD_REQUEST).run(
      ...valuesOf(record, this.callerId(record)),
    );
    return changes === 0 ? undefined : Number(lastInsertRowid);
  }

  /**
   * An engine that was only thought dead (a machine that slept) settles after all: what really happened takes the
   * place of the estimate.
   * @returns undefined if the row that is there is no estimate of ours
   */
  private replaceLost(record: RequestRecord, corrections: Tally): number | undefined {
    const before = this.request(record.id);
    if (before?.errorCode !== ENGINE_LOST) return undefined;
    corrections.add(before, -1);
    this.run("DELETE FROM requests WHERE id = ?", record.id);
    return this.addRequest(record);
  }

  private callerId({ caller }: RequestRecord): number {
    const seen = this.seenCallers.get(caller);
    if (seen !== undefined) return seen;
    const identity = identityOf(caller);
    const id = this.callers.get(identity) ?? this.newCallerId(caller, identity);
    this.seenCallers.set(caller, id);
    return id;
  }

  private newCallerId(caller: Caller, identity: string): number {
    this.run(
      "INSERT INTO callers (identity, kind, name, folder) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
      identity,
      caller.kind,
      caller.name,
      caller.workspace?.folder ?? null,
    );
    const id = Number(this.statement("SELECT id FROM callers WHERE identity = ?").get(identity)?.id);
    this.callers.set(identity, id);
    return id;
  }

  private addTotals(span: number, { scope, start, totals }: TallyEntry): void {
    const statement = this.statement(ADD_TOTALS);
    statement.run(span, scope.kind, start, scope.name, ...TOTALS_FIELDS.map((field) => totals[field]));
  }
}

function totalsIn(row: Row | undefined): Totals {
  const totals: Record<string, number> = { ...NO_TOTALS };
  for (const field of TOTALS_FIELDS) totals[field] = Number(row?.[field] ?? 0);
  return totals as unknown as Totals;
}

function openOf(row: Row): OpenRequest {
  const content = JSON.parse(String(row.content)) as Omit<OpenRequest, "sent">;
  return { ...content, sent: row.sent === 1 };
}

/** Whole days of UTC from the days' totals, what is before and behind them from the quarters'. */
function spanValues(kind: ScopeKind, { from, until }: TimeRange): SQLInputValue[] {
  const firstDay = Math.ceil(from / DAY_MS) * DAY_MS;
  const lastDay = Math.floor(until / DAY_MS) * DAY_MS;
  if (firstDay >= lastDay) return [kind, 0, 0, kind, from, until, kind, 0, 0];
  return [kind, firstDay, lastDay, kind, from, firstDay, kind, lastDay, until];
}
