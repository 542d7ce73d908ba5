// npm passes signals on to the script it runs, but a killed npm passes nothing on.
import { execFileSync } from "node:child_process";
import { cleanUp } from "./cleanup.mjs";

/** @param {number} pid @returns {{ parent: number, command: string } | undefined} */
function look(pid) {
  try {
    const text = execFileSync("ps", ["-o", "ppid=,command=", "-p", String(pid)], { encoding: "utf8" }).trim();
    const [, parent, command] = /^(\d+)\s+(.*)$/s.exec(text) ?? [];
    return parent && command ? { parent: Number(parent), command } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Ends this run when the npm that started it is gone. npm is the parent, or the parent's parent when a shell
 * stands between. Does nothing when npm did not start it, and on Windows.
 */
export function endWithNpm() {
  if (!process.env.npm_lifecycle_event || process.platform === "win32") return;
  const parent = look(process.ppid);
  const npm =
    /npm/.test(parent?.command ?? "") && !/scripts\//.test(parent?.command ?? "")
      ? process.ppid
      : parent?.parent;
  if (!npm || !/npm/.test(look(npm)?.command ?? "")) return;
  const timer = setInterval(() => {
    try {
      process.kill(npm, 0);
    } catch {
      clearInterval(timer);
      void cleanUp().then(() => process.exit(1));
    }
  }, 500);
  timer.unref();
}
