import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { logSafeText } from "../../core/errors";
import type { LedgerNotice } from "../../core/rpc/contract";
import type { Log } from "../log/log";
import { closeQuietly, LEDGER_FILE, openDatabase, setAside } from "./database";
import { LedgerStore } from "./ledgerStore";
import { type StoreFault, storeFault } from "./sqlite";

/** After how long a disk that could not be written is tried again, in milliseconds. */
const RETRY_MS = 5_000;
/** The same for a file that another program has locked: each try holds the engine up. */
const BUSY_RETRY_MS = 1_000;
/** A file that is locked for longer is told of. */
const BUSY_TOLD_MS = 10_000;

/**
 * The ledger's file with all that can befall it: missing, damaged, not writable, or a newer version's. Whatever it
 * is, the person is told and nothing is thrown; while there is no store, the ledger goes on in memory.
 */
export class LedgerFile {
  private current: LedgerStore | undefined;
  private readonly told = new Map<LedgerNotice["kind"], LedgerNotice>();
  private retryAt = 0;
  private busySince: number | undefined;
  private inode: number | undefined;
  private readonly file: string | undefined;
  private forever: boolean;

  /**
   * @param folder the data folder; undefined keeps everything in memory
   * @param engine this engine's id
   * @param onOpened called with each store before it is used; what it throws counts as a fault of the file
   */
  constructor(
    folder: string | undefined,
    private readonly engine: string,
    private readonly log: Log,
    private readonly now: () => number,
    private readonly onOpened: (store: LedgerStore) => void,
  ) {
    this.file = folder === undefined ? undefined : join(folder, LEDGER_FILE);
    this.forever = this.file === undefined;
    this.open();
  }

  /** What can be read; it need not be writable just now. */
  get store(): LedgerStore | undefined {
    return this.current;
  }

  /** Whether there never will be a file. */
  get memoryOnly(): boolean {
    return this.forever;
  }

  get notices(): readonly LedgerNotice[] {
    return [...this.told.values()];
  }

  /** The store to write to; undefined while there is none, or while it was found unwritable a moment ago. */
  writable(): LedgerStore | undefined {
    const wait = this.retryAt - this.now();
    // A clock that was set back makes nobody wait for longer.
    if (wait > 0 && wait <= RETRY_MS) return undefined;
    if (this.current === undefined) this.open();
    return this.current;
  }

  /** A write has worked. */
  worked(): void {
    this.busySince = undefined;
    if (this.told.delete("unwritable")) this.log.info("the ledger can be written again");
  }

  /**
   * Notes what an access to the store has thrown.
   * @returns undefined if it was no fault of the file
   */
  failed(error: unknown): StoreFault | undefined {
    const fault = storeFault(error);
    if (fault === "busy") this.busy(error);
    else if (fault === "damaged") {
      this.close();
      this.replaceDamaged(error);
    } else if (fault === "unwritable") {
      // Opened anew at the next try: the folder may have been moved or the disk mounted again.
      if (this.told.has("unwritable")) this.close();
      this.unwritable(error);
    }
    return fault;
  }

  /** Lets go of a file that somebody has moved or deleted, which the system would let us write for ever. */
  checkPlace(): void {
    if (!this.current || this.file === undefined) return;
    if (inodeOf(this.file) === this.inode) return;
    this.log.warn("the ledger's file was moved or deleted; a new one is begun");
    this.close();
    this.open();
  }

  /** What stands in the write-ahead log and not in the file itself yet. */
  logBytes(): number {
    return this.file === undefined ? 0 : (statSync(`${this.file}-wal`, { throwIfNoEntry: false })?.size ?? 0);
  }

  /** Closes for good. */
  end(): void {
    this.forever = true;
    this.close();
  }

  close(): void {
    closeQuietly(this.current?.database);
    this.current = undefined;
  }

  private open(): void {
    if (this.file === undefined || this.forever) return;
    const opened = openDatabase(this.file);
    switch (opened.kind) {
      case "open":
        this.use(new LedgerStore(opened.database, this.engine), this.file);
        break;
      case "busy":
        this.busy(opened.error);
        break;
      case "damaged":
        this.replaceDamaged(opened.error);
        break;
      case "unwritable":
        this.unwritable(opened.error);
        break;
      case "newer":
        this.forever = true;
        this.tell(
          "newer",
          "The ledger was written by a newer version of Postern, so this one leaves it alone and keeps its requests in memory. Update Postern, or close the windows that run the older one.",
        );
        break;
      case "unavailable":
        this.forever = true;
        this.tell(
          "unavailable",
          "This version of Node has no SQLite (it came with 22.5), so requests and spend are kept in memory and forgotten at the end.",
        );
    }
  }

  private use(store: LedgerStore, file: string): void {
    try {
      this.onOpened(store);
      this.current = store;
      this.inode = inodeOf(file);
    } catch (error) {
      closeQuietly(store.database);
      if (storeFault(error) === "busy") this.busy(error);
      else this.unwritable(error);
    }
  }

  private replaceDamaged(error: unknown): void {
    if (this.file === undefined) return;
    try {
      const name = setAside(this.file, this.now());
      this.tell(
        "damaged",
        `The ledger's file was damaged. It was set aside as ${name} in ${dirname(this.file)}, and a new one was begun: earlier requests and what was spent so far are missing from it.`,
      );
    } catch (cause) {
      this.unwritable(cause);
      return;
    }
    const again = openDatabase(this.file);
    if (again.kind === "open") this.use(new LedgerStore(again.database, this.engine), this.file);
    else this.unwritable("error" in again ? again.error : error);
  }

  /** Another engine writes, or something else has locked the file; a later write tries again. */
  private busy(error: unknown): void {
    const now = this.now();
    this.busySince ??= now;
    if (now - this.busySince > BUSY_TOLD_MS) this.unwritable(error);
    else this.retryAt = now + BUSY_RETRY_MS;
  }

  private unwritable(error: unknown): void {
    this.retryAt = this.now() + RETRY_MS;
    if (this.told.has("unwritable")) return;
    this.tell(
      "unwritable",
      `The ledger cannot be written (${reasonOf(error)}); requests go on, and are kept in memory until it can. Look at the disk and the folder ${this.file === undefined ? "" : dirname(this.file)}.`,
    );
  }

  private tell(kind: LedgerNotice["kind"], message: string): void {
    this.told.set(kind, { kind, message, since: this.now() });
    this.log.warn(message);
  }
}

function inodeOf(file: string): number | undefined {
  return statSync(file, { throwIfNoEntry: false })?.ino;
}

/** SQLite's own short text, e.g. "database or disk is full": there is nothing of a request in it. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && "errstr" in error && typeof error.errstr === "string") return error.errstr;
  return logSafeText(error);
}
