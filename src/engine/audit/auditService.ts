import type { DatabaseSync } from "node:sqlite";
import { setImmediate, setTimeout as wait } from "node:timers/promises";
import { type AuditConfig, type AuditLevel, auditSchema } from "../../core/config/schema";
import { logSafeText, PosternError } from "../../core/errors";
import type {
  AuditEntry,
  AuditedRequest,
  AuditFilter,
  ExportedRequest,
} from "../../core/governance/audit/auditEntry";
import { auditLevelFor } from "../../core/governance/audit/auditLevel";
import type { AuditVerdict } from "../../core/governance/audit/auditVerdict";
import type { Caller } from "../../core/governance/caller";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { storeFault } from "../ledger/sqlite";
import type { Log } from "../log/log";
import type { SecretDetector } from "../secrets/secretDetector";
import { AuditStore, type StoredContent } from "./auditStore";
import { type AuditTrail, type CollectedContent, EmptyTrail, FullTrail, MemoryBudget } from "./auditTrail";
import { prepareContent } from "./keepContent";
import { verifyAuditFile } from "./verifyAudit";

/** What all requests together may hold in memory for the audit. */
const MEMORY_BYTES = 64 * 1024 * 1024;
const DAY_MS = 24 * 60 * 60_000;
/** How many settled requests' levels are remembered until their rows are written. */
const REMEMBERED = 20_000;
/** How often is looked whether there is too much, and the pause between two steps, in milliseconds. */
const EVERY_MS = 60_000;
const PAUSE_MS = 50;
/** How often a content is tried to be written, and after how many milliseconds again. */
const TRIES = 3;
const AGAIN_MS = 1_000;
/** Contents that are deleted in one step where there is too much. */
const CONTENTS = 50;

/** The database, where there is one. */
export interface AuditDatabase {
  onDatabase<T>(work: (database: DatabaseSync) => T): T | undefined;
}

export interface AuditOptions {
  readonly detector: Pick<SecretDetector, "redactJson" | "redactText">;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Memory for what is being collected, in bytes; tests have less. */
  readonly memoryBytes?: number;
}

/** A request that the audit is to follow. */
export interface AuditedStart {
  readonly caller: Caller;
  /** A policy rule may turn out to want everything kept, so it is collected. */
  readonly mayBeForced?: boolean;
}

