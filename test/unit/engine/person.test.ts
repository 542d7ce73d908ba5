import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PermissionQuestion } from "../../../src/core/agent/contract";
import { Person } from "../../../src/engine/agent/person";

let said: string;
beforeEach(() => {
  said = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

/** Asks as at a terminal; nobody answers. */
async function ask(question: PermissionQuestion): Promise<boolean> {
  const tty = Object.getOwnPropertyDescriptor(process.stdin, "isTTY");
  Object.defineProperty(process.stdin, "isTTY", { value: true, configurable: true });
  const person = new Person([]);
  try {
    return await person.permit(question, AbortSignal.abort());
  } finally {
    person.close();
    if (tty) Object.defineProperty(process.stdin, "isTTY", tty);
    else Reflect.deleteProperty(process.stdin, "isTTY");
  }
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

  it("leaves words in all languages as they are", () => {
    new Person([]).say("Grüße\t\u{1f5fb}\r\n日本");
    expect(said).toBe("Grüße\t\u{1f5fb}\r\n日本\n");
  });
});
