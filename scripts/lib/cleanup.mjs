// What must not outlive a run: processes and temporary folders. Ended in the reverse order of their start,
// whether the run ends by itself, by Ctrl-C, by a signal, or because its terminal is closed.
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @type {Array<() => unknown>} */
const pending = [];
/** @type {Promise<void> | undefined} */
let running;
let listening = false;

/**
 * Registers something to undo at the end of the run.
 *
 * @param {() => unknown} undo may be asynchronous; its failure is reported and does not stop the others
 * @returns {() => void} takes it off the list again
 */
export function atEnd(undo) {
  pending.push(undo);
  const forget = () => {
    const index = pending.lastIndexOf(undo);
    if (index >= 0) pending.splice(index, 1);
  };
  if (listening) return forget;
  listening = true;
  // A closed terminal takes the output away together with its SIGHUP; a failed write must not end the cleaning up.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);
  for (const [signal, code] of /** @type {const} */ ([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ])) {
    process.on(signal, () => {
      process.stderr.write("\nEnding what was started …\n");
      void cleanUp().then(() => process.exit(code));
    });
  }
  // A rejection that nobody awaits counts too: Node would end at once and leave everything running.
  process.on("uncaughtException", (error) => {
    process.stderr.write(`${error.stack ?? error}\n`);
    void cleanUp().then(() => process.exit(1));
  });
  return forget;
}

/**
 * Undoes everything registered, once, also when called again while it runs.
 *
 * @returns {Promise<void>}
 */
export function cleanUp() {
  running ??= (async () => {
    for (let undo = pending.pop(); undo; undo = pending.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`While cleaning up: ${error instanceof Error ? error.message : error}\n`);
      }
    }
    running = undefined;
  })();
  return running;
}

/**
 * A fresh folder that is removed at the end of the run. Its path is short, since Unix domain sockets that go
 * into it may have 103 characters at most.
 *
 * @returns {string}
 */
export function temporaryFolder() {
  const base = process.platform !== "win32" && tmpdir().length > 20 ? "/tmp" : tmpdir();
  const folder = mkdtempSync(join(realpathSync(base), "postern-"));
  // A process that is just ending may still write into it, hence the retries.
  atEnd(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
  return folder;
}
