// A desktop VS Code, when there is one and somebody can see it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { environmentFor, writeUserSettings } from "./codeServer.mjs";
import { startService } from "./processes.mjs";
import { runCollecting, runOrThrow } from "./run.mjs";

const onWindows = process.platform === "win32";

/** `code` is a .cmd file on Windows, which only a shell can start, and which needs its arguments quoted. */
const asCommand = (/** @type {string[]} */ args) => (onWindows ? args.map((arg) => `"${arg}"`) : args);

/**
 * @returns {Promise<boolean>} whether `code` is on the PATH, is VS Code's own, and a display is there
 */
export async function hasDesktopCode() {
  const display = process.platform !== "linux" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  // In a terminal of a remote VS Code, `code` opens the window of the person's own desktop instead.
  if (!display || process.env.VSCODE_IPC_HOOK_CLI) return false;
  const { code, output } = await runCollecting("code", ["--version"], { shell: onWindows }).catch(() => ({
    code: 1,
    output: "",
  }));
  return code === 0 && /^1\.\d+\.\d+/.test(output.trim());
}

/**
 * Opens a desktop VS Code with a profile of its own and the extension installed from its .vsix. It runs until
 * its window is closed or the run ends.
 *
 * @param {{ runFolder: string, vsix: string, settings: Record<string, unknown>, folder: string,
 *   env: Record<string, string> }} options as for `startCodeServerAsUser`
 * @returns {Promise<import("./processes.mjs").Service>}
 * @throws when the extension cannot be installed
 */
export async function startDesktopCode({ runFolder, vsix, settings, folder, env }) {
  const userDataDir = join(runFolder, "user-data");
  const extensionsDir = join(runFolder, "extensions");
  mkdirSync(extensionsDir, { recursive: true });
  writeUserSettings(userDataDir, settings);
  const own = ["--user-data-dir", userDataDir, "--extensions-dir", extensionsDir];
  const environment = environmentFor(runFolder, env, { desktop: true });
  const shell = onWindows;
  await runOrThrow("code", asCommand([...own, "--install-extension", vsix]), { env: environment, shell });
  return startService(
    "code",
    asCommand([...own, "--disable-workspace-trust", "--new-window", "--wait", folder]),
    {
      env: environment,
      shell,
      logFile: join(runFolder, "code.log"),
    },
  );
}
