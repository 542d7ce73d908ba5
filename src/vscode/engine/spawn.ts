import { spawn } from "node:child_process";
import { chmod, mkdir, open, stat } from "node:fs/promises";
import path from "node:path";
import type { EngineBoot } from "../../core/rpc/contract";
import { engineEnvironment } from "./environment";

const STDERR_LIMIT = 1024 * 1024;

/** What an engine is started from. */
export interface EngineProgram {
  /** The extension host's own Node. */
  readonly execPath: string;
  /** `dist/engine.js`. */
  readonly script: string;
  /** Where the last words of an engine that died go. */
  readonly stderrFile: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** An engine that was started; it may still lose the race against another one. */
export interface StartedEngine {
  readonly pid: number | undefined;
  /** Resolves with its exit code, or with the reason why it could not be started at all. */
  readonly ended: Promise<number | Error>;
}

/**
 * Starts an engine that outlives this window. Token and paths go over standard input, because arguments and
 * environments of a process can be read by others.
 */
export async function spawnEngine(program: EngineProgram, boot: EngineBoot): Promise<StartedEngine> {
  await mkdir(path.dirname(program.stderrFile), { recursive: true });
  const stderr = await openStderr(program.stderrFile);
  try {
    const child = spawn(program.execPath, [program.script], {
      detached: true,
      windowsHide: true,
      stdio: ["pipe", "ignore", stderr.fd],
      env: engineEnvironment(program.environment),
      // Not the workspace: a running engine must not hold a folder that the person wants to remove.
      cwd: path.dirname(program.stderrFile),
    });
    // Listened to before anything is awaited: an error that nobody hears ends the extension host.
    const ended = new Promise<number | Error>((resolve) => {
      child.once("error", resolve);
      child.once("exit", (code) => resolve(code ?? -1));
    });
    // An engine that dies before it has read the line must not take the extension host with it.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(`${JSON.stringify(boot)}\n`);
    child.unref();
    return { pid: child.pid, ended };
  } finally {
    await stderr.close();
  }
}

async function openStderr(file: string): Promise<Awaited<ReturnType<typeof open>>> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  const handle = await open(file, size > STDERR_LIMIT ? "w" : "a", 0o600);
  // The mode above holds for a new file only.
  if (process.platform !== "win32") await chmod(file, 0o600);
  return handle;
}
