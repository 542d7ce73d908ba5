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

describe("what is said at the terminal", () => {
  it("hides no part of what the person is to decide on", async () => {
    const tty = Object.getOwnPropertyDescriptor(process.stdin, "isTTY");
    Object.defineProperty(process.stdin, "isTTY", { value: true, configurable: true });
    const person = new Person([]);
    const over = AbortSignal.abort();
    const diff = "+\tgood line\n+evil\u001b[1A\u001b[2K\u202e\n";
    const question: PermissionQuestion = { kind: "edit", path: "/w/a", inside: true, diff };
    expect(await person.permit(question, over)).toBe(false);
    person.close();
    if (tty) Object.defineProperty(process.stdin, "isTTY", tty);
    else Reflect.deleteProperty(process.stdin, "isTTY");
    expect(said).toContain("+\tgood line\n+evil\\u{1b}[1A\\u{1b}[2K\\u{202e}\n");
  });

  it("leaves words in all languages as they are", () => {
    new Person([]).say("Grüße\t\u{1f5fb}\r\n日本");
    expect(said).toBe("Grüße\t\u{1f5fb}\r\n日本\n");
  });
});