/** Keeps what the settings, or a rule, want kept of requests. Nothing here throws into a request. */
export class AuditService {
  private config: AuditConfig = auditSchema.parse({});
  private database: AuditDatabase = { onDatabase: () => undefined };
  private store: { readonly database: DatabaseSync; readonly store: AuditStore } | undefined;
  private readonly budget: MemoryBudget;
  /** Of the latest requests that are settled, where it is another than the settings say. */
  private readonly levels = new Map<string, AuditLevel>();
  private queue: Promise<void> = Promise.resolve();
  private failing = false;
  private hadDatabase = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: AuditOptions) {
    this.budget = new MemoryBudget(options.memoryBytes ?? MEMORY_BYTES);
  }

  /** @param database whose `onWritten` is told to this service */
  use(database: AuditDatabase): void {
    this.database = database;
    this.maintainIn(EVERY_MS);
  }

  /** Waits for what is still being written. */
  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.queue;
  }

  /** @param waiting rows that are settled and not written: what held when they were is what holds for them */
  configure(config: AuditConfig, waiting: readonly RequestRecord[] = []): void {
    const held = waiting.map((record) => this.levelOf(record));
    this.config = config;
    for (const [index, record] of waiting.entries()) this.note(record, held[index] ?? "off");
  }

  /** Begins to follow a request. Costs nothing where nothing is to be kept of its content. */
  begin({ caller, mayBeForced = false }: AuditedStart): AuditTrail {
    const level = auditLevelFor(this.config, caller);
    const note = (record: RequestRecord, as: AuditLevel): void => this.note(record, as);
    if ((level !== "full" && !mayBeForced) || !this.hasDatabase())
      return new EmptyTrail((record) => note(record, level));
    return new FullTrail(
      this.budget,
      (record, content) => {
        note(record, "full");
        if (content.request.bytes + content.answer.bytes > 0) this.keep(record, content);
        else content.release();
      },
      (forced) => (forced ? "full" : level),
      note,
    );
  }

  /** To be told of the ledger's rows, in the transaction that writes them: each becomes a link of the chain. */
  readonly onWritten = (
    database: DatabaseSync,
    written: readonly { readonly record: RequestRecord }[],
  ): void => {
    try {
      const store = this.storeOf(database);
      const kept = written.filter(({ record }) => this.levelOf(record) !== "off");
      store.appendAll(
        kept.map(({ record }) => ({ kind: "request", record })),
        this.options.now(),
      );
    } catch (error) {
      // What the database says is the ledger's affair; a fault of ours must not cost it its rows.
      if (storeFault(error) !== undefined) throw error;
      this.failed(error);
    }
  };

  /** What is known of a request beside its record. */
  audited(id: string): AuditedRequest {
    const nothing: AuditedRequest = { level: "off" };
    const found = this.database.onDatabase((database): AuditedRequest => {
      const store = this.storeOf(database);
      const kept = store.content(id);
      if (kept?.entry.kind !== "content") return { level: store.has(id) ? "metadata" : "off" };
      const { missing, request, answer } = kept.entry;
      if (missing !== undefined) return { level: "full", missing };
      if (kept.content) return { level: "full", content: kept.content };
      return { level: "full", ...(request || answer ? { contentRemoved: true as const } : {}) };
    });
    return found ?? nothing;
  }

  /** Ids of the requests that a filter means, the latest first. */
  find(filter: AuditFilter, limit: number): readonly string[] {
    return this.database.onDatabase((database) => this.storeOf(database).find(filter, limit)) ?? [];
  }

  /** The requests that a filter means, the oldest first. */
  exported(filter: AuditFilter, withContent: boolean): Iterable<ExportedRequest> {
    return this.database.onDatabase((database) => this.storeOf(database).exported(filter, withContent)) ?? [];
  }

  /** Checks the chain, beside running requests. */
  async verify(): Promise<AuditVerdict> {
    await this.settled();
    const file = this.database.onDatabase(fileOf);
    if (file) return verifyAuditFile(file);
    return { faults: ["there is no database"], rows: 0, removed: 0, head: { seq: 0, hash: "" } };
  }

  /** Deletes what was kept: the texts alone, or the audit's rows too. @returns how many rows it concerned */
  async remove(filter: AuditFilter, what: "content" | "rows"): Promise<number> {
    await this.settled();
    let removed = 0;
    for (;;) {
      const now = this.options.now();
      const step = this.inTransaction((store) =>
        what === "content" ? store.removeContent(filter, "person", now) : store.removeRows(filter, now),
      );
      if (!step) break;
      removed += step;
      await setImmediate();
    }
    return removed;
  }

  /** One step of keeping to the limits of age and size. @returns whether there is more to do */
  maintain(): boolean {
    const now = this.options.now();
    const { retentionDays, maxMb } = this.config;
    const step = this.tried((store) => {
      if (store.removeBeginning(now - retentionDays * DAY_MS, "age", now) > 0) return true;
      if (store.head().bytes <= maxMb * 1024 * 1024) return false;
      return (
        store.removeOldestContent(CONTENTS, now) > 0 ||
        store.removeBeginning(Number.MAX_SAFE_INTEGER, "size", now) > 0
      );
    });
    return step ?? false;
  }

  /** Resolves when everything that was settled so far is written. */
  settled(): Promise<void> {
    return this.queue;
  }

  /** What is held in memory for requests now, in bytes. */
  get inMemory(): number {
    return this.budget.inUse;
  }

  private maintainIn(milliseconds: number): void {
    this.timer = setTimeout(() => this.maintainIn(this.maintain() ? PAUSE_MS : EVERY_MS), milliseconds);
    this.timer.unref();
  }

  private levelOf({ id, caller }: RequestRecord): AuditLevel {
    return this.levels.get(id) ?? auditLevelFor(this.config, caller);
  }

  /** Rows that could not be written come again, so a level is remembered for a while. */
  private note({ id, caller }: RequestRecord, level: AuditLevel): void {
    if (level === auditLevelFor(this.config, caller)) return;
    this.levels.set(id, level);
    if (this.levels.size <= REMEMBERED) return;
    const [oldest] = this.levels.keys();
    if (oldest !== undefined) this.levels.delete(oldest);
  }

  private keep(record: RequestRecord, content: CollectedContent): void {
    this.queue = this.queue.then(async () => {
      try {
        const { request, answer } = content;
        // Where there was no memory for any of it, that is what is said.
        if (request.keptBytes + answer.keptBytes === 0) {
          await this.write({ kind: "content", id: record.id, missing: "too much was kept at the same time" });
          return;
        }
        const { entry, stored } = await prepareContent(record, content, this.options.detector);
        await this.write(entry, stored);
      } catch (error) {
        this.failed(error);
      } finally {
        content.release();
      }
    });
  }

  /** A database that is busy, or cannot be written for a moment, is tried again. */
  private async write(entry: AuditEntry, content?: StoredContent): Promise<void> {
    for (let left = TRIES; left > 0; left--) {
      const seq = this.inTransaction((store) => store.append(entry, this.options.now(), content));
      if (seq !== undefined) return;
      await wait(AGAIN_MS, undefined, { ref: false });
    }
    this.failed(new PosternError("internal", "the database cannot be written"));
  }

  /** Where there is none, what was to be kept is not collected, and that is said once. */
  private hasDatabase(): boolean {
    // One that cannot be written for a moment comes back.
    this.hadDatabase ||= this.database.onDatabase(() => true) === true;
    if (this.hadDatabase) return true;
    this.failed(new PosternError("internal", "there is no database to keep it in"));
    return false;
  }

  private inTransaction<T>(work: (store: AuditStore) => T): T | undefined {
    return this.database.onDatabase((database) => {
      try {
        // What is deleted is overwritten, and does not wait in a free page for somebody to read it.
        database.exec("PRAGMA secure_delete = ON; BEGIN IMMEDIATE");
        const result = work(this.storeOf(database));
        database.exec("COMMIT; PRAGMA secure_delete = OFF");
        this.failing = false;
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec("ROLLBACK");
        this.failed(error);
        throw error;
      }
    });
  }

  /** For work of our own that nobody waits for: a fault is logged and no more. */
  private tried<T>(work: (store: AuditStore) => T): T | undefined {
    try {
      return this.inTransaction(work);
    } catch {
      return undefined;
    }
  }

  private storeOf(database: DatabaseSync): AuditStore {
    if (this.store?.database !== database) this.store = { database, store: new AuditStore(database) };
    return this.store.store;
  }

  private failed(error: unknown): void {
    if (!this.failing) this.options.log.warn(`the audit could not keep a request: ${logSafeText(error)}`);
    this.failing = true;
  }
}

function fileOf(database: DatabaseSync): string | undefined {
  const file = database.prepare("PRAGMA database_list").get()?.file;
  return typeof file === "string" && file !== "" ? file : undefined;
}
