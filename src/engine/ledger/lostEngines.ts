import type { DatabaseSync } from "node:sqlite";
import type { LedgerStore, WrittenRequest } from "./ledgerStore";

/** An engine that has said nothing for this long is dead, whoever has its process id now. */
const SILENT_MS = 10 * 60_000;

/**
 * Finds engines that ended without a word, and settles what they left running. To be called in a transaction.
 * An engine that was only asleep corrects the row when it settles the request itself.
 */
export function settleDeadEngines(
  store: LedgerStore,
  now: number,
  onWritten?: (database: DatabaseSync, written: readonly WrittenRequest[]) => void,
): number {
  let settled = 0;
  for (const { id, pid, seenAt } of store.otherEngines()) {
    if (Math.abs(now - seenAt) < SILENT_MS && isAlive(pid)) continue;
    const written = store.settleLost(id);
    settled += written.length;
    onWritten?.(store.database, written);
  }
  return settled;
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, of another account.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
