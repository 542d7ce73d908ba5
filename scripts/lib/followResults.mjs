// Follows a result file of test/registry.ts while another process writes it.
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fromResultLines } from "./tally.mjs";

/**
 * Prints each test as it ends, and returns when the run is over.
 *
 * @param {{ suite: string, file: string, silenceMs: number, ended: Promise<unknown> }} options
 *   `silenceMs`: how long nothing may happen; longer than the longest time limit of a test;
 *   `ended`: resolves when the process that writes the file is gone
 * @returns {Promise<import("./tally.mjs").SuiteResult>}
 */
export async function followResults({ suite, file, silenceMs, ended }) {
  let gone = false;
  void ended.then(() => {
    gone = true;
  });
  let shown = 0;
  /** @type {number | undefined} */
  let pid;
  let lastChange = Date.now();
  for (;;) {
    // Looked at before the file is read, so that what was written last is not missed.
    const wasGone = gone || (pid !== undefined && !alive(pid));
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    const lines = text.split("\n").slice(0, -1);
    for (const line of lines.slice(shown).map((text) => JSON.parse(text))) {
      pid = line.pid ?? pid;
      show(line);
    }
    if (lines.length > shown) lastChange = Date.now();
    shown = lines.length;
    const whole = lines.map((line) => `${line}\n`).join("");
    if (lines.at(-1)?.includes('"done"') && JSON.parse(lines.at(-1) ?? "").kind === "done")
      return fromResultLines(suite, whole, undefined);
    if (wasGone) return fromResultLines(suite, whole, "the process that ran the tests exited");
    if (Date.now() - lastChange > silenceMs)
      return fromResultLines(suite, whole, `nothing happened for ${silenceMs / 1000} s`);
    await sleep(100);
  }
}

/** @param {number} pid of the process that runs the tests */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** @param {{ kind: string, name?: string, ms?: number, error?: string, text?: string }} line */
function show({ kind, name, ms, error, text }) {
  if (kind === "note") console.log(`    ${text}`);
  if (kind !== "ended") return;
  console.log(`  ${error ? "✗" : "✓"} ${name} (${ms} ms)`);
  if (error) console.log(error.replace(/^/gm, "      "));
}
