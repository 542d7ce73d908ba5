import { randomUUID } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { logSafeText } from "../../core/errors";
import type { RequestPage, RequestQuery } from "../../core/governance/ledgerQuery";
import { addHeld, type Held, NOTHING_HELD, type OpenRequest } from "../../core/governance/openRequest";
import { periodRange, type TimeRange } from "../../core/governance/period";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { type Scope, type ScopeKind, sameScope, scopesOf, type Totals } from "../../core/governance/spend";
import type { LedgerStatus } from "../../core/rpc/contract";
import type { Log } from "../log/log";
import { LedgerBuffer } from "./ledgerBuffer";
import { LedgerFile } from "./ledgerFile";
import { LedgerReader } from "./ledgerReader";
import type { LedgerStore, WrittenRequest } from "./ledgerStore";
import { settleDeadEngines } from "./lostEngines";
import { Maintenance, type Retention } from "./maintenance";
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
  private readonly running = new Map<string, OpenRequest>();
  private readonly file: LedgerFile;
  private readonly reader: LedgerReader;
  private readonly maintenance: Maintenance;
  private readonly now: () => number;
  private timer: NodeJS.Timeout | undefined;
  private aliveAt = 0;
  private lastUse = 0;

  constructor(private readonly options: LedgerOptions) {
    this.now = options.now ?? Date.now;
    const { folder, log } = options;
    this.file = new LedgerFile(folder, this.engine, log, this.now, (store) => this.takeOver(store));
    this.reader = new LedgerReader(this.file, this.buffer);
    this.maintenance = new Maintenance(
      this.file,
      this.now,
      () => this.isIdle(),
      () => this.lookAfterEngines(),
    );
    if (folder === undefined) log.info("no data folder: requests and spend are kept in memory only");
    if (!this.file.memoryOnly) this.maintenance.start();
  }

  /** Takes a settled request; it is written within a tenth of a second. */
  append(record: RequestRecord): void {
    const row = wellFormed(record);
    this.running.delete(row.id);
    this.buffer.close(row.id);
    this.buffer.add(row);
    if (this.buffer.size >= COLLECT_ROWS && this.file.notices.length === 0) this.flush();
    else this.writeSoon();
  }

  /** Notes that a request is running, so that it is accounted for if the engine is killed. Written with the rows. */
  opened(request: OpenRequest): void {
    this.running.set(request.record.id, request);
    this.buffer.open(request);
    this.writeSoon();
  }

  /** A request that was held for, and then came to nothing at all: no row, no cost. */
  released(id: string): void {
    if (!this.running.delete(id)) return;
    this.buffer.close(id);
    this.writeSoon();
  }

  /**
   * Decides about a request with everything that is spent and held in view, in one transaction: of a hundred at
   * once each sees what was held for those before it. What `work` throws ends it without anything held.
   */
  transaction<T>(work: (spend: SpendTransaction) => T): T {
    const store = this.begin();
    const holding: OpenRequest[] = [];
    let elsewhere: OpenRequest[] | undefined;
    let result: T;
    try {
      result = work({
        spent: (scope, range) => this.totals(scope, range),
        held: (scope, range, exceptId) => {
          elsewhere ??= this.openElsewhere();
          const others = [...this.running.values(), ...holding, ...elsewhere];
          return heldOf(
            exceptId === undefined ? others : others.filter(({ record }) => record.id !== exceptId),
            scope,
            range,
          );
        },
        hold: (request) => holding.push(request),
      });
    } catch (error) {
      if (store) this.end(store, "ROLLBACK");
      throw error;
    }
    for (const request of holding) this.running.set(request.record.id, request);
    const written =
      store !== undefined &&
      this.tried(() => {
        for (const request of holding) store.open(request);
      }) &&
      this.end(store, "COMMIT");
    if (!written) {
      if (store?.database.isOpen) this.end(store, "ROLLBACK");
      for (const request of holding) this.buffer.open(request);
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
    return heldOf([...this.running.values(), ...this.openElsewhere()], scope, range);
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

  /** Today's and this month's totals of everything. */
  spend(): { readonly today: Totals; readonly month: Totals } {
    const now = this.now();
    const scope: Scope = { kind: "all", name: "" };
    return {
      today: this.totals(scope, periodRange("day", now)),
      month: this.totals(scope, periodRange("month", now)),
    };
  }

  /** Writes what is not written yet, if it can be written. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.buffer.isEmpty) return;
    const store = this.file.writable();
    if (store && this.tried(() => this.write(store))) this.buffer.clear();
    else if (!this.file.memoryOnly) this.writeSoon();
  }

  /** Writes a last time and closes the file. */
  close(): void {
    this.maintenance.stop();
    this.flush();
    clearTimeout(this.timer);
    const { store } = this.file;
    if (store && this.running.size === 0) this.tried(() => store.forgetEngine(this.engine));
    this.file.close();
    if (this.buffer.size > 0 && !this.file.memoryOnly)
      this.options.log.error(`${this.buffer.size} requests could not be written to the ledger and are lost`);
  }

  private write(store: LedgerStore): void {
    const now = this.now();
    store.transaction(() => {
      const written = store.write(this.buffer.batch());
      this.options.onWritten?.(store.database, written);
      if (now - this.aliveAt > ALIVE_MS || now < this.aliveAt) {
        store.noteAlive(process.pid, now);
        this.aliveAt = now;
      }
    });
  }

  private begin(): LedgerStore | undefined {
    const store = this.file.writable();
    return store && this.tried(() => store.database.exec("BEGIN IMMEDIATE")) ? store : undefined;
  }

  private end(store: LedgerStore, how: "COMMIT" | "ROLLBACK"): boolean {
    return this.tried(() => {
      if (how === "COMMIT" || store.database.isTransaction) store.database.exec(how);
    });
  }

  /** @returns whether it worked; a fault of the file is dealt with, one of our own is logged */
  private tried(work: () => void): boolean {
    try {
      work();
      this.file.worked();
      return true;
    } catch (error) {
      if (this.file.failed(error) === undefined)
        this.options.log.error(`the ledger failed: ${logSafeText(error)}`);
      return false;
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
    store.transaction(() => {
      settleDeadEngines(store, this.now(), this.options.onWritten);
      store.noteAlive(process.pid, this.now());
    });
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

function heldOf(requests: readonly OpenRequest[], scope: Scope, { from, until }: TimeRange): Held {
  let sum = NOTHING_HELD;
  for (const { record, held } of requests) {
    if (!held || record.startedAt < from || record.startedAt >= until) continue;
    if (scopesOf(record).some((one) => sameScope(one, scope))) sum = addHeld(sum, held);
  }
  return sum;
}
