import { rmSync } from "node:fs";
import { join } from "node:path";
import { logSafeText } from "../../core/errors";
import { makePrivate } from "../ledger/database";
import { loadSqlite } from "../ledger/sqlite";
import type { Log } from "../log/log";

/** Held by the one engine that owns the data folder; the system takes it back even from a killed process. */
export interface Ownership {
  release(): void;
}

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/**
 * Takes the ownership of the data folder, or finds it taken. Node has no file locks of its own; SQLite's are the
 * system's, on every platform, and `node:sqlite` is in every supported VS Code.
 * @returns undefined if another engine owns the folder
 */
export async function acquireOwnership(dataDir: string, log: Log): Promise<Ownership | undefined> {
  const sqlite = loadSqlite();
  if (!sqlite) return { release: () => {} };
  const file = join(dataDir, "engine.lock");
  const open = (): Ownership => {
    // Who may read it may lock it, and so keep every engine from starting.
    makePrivate(file);
    const database = new sqlite.DatabaseSync(file);
    try {
      database.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    } catch (error) {
      database.close();
      throw error;
    }
    return { release: () => database.close() };
  };
  try {
    return open();
  } catch (error) {
    const code = sqliteCode(error);
    if (code === SQLITE_BUSY) return undefined;
    if (code === SQLITE_NOTADB) {
      rmSync(file, { force: true });
      return acquireOwnership(dataDir, log);
    }
    // A full disk or a read-only folder must not stop requests; whoever answers on the pipe already still keeps a second engine out.
    log.warn(`the data folder cannot be locked: ${logSafeText(error)}`);
    return { release: () => {} };
  }
}

function sqliteCode(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number"
    ? error.errcode
    : undefined;
}
