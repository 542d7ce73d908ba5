import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logSafeText } from "../../core/errors";
import { PIPE_NOTE } from "../../core/rpc/contract";
import type { Log } from "../log/log";

/**
 * Says in the data folder where the pipe is. Windows can have other temporary folders in their environment than the
 * one that started the engine, and would look for it elsewhere.
 */
export function announcePipe(dataDir: string, pipePath: string, log: Log): void {
  const file = join(dataDir, PIPE_NOTE);
  try {
    writeFileSync(`${file}.new`, pipePath, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    log.warn(`the pipe could not be noted in the data folder: ${logSafeText(error)}`);
  }
}

/** Takes the note back; the next engine writes its own. */
export function withdrawPipe(dataDir: string): void {
  try {
    rmSync(join(dataDir, PIPE_NOTE), { force: true });
  } catch {
    // A note that stays leads windows to a pipe where nobody answers, and they go on as if there were none.
  }
}
