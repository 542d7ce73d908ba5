// Keeps the logs of a run when its temporary folder goes.
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { artefactsFolder } from "./paths.mjs";

/**
 * Copies the server's log and VS Code's own logs into `.artefacts/logs/NAME`, replacing those of the run
 * before.
 *
 * @param {string} name
 * @param {string} runFolder
 */
export function keepLogs(name, runFolder) {
  const target = join(artefactsFolder, "logs", name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(runFolder)) {
    if (/\.(log|jsonl)$/.test(file)) cpSync(join(runFolder, file), join(target, file));
  }
  for (const logs of ["user-data/logs", "server-data/data/logs"]) {
    const from = join(runFolder, logs);
    if (existsSync(from)) cpSync(from, join(target, "vscode"), { recursive: true });
  }
}
