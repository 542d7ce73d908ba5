import { spawn } from "node:child_process";

/** Of what a command says, the end is kept. */
const KEPT_CHARACTERS = 8_000;

export interface CommandRun {
  /** Null where a signal or the time ended it. */
  readonly code: number | null;
  readonly timedOut: boolean;
  /** Both outputs' end, as they came. */
  readonly output: string;
  /** Of these the standard output alone: what is no answer, such as a warning, does not come there. */
  readonly answer: string;
}

export interface CommandOptions {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly milliseconds: number;
  readonly signal: AbortSignal;
}

/** Runs a line in the system's shell, and ends everything that it started when it is over or its time is up. */
export function runShell(line: string, options: CommandOptions): Promise<CommandRun> {
  return run(line, [], { ...options, shell: true });
}

/** Runs a program as it is, without a shell. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: CommandOptions & { readonly keep?: number },
): Promise<CommandRun> {
  return run(program, args, { ...options, shell: false });
}

function run(
  program: string,
  args: readonly string[],
  {
    folder,
    environment,
    milliseconds,
    signal,
    shell,
    keep = KEPT_CHARACTERS,
  }: CommandOptions & {
    readonly shell: boolean;
    readonly keep?: number;
  },
): Promise<CommandRun> {
  return new Promise((resolve) => {
    const onWindows = process.platform === "win32";
    const child = spawn(program, [...args], {
      cwd: folder,
      env: { ...environment },
      shell,
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own, so that it can be ended with all it has started.
      detached: !onWindows,
      windowsHide: true,
    });
    let output = "";
    let answer = "";
    let timedOut = false;
    const take = (text: string): void => {
      output = (output + text).slice(-keep);
    };
    const end = (): void => {
      try {
        if (child.pid === undefined) return;
        if (onWindows) spawn("taskkill", ["/pid", String(child.pid), "/t", "/f"], { stdio: "ignore" });
        else process.kill(-child.pid, "SIGKILL");
      } catch {
        // All of it has ended by itself.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      end();
    }, milliseconds);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      answer = (answer + text).slice(-keep);
      take(text);
    });
    child.stderr.setEncoding("utf8").on("data", take);
    const done = (code: number | null): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      // What it left running in the background goes with it.
      if (!onWindows) end();
      resolve({ code, timedOut, output, answer });
    };
    child.once("error", (error) => {
      take(error.message);
      done(null);
    });
    // Not "close": something in the background could keep the pipes open for ever.
    child.once("exit", (code) => setImmediate(() => done(code)));
  });
}
