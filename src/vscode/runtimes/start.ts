import { homedir } from "node:os";
import * as vscode from "vscode";
import { RUNTIMES, type RuntimeId } from "../../core/providers/runtimes";
import { startCommand } from "../render/localServers";
import type { LocalRuntimes, LocalServer } from "./localRuntimes";

const ASK_AGAIN_MS = 1000;
/** A model that is loaded at the start takes its time. */
const PATIENCE_MS = 180_000;

/**
 * Starts a runtime in a terminal, where the person sees what it says and can end it, and waits until it answers.
 * @returns the server, or undefined if it does not come, the terminal is closed or the waiting is cancelled
 */
export async function startInTerminal(
  id: RuntimeId,
  runtimes: Pick<LocalRuntimes, "locate">,
  signal: AbortSignal,
): Promise<Extract<LocalServer, { state: "running" }> | undefined> {
  const before = await runtimes.locate(id, signal);
  if (before?.state === "running") return before;
  // Not in the open folder: some shells look there first, and a repository may bring a program of that name.
  const terminal = vscode.window.createTerminal({ name: RUNTIMES[id].label, cwd: homedir() });
  terminal.show(true);
  terminal.sendText(startCommand(before ?? RUNTIMES[id], process.platform));
  const until = Date.now() + PATIENCE_MS;
  while (!signal.aborted && terminal.exitStatus === undefined && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    const server = await runtimes.locate(id, signal);
    if (server?.state === "running") return server;
  }
  return undefined;
}
