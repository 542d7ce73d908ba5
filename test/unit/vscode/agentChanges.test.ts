import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Changes, LastChanges } from "../../../src/vscode/agent/changes";

let agrees = true;
vi.mock("vscode", () => ({ workspace: { asRelativePath: (path: string) => path } }));
vi.mock("../../../src/vscode/ui/notify", () => ({ confirm: async () => agrees }));

let folder: string;
const file = (name: string) => join(folder, name);
beforeEach(() => {
  agrees = true;
  folder = mkdtempSync(join(tmpdir(), "postern-changes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What the agent does once it is allowed to. */
async function change(changes: Changes, name: string, text: string): Promise<void> {
  await changes.keep(file(name), text);
  writeFileSync(file(name), text);
}

test("a run's changes are undone to before its first, and its new files are taken away", async () => {
  writeFileSync(file("a"), Buffer.from([0xff, 0x0a]));
  const last = new LastChanges();
  const changes = last.begin();
  await change(changes, "a", "one");
  await change(changes, "a", "two");
  await change(changes, "new", "three");
  agrees = false;
  await last.undo();
  expect(readFileSync(file("a"), "utf8")).toBe("two");
  agrees = true;
  await last.undo();
  expect([...readFileSync(file("a"))]).toEqual([0xff, 0x0a]);
  expect(() => readFileSync(file("new"))).toThrow("ENOENT");
  await expect(last.undo()).rejects.toThrow("nothing that could be undone");
});

test("a run that has changed nothing leaves the one before it to be undone", async () => {
  writeFileSync(file("a"), "before");
  const last = new LastChanges();
  await change(last.begin(), "a", "agent");
  last.begin();
  await last.undo();
  expect(readFileSync(file("a"), "utf8")).toBe("before");
});

test("what somebody has changed since is left alone, and named", async () => {
  writeFileSync(file("a"), "before");
  writeFileSync(file("b"), "before");
  const last = new LastChanges();
  const changes = last.begin();
  await change(changes, "a", "agent");
  await change(changes, "b", "agent");
  writeFileSync(file("a"), "person");
  await expect(last.undo()).rejects.toThrow(file("a"));
  expect(readFileSync(file("a"), "utf8")).toBe("person");
  expect(readFileSync(file("b"), "utf8")).toBe("before");
});
