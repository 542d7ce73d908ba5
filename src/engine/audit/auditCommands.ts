import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { logSafeText, PosternError } from "../../core/errors";
import { verdictLines } from "../../core/governance/audit/auditVerdict";
import { LEDGER_FILE } from "../ledger/database";
import { loadSqlite } from "../ledger/sqlite";
import { AuditStore } from "./auditStore";
import { type ExportOptions, exportLines, exportToFile } from "./exportAudit";
import { verifyAudit } from "./verifyAudit";

/**
 * Checks the audit in a data folder.
 * @param head a hash that was noted earlier and must still be in the chain
 * @returns whether everything is as it was written
 */
export function verifyData(folder: string, head: string | undefined, write: (line: string) => void): boolean {
  return onAudit(folder, (database) => {
    const verdict = verifyAudit(database, head?.trim().toLowerCase());
    for (const line of verdictLines(verdict)) write(line);
    return verdict.faults.length === 0;
  });
}

/** Exports the audit in a data folder. @param file undefined writes to the standard output */
export async function exportData(
  folder: string,
  options: ExportOptions,
  file: string | undefined,
): Promise<number> {
  const database = opened(folder);
  try {
    const store = new AuditStore(database);
    if (file !== undefined) return await exportToFile(store, options, file);
    let count = 0;
    for (const line of exportLines(store, options)) {
      count += 1;
      if (!process.stdout.write(line)) await new Promise((resolve) => process.stdout.once("drain", resolve));
    }
    return count;
  } finally {
    database.close();
  }
}

function onAudit<T>(folder: string, work: (database: DatabaseSync) => T): T {
  const database = opened(folder);
  try {
    // One view of the data, while an engine may go on writing.
    database.exec("BEGIN");
    return work(database);
  } finally {
    database.close();
  }
}

/** Opened for reading alone: a check must not repair what it is to find. */
function opened(folder: string): DatabaseSync {
  const sqlite = loadSqlite();
  if (!sqlite)
    throw new PosternError("invalid_request", "The audit needs Node 22.5 or later, which has SQLite.");
  const file = join(folder, LEDGER_FILE);
  if (!existsSync(file))
    throw new PosternError(
      "invalid_request",
      `There is no ${LEDGER_FILE} in ${folder}; --data is the engine's data folder.`,
    );
  try {
    const database = new sqlite.DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    database.prepare("SELECT seq FROM audit_head").get();
    return database;
  } catch (error) {
    throw new PosternError("invalid_request", `${file} cannot be read as an audit (${logSafeText(error)}).`);
  }
}
