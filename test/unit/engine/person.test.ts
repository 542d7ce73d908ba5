import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PermissionQuestion } from "../../../src/core/agent/contract";
import { Person } from "../../../src/engine/agent/person";
import { eventually } from "../../support/waiting";

let said: string;
beforeEach(() => {
  said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

/** Has the standard streams be a terminal's while something is done. */
async function atTerminal<T>(work: () => Promise<T>): Promise<T> {
  const streams = [process.stdin, process.stderr] as const;
  const before = streams.map((stream) => Object.getOwnPropertyDescriptor(stream, "isTTY"));
  for (const stream of streams) Object.defineProperty(stream, "isTTY", { value: true, configurable: true });
  try {
    return await work();
  } finally {
    for (const [at, stream] of streams.entries()) {
      const own = before[at];
      if (own) Object.defineProperty(stream, "isTTY", own);
      else Reflect.deleteProperty(stream, "isTTY");
    }
  }
}

/** Asks; nobody answers. */
function ask(question: PermissionQuestion): Promise<boolean> {
  return atTerminal(async () => {
    const person = new Person([]);
    const allowed = await person.permit(question, AbortSignal.abort());
    person.close();
    return allowed;
  });
}

describe("what is said at the terminal", () => {
  it("hides no part of what the person is to decide on", async () => {
    const diff = "+\tgood line\n+evil\u001b[1A\u001b[2K\u202e\n";
    expect(await ask({ kind: "edit", path: "/w/a", inside: true, diff })).toBe(false);
    expect(said).toContain("+\tgood line\n+evil\\u{1b}[1A\\u{1b}[2K\\u{202e}\n");
    const command = `echo ${"x".repeat(2_000)}; evil ; echo ${"y".repeat(2_000)}`;
    expect(await ask({ kind: "command", command, intention: "" })).toBe(false);
    expect(said).toContain(`${command}\n`);
  });

  it("is broken off by Ctrl-C, which is no answer to the question", async () => {
    const broken = vi.fn();
    process.once("SIGINT", broken);
    await atTerminal(async () => {
      const person = new Person([]);
      const over = new AbortController();
      const answer = person.permit({ kind: "url", url: "http://x" }, over.signal);
      await eventually(() => said.includes("[y]es"), "the question");
      process.stdin.emit("data", Buffer.from("\u0003"));
      await eventually(() => broken.mock.calls.length > 0, "the signal");
      over.abort();
      expect(await answer).toBe(false);
      person.close();
    });
  });

  it("leaves words in all languages as they are", () => {
    new Person([]).say("Grüße\t\u{1f5fb}\r\n日本");
    expect(said).toBe("Grüße\t\u{1f5fb}\r\n日本\n");
  });
});
