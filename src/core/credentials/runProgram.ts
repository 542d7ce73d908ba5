import type { Clock } from "./askedCredentials";
import type { Invocation } from "./commandLine";
import type { ProgramEnd, RunProgram } from "./tokenCommand";

/** The part of a child process of Node that is used here. */
export interface ChildProgram {
  readonly pid?: number | undefined;
  readonly stdout: { on(event: "data", listener: (chunk: Uint8Array) => void): unknown } | null;
  on(event: "error", listener: (error: Error & { readonly code?: string }) => void): unknown;
  on(event: "close", listener: (code: number | null) => void): unknown;
  kill(signal: "SIGKILL"): unknown;
}

/** Node's way to start a program, and what it is started with. */
export interface ProgramSystem {
  readonly platform: string;
  /** Where it is started: the home folder, so that nothing in a workspace can take the program's place. */
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly spawn: (file: string, args: string[], options: SpawnOptions) => ChildProgram;
  /** Ends a process and all that it has started. */
  readonly killGroup: (pid: number) => void;
  readonly clock: Pick<Clock, "after">;
}

/** As in Node's `child_process.spawn`. */
export interface SpawnOptions {
  readonly cwd: string;
  readonly env: Record<string, string | undefined>;
  readonly stdio: ["ignore", "pipe", "ignore"];
  readonly shell: false;
  readonly detached: boolean;
  readonly windowsHide: true;
  readonly windowsVerbatimArguments: boolean;
}

/** What VS Code's extension host runs under is no business of another program. */
const OWN_VARIABLES = /^(ELECTRON_|VSCODE_|POSTERN_|NODE_OPTIONS$)/;

/** Runs programs without a shell, without input, for a limited time and output. */
export function programRunner(system: ProgramSystem): RunProgram {
  return (invocation, { timeoutMs, maxBytes }) =>
    new Promise((resolve) => {
      let child: ChildProgram;
      try {
        child = start(system, invocation);
      } catch (error) {
        resolve({ kind: "notStarted", code: codeOf(error) });
        return;
      }
      const decoder = new TextDecoder();
      let output = "";
      let bytes = 0;
      let forced: ProgramEnd | undefined;
      const end = (result: ProgramEnd): void => {
        cancel();
        resolve(forced ?? result);
      };
      const force = (result: ProgramEnd): void => {
        forced ??= result;
        kill(system, child);
        // A program that cannot be ended is waited for no longer.
        end(forced);
      };
      const cancel = system.clock.after(timeoutMs, () => force({ kind: "timeout" }));
      child.stdout?.on("data", (chunk) => {
        if (forced) return;
        bytes += chunk.length;
        if (bytes > maxBytes) force({ kind: "tooMuch" });
        else output += decoder.decode(chunk, { stream: true });
      });
      child.on("error", (error) => end({ kind: "notStarted", code: codeOf(error) }));
      child.on("close", (code) => end(code === null ? { kind: "signal" } : { kind: "exited", code, output }));
    });
}

function start(
  { spawn, home, platform, environment }: ProgramSystem,
  { file, args, verbatim }: Invocation,
): ChildProgram {
  // As it is now: others in the same process may have set something since.
  const env = Object.fromEntries(Object.entries(environment).filter(([name]) => !OWN_VARIABLES.test(name)));
  return spawn(file, [...args], {
    cwd: home,
    env,
    // Standard error may hold a secret too, and is never looked at.
    stdio: ["ignore", "pipe", "ignore"],
    shell: false,
    // A group of its own, so that what it has started can be ended with it.
    detached: platform !== "win32",
    windowsHide: true,
    windowsVerbatimArguments: verbatim === true,
  });
}

function kill({ killGroup, platform }: ProgramSystem, child: ChildProgram): void {
  try {
    if (child.pid !== undefined && platform !== "win32") killGroup(child.pid);
    else child.kill("SIGKILL");
  } catch {
    child.kill("SIGKILL");
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}
