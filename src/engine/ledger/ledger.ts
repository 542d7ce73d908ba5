import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { logSafeText } from "../../core/errors";
import type { RequestPage, RequestQuery } from "../../core/governance/ledgerQuery";
import {
  addHeld,
  type Held,
  type OpenRequest,
  type RequestBeginning,
} from "../../core/governance/openRequest";
import { localDay, type Period, periodRange, type TimeRange } from "../../core/governance/period";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { EVERYTHING, type Scope, type ScopeKind, type Totals } from "../../core/governance/spend";
import { usageToday } from "../../core/governance/usageToday";
import type { LedgerStatus, UsageToday } from "../../core/rpc/contract";
import type { Log } from "../log/log";
import { Holds } from "./holds";
import { Journal } from "./journal";
import { LedgerBuffer } from "./ledgerBuffer";
import { LedgerFile } from "./ledgerFile";
import { LedgerReader } from "./ledgerReader";
import type { Batch, LedgerStore, WrittenRequest } from "./ledgerStore";
import { settleDeadEngines } from "./lostEngines";
import { Maintenance, type Retention } from "./maintenance";
import { type StoreFault, storeFault } from "./sqlite";
import { takeOverUsageToday } from "./usageToday";
import { wellFormed } from "./wellFormed";

/** How long rows are collected before they are written in one transaction, in milliseconds. */
const COLLECT_MS = 100;
/** Rows that are written at once, however short a time they were collected: about 3 ms of work. */
const COLLECT_ROWS = 200;
/** An engine with running requests says this often that it lives. */
const ALIVE_MS = 30_000;

export interface LedgerOptions {
  /** The data folder; undefined keeps everything in memory. */
  readonly folder: string | undefined;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** What is to be written in the same transaction as the rows. */
  readonly onWritten?: (database: DatabaseSync, written: readonly WrittenRequest[]) => void;
}

/** What a decision about a budget sees, while no other engine and no other request can come between. */
export interface SpendTransaction {
  /** Spent so far: settled requests that began in the range. */
  spent(scope: Scope, range: TimeRange): Totals;
  /**
   * Held for requests that are running, by every engine.
   * @param exceptId a request that is to be held for anew
   */
  held(scope: Scope, range: TimeRange, exceptId?: string): Held;
  /**
   * Notes a request as running, with what is held for it from now on, also in place of what was held before. Takes
   * effect when the transaction ends.
   */
  hold(request: OpenRequest): void;
}

/**
 * Every request and what it has cost, in SQLite where that can be had and in memory where not. Nothing here throws
 * into a request: what cannot be written now is kept and written later.
 */
export class Ledger {
  private readonly engine = randomUUID();
  private readonly buffer = new LedgerBuffer();
  private readonly running = new Holds();
  private readonly file: LedgerFile;
  private readonly reader: LedgerReader;
  private readonly maintenance: Maintenance;
  private readonly journal: Journal | undefined;
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;
  private aliveAt = 0;
  private lastUse = 0;

  constructor(private readonly options: LedgerOptions) {
    this.now = options.now ?? Date.now;
    const { folder, log } = options;
    this.file = new LedgerFile(folder, this.engine, log, this.now, (store) => {
      this.takeOver(store);
      for (const request of this.running.all()) this.buffer.open(request);
    });
    this.reader = new LedgerReader(this.file, this.buffer);
    this.maintenance = new Maintenance(
      this.file,
      this.now,
      () => this.isIdle(),
      () => this.lookAfterEngines(),
    );
    if (folder === undefined) log.info("no data folder: requests and spend are kept in memory only");
    if (folder === undefined || this.file.memoryOnly) return;
    this.journal = new Journal(folder, this.engine, log);
    this.maintenance.start();
  }

  /** Takes a settled request. It is in the journal after this turn, and in the database within a tenth of a second. */
  append(record: RequestRecord): void {
    const row = wellFormed(record);
    this.journal?.note({ settled: row });
    this.running.delete(row.id);
    this.buffer.close(row.id);
    this.buffer.add(row);
    if (this.buffer.size >= COLLECT_ROWS && this.file.notices.length === 0) this.flush();
    else this.writeSoon();
  }

