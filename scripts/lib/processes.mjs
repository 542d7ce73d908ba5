// Programs that run beside the script, each in a process group of its own, so that what they start ends
// with them.
import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { atEnd } from "./cleanup.mjs";
import { runCollecting } from "./run.mjs";

const onWindows = process.platform === "win32";

/**
 * @typedef {{ pid: number, ended: Promise<number>, stop: () => Promise<void>, logTail: () => string }} Service
 *   `ended`: resolves to the exit code; `logTail`: the last lines of its output
 */

/**
 * Starts a program in a process group of its own. The group is ended at the end of the run, or by `stop`.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ env: NodeJS.ProcessEnv, cwd?: string, shell?: boolean, logFile: string }} options `logFile`: gets its
 *   output
 * @returns {Service}
 */
export function startService(command, args, { env, cwd, shell = false, logFile }) {
  const log = openSync(logFile, "a");
  const child = spawn(command, args, { env, cwd, shell, detached: !onWindows, stdio: ["ignore", log, log] });
  closeSync(log);
  const ended = /** @type {Promise<number>} */ (
    new Promise((resolve) => {
      child.once("exit", (code) => resolve(code ?? 128));
      child.once("error", () => resolve(127));
    })
  );
  const pid = child.pid ?? 0;
  const stop = () => endGroup(pid);
  atEnd(stop);
  return { pid, ended, stop, logTail: () => readFileSync(logFile, "utf8").split("\n").slice(-30).join("\n") };
}

/** @param {number} pid leader of the group; negative in `kill` means the whole group */
function groupAlive(pid) {
  try {
    process.kill(onWindows ? pid : -pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/**
 * Ends a process group: asks first, and after 3 s insists.
 *
 * @param {number} pid the group's leader (Windows: the process tree's root)
 */
export async function endGroup(pid) {
  if (!pid || !groupAlive(pid)) return;
  if (onWindows) {
    await runCollecting("taskkill", ["/PID", String(pid), "/T", "/F"]);
    return;
  }
  for (const signal of /** @type {const} */ (["SIGTERM", "SIGKILL"])) {
    try {
      process.kill(-pid, signal);
    } catch {
      return;
    }
    for (let waited = 0; waited < 3000; waited += 50) {
      if (!groupAlive(pid)) return;
      await sleep(50);
    }
  }
}

/**
 * A TCP port of 127.0.0.1 that nothing listens on now.
 *
 * @param {number} [preferred] taken when it is free
 * @returns {Promise<number>}
 */
export function freePort(preferred = 0) {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => (preferred ? resolve(freePort()) : reject(error)));
    probe.listen(preferred, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/**
 * Waits until a service answers HTTP.
 *
 * @param {Service} service
 * @param {string} url
 * @param {string} name for the error
 * @param {number} [timeoutMs]
 * @throws with the end of its log when it exits or does not answer in time
 */
export async function untilAnswers(service, url, name, timeoutMs = 60_000) {
  const deadline = Date.now() + timeoutMs;
  let exitCode;
  void service.ended.then((code) => {
    exitCode = code;
  });
  while (Date.now() < deadline && exitCode === undefined) {
    try {
      const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(2000) });
      await answer.arrayBuffer();
      return;
    } catch {
      await sleep(100);
    }
  }
  const why =
    exitCode === undefined ? `did not answer within ${timeoutMs / 1000} s` : `exited with ${exitCode}`;
  throw new Error(`${name} ${why}. The end of its log:\n${service.logTail()}`);
}
