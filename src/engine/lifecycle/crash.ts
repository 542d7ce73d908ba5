import { writeSync } from "node:fs";
import { logSafeText } from "../../core/errors";

const STANDARD_ERROR = 2;

/**
 * What is said of a failure that nobody caught: its class and code, and where it came from. Never its message, its
 * causes and its other properties, which Node would print and which may hold a key or a prompt.
 */
export function crashText(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  const places = stack.split("\n").filter((line) => /^ {4}at [^\n]*:\d+:\d+\)?$/.test(line));
  return [logSafeText(thrown), ...places].join("\n");
}

/**
 * Ends the process on what nobody caught, as Node does by itself, but tells of it in safe words only.
 * @param what failed, for the text
 */
export function dieQuietly(what: string): void {
  process.on("uncaughtException", (thrown) => {
    try {
      // Written before the process is gone, which a stream does not promise.
      writeSync(STANDARD_ERROR, `${what} failed: ${crashText(thrown)}\n`);
    } finally {
      process.exit(1);
    }
  });
}