  /** Notes that a request is running, so that it is accounted for if the engine is killed. Written with the rows. */
  opened(request: OpenRequest): void {
    this.running.set(request);
    this.note(request);
    this.writeSoon();
  }

  /**
   * Decides about a request with everything that is spent and held in view, in one transaction: of a hundred at
   * once each sees what was held for those before it. What `work` throws ends it without anything held.
   */
  transaction<T>(work: (spend: SpendTransaction) => T): T {
    const store = this.begin();
    const holding: OpenRequest[] = [];
    let elsewhere: Holds | undefined;
    let result: T;
    try {
      result = work({
        spent: (scope, range) => this.totals(scope, range),
        held: (scope, range, exceptId) => {
          elsewhere ??= new Holds([...this.openElsewhere(), ...holding]);
          const own = this.running.held(scope, range, exceptId);
          return addHeld(own, elsewhere.held(scope, range, exceptId));
        },
        hold: (request) => {
          holding.push(request);
          elsewhere?.set(request);
        },
      });
    } catch (error) {
      if (store) this.rollBack(store);
      throw error;
    }
    for (const request of holding) this.running.set(request);
    const written =
      store !== undefined &&
      this.tried(() => {
        for (const request of holding) store.open(request);
      }) &&
      this.tried(() => store.run("COMMIT"));
    if (written && holding.length > 0) this.file.worked();
    if (written) for (const { record } of holding) this.buffer.noted(record.id);
    else {
      if (store) this.rollBack(store);
      for (const request of holding) this.note(request);
      this.writeSoon();
    }
    return result;
  }

  /** What requests that began in the range have cost and used. */
  totals(scope: Scope, range: TimeRange): Totals {
    return this.reader.totals(scope, range);
  }

  /** The same for each name of a kind. */
  breakdown(kind: ScopeKind, range: TimeRange): Map<string, Totals> {
    return this.reader.breakdown(kind, range);
  }

  held(scope: Scope, range: TimeRange): Held {
    return addHeld(this.running.held(scope, range), new Holds(this.openElsewhere()).held(scope, range));
  }

  request(id: string): RequestRecord | undefined {
    return this.reader.request(id);
  }

  requests(query: RequestQuery): Promise<RequestPage> {
    this.flush();
    return this.reader.requests(query);
  }

  /** Runs work on the database outside of requests, e.g. a search; undefined where there is none or it failed. */
  onDatabase<T>(work: (database: DatabaseSync) => T): T | undefined {
    return this.reader.onStore(({ database }) => work(database));
  }

  configure(retention: Retention): void {
    this.maintenance.configure(retention);
  }

  status(): LedgerStatus {
    return {
      kept: this.file.store ? "disk" : "memory",
      unwritten: this.file.store ? this.buffer.size : 0,
      lost: this.buffer.lost,
      notices: this.file.notices,
    };
  }

  /** The local day's counts, with what it and the month have cost. */
  usageToday(): UsageToday {
    const now = this.now();
    const today = this.totals(EVERYTHING, periodRange("day", now));
    const month = this.totals(EVERYTHING, periodRange("month", now));
    return usageToday(localDay(now), today, month);
  }

  /** The period that now lies in. */
  period(period: Period): TimeRange {
    return periodRange(period, this.now());
  }

  /** Requests that are running, as far as the ledger was told of them; the latest first. */
  runningRequests(): readonly RequestBeginning[] {
    return this.running.beginnings();
  }

  /** Settled requests that are not in the database yet. */
  get unwritten(): readonly RequestRecord[] {
    return this.buffer.records;
  }

  /** Writes what is not written yet, if it can be written. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.buffer.isEmpty) return;
    const store = this.file.writable();
    const canWrite = store !== undefined && !store.database.isTransaction;
    const fault = canWrite ? this.faultOf(() => this.write(store, this.buffer.batch())) : "busy";
    if (store && fault === "ours") this.writeApart(store);
    if (fault === undefined) this.file.worked();
    if (fault === undefined || fault === "ours") {
      this.buffer.clear();
      this.journal?.clear();
    } else if (!this.file.memoryOnly) this.writeSoon();
  }

  /** Writes a last time and closes the file. */
  close(): void {
    this.maintenance.stop();
    this.flush();
    clearTimeout(this.timer);
    const { store } = this.file;
    if (store && this.running.size === 0) this.tried(() => store.forgetEngine(this.engine));
    const unwritten = this.file.memoryOnly ? 0 : this.buffer.size;
    this.file.end();
    const isKept = this.journal?.close(!this.buffer.isEmpty) ?? false;
    if (unwritten === 0) return;
    const what = isKept ? "will be when Postern starts again" : "are lost";
    this.options.log.error(`${unwritten} requests could not be written to the ledger and ${what}`);
  }

