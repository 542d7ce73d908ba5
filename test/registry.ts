// A test registry for the places where vitest cannot run: inside VS Code's extension host, and in the script
// that drives the browser. It writes what happens line by line into a file, so that the script that waits
// outside sees a hang or a crash of the host for what it is.
import { appendFileSync } from "node:fs";

/** One line of the result file. The last line is `done`; without it the run did not finish. */
export type Line =
  | { readonly kind: "planned"; readonly count: number; readonly pid: number }
  | { readonly kind: "started"; readonly name: string }
  | { readonly kind: "ended"; readonly name: string; readonly ms: number; readonly error?: string }
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "done" };

interface Test {
  readonly name: string;
  readonly body: () => unknown;
  readonly timeoutMs: number;
}

const tests: Test[] = [];
let prefix = "";

/** Groups the tests that `body` registers under a name. */
export function suite(name: string, body: () => void): void {
  const outer = prefix;
  prefix = `${prefix}${name} › `;
  body();
  prefix = outer;
}

/**
 * Registers a test. It fails when its body throws, rejects, or takes longer than `timeoutMs` (20 s).
 * Tests run one after the other in the order of their registration.
 */
export function test(name: string, body: () => unknown, timeoutMs = 20_000): void {
  tests.push({ name: prefix + name, body, timeoutMs });
}

let noteDown: (text: string) => void = () => undefined;

/** Says something beside pass and fail, such as a figure that was measured; printed as it comes. */
export function note(text: string): void {
  noteDown(text);
}

/**
 * Runs every registered test.
 *
 * @param resultFile gets the lines, appended
 * @param afterFailure called after a test that failed, e.g. for a screenshot
 * @returns how many failed
 */
export async function runTests(
  resultFile: string,
  afterFailure?: (name: string) => Promise<unknown>,
): Promise<number> {
  const write = (line: Line) => appendFileSync(resultFile, `${JSON.stringify(line)}\n`);
  noteDown = (text) => write({ kind: "note", text });
  let failed = 0;
  write({ kind: "planned", count: tests.length, pid: process.pid });
  for (const { name, body, timeoutMs } of tests) {
    write({ kind: "started", name });
    const started = Date.now();
    try {
      await withLimit(body, timeoutMs);
      write({ kind: "ended", name, ms: Date.now() - started });
    } catch (error) {
      failed++;
      const ms = Date.now() - started;
      write({
        kind: "ended",
        name,
        ms,
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      await withLimit(() => afterFailure?.(name), 10_000).catch(() => undefined);
    }
  }
  write({ kind: "done" });
  return failed;
}

async function withLimit(body: () => unknown, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      (async () => body())(),
      new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`did not finish within ${timeoutMs / 1000} s`)), timeoutMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
