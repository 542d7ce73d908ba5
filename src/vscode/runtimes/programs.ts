import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, lstat } from "node:fs/promises";
import path from "node:path";
import type { Environment } from "../../core/config/reference";

/** Runtimes' own programs start slowly: Foundry's takes some seconds the first time. */
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024;

/** What of this machine decides where programs are. */
export interface ProgramHost {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly environment: Environment;
}

/** A program that is installed. */
export interface Program {
  /** Its whole path. */
  readonly file: string;
  /** Whether a terminal would find it by its name. */
  readonly onPath: boolean;
}

/**
 * Where a program is: on the PATH, or where its own installer puts it. Only whole paths count, since what lies in the
 * open folder must never be run.
 * @returns undefined if it is not installed, as far as can be seen
 */
export async function findProgram(name: string, host: ProgramHost): Promise<Program | undefined> {
  const windows = host.platform === "win32";
  const paths = windows ? path.win32 : path.posix;
  const listed = (host.environment("PATH") ?? host.environment("Path") ?? "").split(paths.delimiter);
  const folders = [
    ...listed.map((folder) => ({ folder, onPath: true })),
    ...usualFolders(name, host).map((parts) => ({ folder: paths.join(...parts), onPath: false })),
  ];
  for (const { folder, onPath } of folders) {
    if (!paths.isAbsolute(folder)) continue;
    const file = paths.join(folder, windows ? `${name}.exe` : name);
    if (await isProgram(file, windows)) return { file, onPath };
  }
  return undefined;
}

/** Where installers put these programs without telling the PATH of a window that is open already. */
function usualFolders(
  name: string,
  { platform, home, environment }: ProgramHost,
): readonly (readonly [string, ...string[]])[] {
  if (name === "lms")
    return [
      [home, ".lmstudio", "bin"],
      [home, ".cache", "lm-studio", "bin"],
    ];
  if (platform === "win32") {
    const local = environment("LOCALAPPDATA");
    if (local === undefined) return [];
    return [
      [local, "Microsoft", "WindowsApps"],
      [local, "Programs", "Ollama"],
    ];
  }
  return platform === "darwin" ? [["/opt/homebrew/bin"], ["/usr/local/bin"]] : [];
}

async function isProgram(file: string, windows: boolean): Promise<boolean> {
  try {
    // Programs of the Microsoft Store are links that only the system can follow.
    if (windows) return !(await lstat(file)).isDirectory();
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a program and returns what it says, whatever its exit code. It gets no shell, no input, none of the variables
 * that may hold a secret, and a limited time.
 * @param file a whole path
 * @returns undefined if it could not be run or did not end in time
 */
export function askProgram(
  file: string,
  args: readonly string[],
  host: ProgramHost & { readonly variables: NodeJS.ProcessEnv },
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      [...args],
      {
        cwd: host.home,
        env: withoutSecrets(host.variables),
        timeout: TIMEOUT_MS,
        killSignal: "SIGKILL",
        maxBuffer: MAX_BYTES,
        windowsHide: true,
        signal,
      },
      (error, stdout, stderr) => {
        const failed = error !== null && (error.killed || typeof error.code !== "number");
        resolve(failed ? undefined : `${stdout}\n${stderr}`);
      },
    );
    child.stdin?.end();
  });
}

function withoutSecrets(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const secret = /key|token|secret|passw|credential/i;
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !secret.test(name)));
}
