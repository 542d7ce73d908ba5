import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { MIGRATIONS, type Migration } from "./migrations";
import { loadSqlite, storeFault } from "./sqlite";

export const LEDGER_FILE = "ledger.sqlite";

/** How long a write waits for another engine's, in milliseconds: the engine does nothing else meanwhile. */
const BUSY_MS = 250;
/** Files up to here are checked whole when they are opened (some ms); a larger one shows its damage when it is read. */
const CHECKED_BYTES = 16 * 1024 * 1024;
/** Checkpoints are made when nothing runs; this is how large the log grows otherwise, in pages of 4 KB. */
const CHECKPOINT_PAGES = 4_000;

/** open: to be used. newer: of a newer version, not to be touched. damaged, unwritable: cannot be used, and why. */
export type OpenedDatabase =
  | { readonly kind: "open"; readonly database: DatabaseSync; readonly migratedFrom: number }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "damaged" | "unwritable" | "busy"; readonly error: unknown }
  | { readonly kind: "unavailable" };

/** Opens the ledger's database, made anew if there is none, and brings it to the present schema. Never throws. */
export function openDatabase(file: string, migrations: readonly Migration[] = MIGRATIONS): OpenedDatabase {
  const sqlite = loadSqlite();
  if (!sqlite) return { kind: "unavailable" };
  let database: DatabaseSync | undefined;
  try {
    makePrivate(file);
    database = new sqlite.DatabaseSync(file, { timeout: BUSY_MS });
    const before = versionOf(database);
    if (before > (migrations.at(-1)?.version ?? 0)) {
      database.close();
      return { kind: "newer", version: before };
    }
    // Takes effect only in a file that is still empty.
    if (before === 0) database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
       PRAGMA journal_size_limit = ${CHECKPOINT_PAGES * 4096}; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF`,
    );
    migrate(database, migrations);
    if (statSync(file).size <= CHECKED_BYTES) check(database);
    return { kind: "open", database, migratedFrom: before };
  } catch (error) {
    closeQuietly(database);
    return { kind: storeFault(error) ?? "unwritable", error };
  }
}

/** Only the person's own account may read it; SQLite gives the files beside it the same mode. */
export function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) closeSync(openSync(file, "a", 0o600));
  else if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version ?? 0);
}

/** Each step in a transaction of its own; of two engines that start at once, the second finds it done. */
function migrate(database: DatabaseSync, migrations: readonly Migration[]): void {
  for (const { version, sql } of migrations) {
    if (versionOf(database) >= version) continue;
    database.exec("BEGIN IMMEDIATE");
    try {
      if (versionOf(database) < version) database.exec(`${sql};PRAGMA user_version = ${version}`);
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
}

class Damage extends Error {
  readonly errcode = 11;
}

function check(database: DatabaseSync): void {
  const found = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (found !== "ok") throw new Damage("quick_check");
}

export function closeQuietly(database: DatabaseSync | undefined): void {
  try {
    database?.close();
  } catch {
    // It was not open, or cannot be closed: there is nothing more to be done with it.
  }
}

/**
 * Moves a file that cannot be used out of the way, with what belongs to it.
 * @returns its new name in the folder
 * @throws what the file system says
 */
export function setAside(file: string, now: number): string {
  const time = new Date(now).toISOString().replace(/[:.]/g, "-");
  const name = `ledger.damaged-${time}.sqlite`;
  const target = join(dirname(file), name);
  renameSync(file, target);
  for (const suffix of ["-wal", "-shm"]) {
    if (existsSync(file + suffix)) renameSync(file + suffix, target + suffix);
  }
  return name;
}
