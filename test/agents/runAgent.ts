import { spawn } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { cleanEnvironment } from "../support/gateway";

/** By package: where scripts/testAgents.mjs has installed it, or why it could not. */
const installed: Readonly<Record<string, { readonly folder?: string; readonly problem?: string }>> =
  JSON.parse(process.env.POSTERN_AGENTS ?? "{}");

/** Ample for two turns on a slow machine; an agent that takes longer hangs. */
const LIMIT_MS = 120_000;

export interface AgentRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** How an agent is started; every one gets folders of its own and none of the machine's settings. */
export interface AgentStart {
  /** The script of its npm package, and the arguments. */
  readonly script: readonly [packageName: string, ...path: string[]];
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  /** Its home; its working folder is `work` within it. */
  readonly home: string;
}

/**
 * Runs an agent to its end, in a process group of its own that ends with it.
 *
 * @throws when it is not installed, or does not come to an end
 */
export async function runAgent({ script, args, env, home }: AgentStart): Promise<AgentRun> {
  const [name, ...path] = script;
  const { folder, problem } = installed[name] ?? {};
  if (folder === undefined) {
    throw new Error(problem ?? `${name} is not installed: "npm run test:agents" installs and runs it.`);
  }
  const file = join(folder, "node_modules", name, ...path);
  if (!existsSync(file)) throw new Error(`${name} is installed, but has no ${path.join("/")}.`);
  const cwd = join(home, "work");
  mkdirSync(cwd, { recursive: true });
  const begun = performance.now();
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...cleanEnvironment(), ...homeOf(home), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: process.platform !== "win32",
  });
  const end = (): void => {
    try {
      if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid, "SIGKILL");
      else child.kill("SIGKILL");
    } catch {
      // The whole group has ended by itself.
    }
  };
  process.once("exit", end);
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", resolve);
      timer = setTimeout(() => {
        reject(
          new Error(`${name} did not end within ${LIMIT_MS / 1000} s.\n${output.stdout}\n${output.stderr}`),
        );
      }, LIMIT_MS);
    });
    return { code, ...output, seconds: (performance.now() - begun) / 1000 };
  } finally {
    clearTimeout(timer);
    end();
    process.off("exit", end);
  }
}

/** Every folder in which programs look for a user's settings, below one. */
function homeOf(home: string): Record<string, string> {
  const below = (name: string): string => {
    const folder = join(home, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  return {
    HOME: home,
    USERPROFILE: home,
    APPDATA: below("appdata"),
    LOCALAPPDATA: below("appdata"),
    XDG_CONFIG_HOME: below("config"),
    XDG_DATA_HOME: below("data"),
    XDG_CACHE_HOME: below("cache"),
    XDG_STATE_HOME: below("state"),
    TMPDIR: below("tmp"),
    TMP: below("tmp"),
    TEMP: below("tmp"),
  };
}
