import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** How many requests ended how, as they stand in a ledger's file. */
export function outcomesIn(dataDir: string): Record<string, number> {
  return inLedger(dataDir, (database) => {
    const rows = database.prepare("SELECT outcome, count(*) AS count FROM requests GROUP BY outcome").all();
    return Object.fromEntries(rows.map(({ outcome, count }) => [String(outcome), Number(count)]));
  });
}

/** What is wrong within the file: damage, requests that are twice in it, totals that are not the rows' sum. */
export function faultsIn(dataDir: string): string[] {
  return inLedger(dataDir, (database) => {
    const one = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];
    const faults: string[] = [];
    if (one("PRAGMA integrity_check") !== "ok") faults.push("the file is damaged");
    if (one("SELECT count(*) - count(DISTINCT id) FROM requests") !== 0)
      faults.push("a request is in it twice");
    const spans = database.prepare("SELECT DISTINCT span FROM totals").all();
    const rows = one("SELECT count(*) FROM requests");
    const scopes = database
      .prepare(
        "SELECT span, scope, sum(requests) + sum(refused) AS sum FROM totals WHERE scope = 'all' GROUP BY span, scope",
      )
      .all();
    if (scopes.length !== spans.length) faults.push("there are no totals of everything");
    for (const { span, sum } of scopes)
      if (sum !== rows) faults.push(`totals of ${span}: ${sum}, rows: ${rows}`);
    if (one("SELECT count(*) FROM open_requests") !== 0) faults.push("a request is noted as running");
    return faults;
  });
}

function inLedger<T>(dataDir: string, read: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(dataDir, "ledger.sqlite"), { readOnly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}
