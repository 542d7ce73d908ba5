import type * as Sqlite from "node:sqlite";

/**
 * Node's SQLite, or undefined where Node has none (before 22.5). That it is called experimental is the affair of
 * whoever chose Node, not of a person who reads the log: this one warning is kept back, every other goes its way.
 */
export function loadSqlite(): typeof Sqlite | undefined {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...more: unknown[]): void => {
    if (String(warning).includes("SQLite is an experimental feature")) return;
    Reflect.apply(emitWarning, process, [warning, ...more]);
  };
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** SQLite's primary result codes that mean something to the ledger: https://www.sqlite.org/rescode.html */
const BUSY = [5, 6];
const DAMAGED = [11, 26];
/** Wrong SQL, too large, a constraint, a wrong type, misuse, out of range: what was to be written is at fault. */
const REFUSED = [1, 18, 19, 20, 21, 25];

/** busy: another engine writes. damaged: the file cannot be used. unwritable: the disk or the folder. */
export type StoreFault = "busy" | "damaged" | "unwritable";

/** What a failure of the database means; undefined where it is no fault of the file but one of our own. */
export function storeFault(error: unknown): StoreFault | undefined {
  if (!(error instanceof Error)) return undefined;
  if ("errcode" in error && typeof error.errcode === "number") {
    const primary = error.errcode & 0xff;
    if (BUSY.includes(primary)) return "busy";
    if (DAMAGED.includes(primary)) return "damaged";
    return REFUSED.includes(primary) ? undefined : "unwritable";
  }
  // The file system's own errors, on the way to the file.
  return "syscall" in error ? "unwritable" : undefined;
}
