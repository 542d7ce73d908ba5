import type { LedgerStore, WrittenRequest } from "./ledgerStore";

/** An engine that has said nothing for this long is dead, whoever has its process id now. */
const SILENT_MS = 10 * 60_000;

/**
 * Finds engines that ended without a word, and settles what they left running. To be called in a transaction.
 * An engine that was only asleep corrects the row when it settles the request itself.
 * @returns the rows that were written
 */
export function settleDeadEngines(store: LedgerStore, now: number): WrittenRequest[] {
  return store
    .otherEngines()
    .filter(({ pid, seenAt }) => Math.abs(now - seenAt) >= SILENT_MS || !isAlive(pid))
    .flatMap(({ id }) => store.settleLost(id));
}

function isAlive(pid: number): boolean {
  // In a container every engine has the same process id.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is one, of another account.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
