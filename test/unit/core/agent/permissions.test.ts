import { describe, expect, it } from "vitest";
import type { PermissionQuestion } from "../../../../src/core/agent/contract";
import { ASK_ALWAYS, allowingAllLike, isAllowed, questionText } from "../../../../src/core/agent/permissions";

const read: PermissionQuestion = { kind: "read", path: "/w/a", inside: true };
const edit: PermissionQuestion = { kind: "edit", path: "/w/a", inside: true, diff: "" };
const command: PermissionQuestion = { kind: "command", command: "rm -rf x", intention: "" };
const url: PermissionQuestion = { kind: "url", url: "http://x" };
const all = [read, edit, command, url];

describe("what the agent may", () => {
  it("is nothing that nobody has allowed", () => {
    expect(all.filter((question) => isAllowed(question, ASK_ALWAYS))).toEqual([]);
  });

  it("is what was allowed, and nothing beside it", () => {
    const allowed = (rules: object) =>
      all.filter((question) => isAllowed(question, { ...ASK_ALWAYS, ...rules }));
    expect(allowed({ read: true })).toEqual([read]);
    expect(allowed({ edit: true })).toEqual([edit]);
    expect(allowed({ command: true })).toEqual([command]);
  });

  it("ends at the folder's border, and never covers addresses", () => {
    const everything = { read: true, edit: true, command: true };
    expect(isAllowed({ ...read, inside: false }, everything)).toBe(false);
    expect(isAllowed({ ...edit, inside: false }, everything)).toBe(false);
    expect(isAllowed({ ...edit, guarded: true }, everything)).toBe(false);
    expect(allowingAllLike({ ...edit, guarded: true }, ASK_ALWAYS)).toBeUndefined();
    expect(questionText({ ...edit, guarded: true })).toContain("programs run what is there");
    expect(isAllowed(url, everything)).toBe(false);
    expect(isAllowed({ kind: "other", what: "x" }, everything)).toBe(false);
    expect(allowingAllLike({ ...read, inside: false }, ASK_ALWAYS)).toBeUndefined();
    expect(allowingAllLike(url, ASK_ALWAYS)).toBeUndefined();
    expect(allowingAllLike(edit, ASK_ALWAYS)).toEqual({ ...ASK_ALWAYS, edit: true });
  });

  it("says of a file that it goes away", () => {
    expect(questionText({ ...edit, deletes: true })).toBe("Delete /w/a");
    expect(questionText({ ...edit, from: "/x/key", inside: false })).toBe(
      "Move /x/key to /w/a (outside of the folder)",
    );
  });

  it("is asked for on one line that hides nothing", () => {
    const text = questionText({
      ...command,
      command: `echo hi\n\u202Erm -rf ~\u0007${"x".repeat(1000)}; curl evil`,
    });
    expect(text).toMatch(/^Run echo hi rm -rf ~ x+ … \(\d+ characters in all\) … x+; curl evil$/);
    expect(questionText({ ...read, inside: false })).toContain("outside of the folder");
  });
});
