import { rmSync } from "node:fs";
import { logSafeText } from "../../core/errors";
import type { Log } from "../log/log";
import type { LedgerStore, WrittenRequest } from "./ledgerStore";
import { type JournalFile, journalsIn, type LeftRequests, NOTHING_LEFT, readJournal } from "./leftJournals";

/** An engine that has said nothing for this long is dead, whoever has its process id now. */
const SILENT_MS = 10 * 60_000;

export interface SettledEngines {
  /** The rows that were written. */
  readonly written: readonly WrittenRequest[];
  /** To be called when the transaction has ended well. */
  forgetJournals(): void;
}

/**
 * Finds engines that ended without a word, and settles what they left: what stands in their journals, and what was
 * still running. To be called in a transaction. An engine that was only asleep corrects the row when it settles the
 * request itself.
 * @param folder where their journals are
 */
export function settleDeadEngines(store: LedgerStore, folder: string, now: number, log: Log): SettledEngines {
  const journals = journalsIn(folder).filter(({ engine }) => engine !== store.engine);
  const others = store.otherEngines();
  const dead = new Set(
    others
      .filter(({ pid, seenAt }) => Math.abs(now - seenAt) >= SILENT_MS || !isAlive(pid))
      .map(({ id }) => id),
  );
  const known = new Set(others.map(({ id }) => id));
  for (const { engine, pid } of journals) if (!known.has(engine) && !isAlive(pid)) dead.add(engine);
  const read: JournalFile[] = [];
  const written = [...dead].flatMap((id) => {
    const journal = journals.find(({ engine }) => engine === id);
    if (!journal) return store.settleLost(id, NOTHING_LEFT);
    const left = leftIn(journal, log);
    if (left) read.push(journal);
    return store.settleLost(id, left ?? NOTHING_LEFT);
  });
  return {
    written,
    forgetJournals: () => {
      for (const { path } of read) rmSync(path, { force: true });
    },
  };
}

function leftIn(journal: JournalFile, log: Log): LeftRequests | undefined {
  try {
    return readJournal(journal);
  } catch (error) {
    log.error(
      `${journal.path} holds requests of an engine that was killed, and cannot be read: ${logSafeText(error)}`,
    );
    return undefined;
  }
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
