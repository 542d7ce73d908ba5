import { FINE_MS } from "../../core/governance/tally";
import type { LedgerFile } from "./ledgerFile";
import type { LedgerStore } from "./ledgerStore";

/** How long and how much of it is kept; totals outlive the rows. */
export interface Retention {
  readonly retentionDays: number;
  readonly maxMb: number;
}

export const DEFAULT_RETENTION: Retention = { retentionDays: 400, maxMb: 200 };

const DAY_MS = 24 * 60 * 60_000;
/** How often is looked whether there is something to do, in milliseconds. */
const EVERY_MS = 60_000;
/** Between two steps, so that requests come first. */
const PAUSE_MS = 50;
/** The same for an engine that always has requests running. */
const BUSY_PAUSE_MS = 1_000;
/** After so long without a moment of rest it is done beside the requests. */
const OVERDUE_MS = 60 * 60_000;
/** Rows that are deleted in one step, and pages that are given back: some milliseconds each. */
const ROWS = 500;
const PAGES = 256;
/** Free pages up to here are kept for the next rows. */
const SPARE_PAGES = 1_024;

/** Keeps the ledger to its limits, in small steps and while no request is running, if there ever is such a time. */
export class Maintenance {
  private retention = DEFAULT_RETENTION;
  private doneAt: number;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param isIdle whether no request is running
   * @param onRound called before each round, whether idle or not
   */
  constructor(
    private readonly file: LedgerFile,
    private readonly now: () => number,
    private readonly isIdle: () => boolean,
    private readonly onRound: () => void,
  ) {
    this.doneAt = now();
  }

  configure(retention: Retention): void {
    this.retention = retention;
  }

  start(): void {
    this.again(EVERY_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** One step. @returns whether there is more to do */
  step(): boolean {
    const { store } = this.file;
    if (!store) return false;
    try {
      return this.work(store);
    } catch (error) {
      if (this.file.failed(error) === undefined) throw error;
      return false;
    }
  }

  private round(): void {
    this.file.checkPlace();
    this.onRound();
    const isIdle = this.isIdle();
    const isDue = isIdle || Math.abs(this.now() - this.doneAt) > OVERDUE_MS;
    const more = isDue && this.step();
    if (isDue && !more) this.doneAt = this.now();
    this.again(!more ? EVERY_MS : isIdle ? PAUSE_MS : BUSY_PAUSE_MS);
  }

  private again(milliseconds: number): void {
    this.timer = setTimeout(() => this.round(), milliseconds);
    this.timer.unref();
  }

  private work(store: LedgerStore): boolean {
    if (this.deleteOld(store) || this.deleteOverSize(store)) return true;
    if (pragma(store, "freelist_count") > SPARE_PAGES) {
      store.database.exec(`PRAGMA incremental_vacuum(${PAGES})`);
      return true;
    }
    if (this.file.logBytes() > 0) store.database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return false;
  }

  private deleteOld(store: LedgerStore): boolean {
    const now = this.now();
    const keptMs = this.retention.retentionDays * DAY_MS;
    return store.transaction(() => {
      const rows = store.deleteOldest(ROWS, now - keptMs);
      // A local month begins within a day of UTC, so budgets are measured with its first quarters to its end.
      const totals = store.deleteQuarters(ROWS, now - Math.max(keptMs, FINE_MS));
      return rows > 0 || totals > 0;
    });
  }

  private deleteOverSize(store: LedgerStore): boolean {
    const pages = pragma(store, "page_count") - pragma(store, "freelist_count");
    // What the audit keeps has a limit of its own, and must not cost the ledger its rows.
    const bytes = pages * pragma(store, "page_size") - auditBytes(store);
    if (bytes <= this.retention.maxMb * 1024 * 1024) return false;
    return store.transaction(() => store.deleteOldest(ROWS, Number.MAX_SAFE_INTEGER) > 0);
  }
}

function pragma(store: LedgerStore, name: "freelist_count" | "page_count" | "page_size"): number {
  return Number(store.database.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

function auditBytes(store: LedgerStore): number {
  return Number(store.statement("SELECT bytes FROM audit_head").get()?.bytes ?? 0);
}