  /** A row that the database will not have must not keep the others from it. */
  private writeApart(store: LedgerStore): void {
    const { records, ...rest } = this.buffer.batch();
    this.faultOf(() => this.write(store, { ...rest, records: [] }));
    for (const record of records) {
      const alone = { records: [record], tally: [], opened: [], closed: [] };
      if (this.faultOf(() => this.write(store, alone)) !== undefined)
        this.options.log.error(`request ${record.id} could not be written to the ledger`);
    }
  }

  private write(store: LedgerStore, batch: Batch): void {
    const now = this.now();
    store.transaction(() => {
      this.writeBeside(store, store.write(batch));
      if (now - this.aliveAt > ALIVE_MS || now < this.aliveAt) {
        store.noteAlive(process.pid, now);
        this.aliveAt = now;
      }
    });
  }

  /** What is kept beside the rows is written with them or not at all, and never keeps them from being written. */
  private writeBeside({ database }: LedgerStore, written: readonly WrittenRequest[]): void {
    const { onWritten, log } = this.options;
    if (!onWritten || written.length === 0) return;
    database.exec("SAVEPOINT beside");
    try {
      onWritten(database, written);
    } catch (error) {
      if (storeFault(error) !== undefined) throw error;
      log.error(`what belongs to ${written.length} requests could not be written: ${logSafeText(error)}`);
      database.exec("ROLLBACK TO beside");
    }
    database.exec("RELEASE beside");
  }

  private note(request: OpenRequest): void {
    this.journal?.note({ begun: request });
    this.buffer.open(request);
  }

  private begin(): LedgerStore | undefined {
    const store = this.file.writable();
    return store && this.tried(() => store.run("BEGIN IMMEDIATE")) ? store : undefined;
  }

  private rollBack({ database }: LedgerStore): void {
    if (database.isOpen && database.isTransaction) this.tried(() => database.exec("ROLLBACK"));
  }

  private tried(work: () => void): boolean {
    return this.faultOf(work) === undefined;
  }

  /** @returns what went wrong; a fault of the file is dealt with, one of our own is logged */
  private faultOf(work: () => void): StoreFault | "ours" | undefined {
    try {
      work();
      return undefined;
    } catch (error) {
      const fault = this.file.failed(error);
      if (fault === undefined) this.options.log.error(`the ledger failed: ${logSafeText(error)}`);
      return fault ?? "ours";
    }
  }

  private openElsewhere(): OpenRequest[] {
    return this.reader.onStore((store) => store.openElsewhere()) ?? [];
  }

  private writeSoon(): void {
    this.lastUse = this.now();
    if (this.file.memoryOnly) return;
    this.timer ??= setTimeout(() => this.flush(), COLLECT_MS);
    this.timer.unref();
  }

  private isIdle(): boolean {
    return this.running.size === 0 && Math.abs(this.now() - this.lastUse) > 2_000;
  }

  private takeOver(store: LedgerStore): void {
    const { folder, log } = this.options;
    if (folder === undefined) return;
    const done = store.transaction(() => {
      const { written, forgetJournals } = settleDeadEngines(store, folder, this.now(), log);
      this.writeBeside(store, written);
      store.noteAlive(process.pid, this.now());
      return [forgetJournals, takeOverUsageToday(store, folder)];
    });
    for (const work of done) work();
    this.aliveAt = this.now();
  }

  private lookAfterEngines(): void {
    const store = this.file.writable();
    if (!store) return;
    this.tried(() => {
      if (this.running.size > 0 || store.otherEngines().length > 0) this.takeOver(store);
    });
  }
}
