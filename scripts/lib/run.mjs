// Runs another program to its end.
import { spawn } from "node:child_process";
import { atEnd } from "./cleanup.mjs";

const onWindows = process.platform === "win32";

/**
 * Runs a program and collects what it prints. Its process group is ended when this script is.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean, show?: boolean }} [options]
 *   `show`: also print its output as it comes
 * @returns {Promise<{ code: number, output: string }>} its exit code (128 + n after a signal) and its stdout
 *   and stderr in one text
 * @throws when the program cannot be started at all
 */
export function runCollecting(command, args, { cwd, env, shell = false, show = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env,
      shell,
      detached: !onWindows,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const forget = atEnd(() => {
      if (child.pid === undefined) return;
      if (onWindows) child.kill();
      else process.kill(-child.pid, "SIGTERM");
    });
    let output = "";
    for (const [from, to] of /** @type {const} */ ([
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ])) {
      from.setEncoding("utf8");
      from.on("data", (text) => {
        output += text;
        if (show) to.write(text);
      });
    }
    child.once("error", (error) => {
      forget();
      reject(error);
    });
    child.once("close", (code) => {
      forget();
      resolve({ code: code ?? 128, output });
    });
  });
}

/**
 * As `runCollecting`, for a program that has to succeed.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {Parameters<typeof runCollecting>[2]} [options]
 * @returns {Promise<string>} what it printed
 * @throws with the end of its output when it exits other than 0
 */
export async function runOrThrow(command, args, options) {
  const { code, output } = await runCollecting(command, args, options);
  if (code !== 0) {
    const tail = output.trim().split("\n").slice(-20).join("\n");
    throw new Error(`${command} ${args.join(" ")} exited with ${code}:\n${tail}`);
  }
  return output;
}
