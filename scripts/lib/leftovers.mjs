// Processes that left their process group on purpose: Postern's engine outlives the window that started it.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { runCollecting } from "./run.mjs";

/**
 * Finds the processes that belong to a run: its folder is in their arguments, their environment or is their
 * working folder.
 *
 * @param {string} runFolder
 * @returns {Promise<number[]>} their ids; on Windows none is found
 */
export async function findLeftovers(runFolder) {
  if (process.platform === "linux") {
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
      .filter((pid) => belongs(`/proc/${pid}`, runFolder))
      .map(Number);
  }
  if (process.platform === "win32") return [];
  const { output } = await runCollecting("ps", ["-axEww", "-o", "pid=,command="]);
  return output
    .split("\n")
    .filter((line) => line.includes(runFolder))
    .map((line) => Number.parseInt(line, 10))
    .filter((pid) => pid !== process.pid);
}

/** @param {string} proc @param {string} runFolder */
function belongs(proc, runFolder) {
  const read = (/** @type {() => string} */ get) => {
    try {
      return get().includes(runFolder);
    } catch {
      // It has ended, or is another user's.
      return false;
    }
  };
  return (
    !ended(proc) &&
    (read(() => readFileSync(`${proc}/cmdline`, "latin1")) ||
      read(() => readFileSync(`${proc}/environ`, "latin1")) ||
      read(() => readlinkSync(`${proc}/cwd`)))
  );
}

/** A process that has ended and waits to be reaped holds nothing. @param {string} proc */
function ended(proc) {
  try {
    return /\) Z /.test(readFileSync(`${proc}/stat`, "latin1"));
  } catch {
    return true;
  }
}

/**
 * Waits for a run's processes to end by themselves and then ends those that stayed.
 *
 * @param {string} runFolder
 * @param {number} [patienceMs] how long they may take
 * @returns {Promise<number[]>} ids of those that had to be ended
 */
export async function endLeftovers(runFolder, patienceMs = 5000) {
  const deadline = Date.now() + patienceMs;
  let left = await findLeftovers(runFolder);
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(100);
    left = await findLeftovers(runFolder);
  }
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGKILL"])) {
    for (const pid of await findLeftovers(runFolder)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended in between.
      }
    }
    for (let waited = 0; waited < 3000 && (await findLeftovers(runFolder)).length > 0; waited += 100)
      await sleep(100);
  }
  return left;
}
