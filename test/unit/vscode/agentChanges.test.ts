import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
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
  await changes.keep({ path: file(name), newText: text });
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

test("what a patch has deleted or moved comes back as it was, and leaves no folder behind", async () => {
  writeFileSync(file("gone.sh"), "#!/bin/sh\n");
  chmodSync(file("gone.sh"), 0o775);
  mkdirSync(file("old"));
  writeFileSync(file("old/a"), Buffer.from([0xff, 0x0a]));
  const last = new LastChanges();
  const changes = last.begin();
  await changes.keep({ path: file("gone.sh"), newText: "", deletes: true });
  rmSync(file("gone.sh"));
  await changes.keep({ path: file("new/deep/b"), from: file("old/a"), newText: "b" });
  mkdirSync(file("new/deep"), { recursive: true });
  renameSync(file("old/a"), file("new/deep/b"));
  writeFileSync(file("new/deep/b"), "b");
  rmSync(file("old"), { recursive: true });
  await last.undo();
  expect(readFileSync(file("gone.sh"), "utf8")).toBe("#!/bin/sh\n");
  expect(statSync(file("gone.sh")).mode & 0o777).toBe(0o775);
  expect([...readFileSync(file("old/a"))]).toEqual([0xff, 0x0a]);
  expect(existsSync(file("new"))).toBe(false);
});

test("a new folder stays where somebody has put something of their own into it", async () => {
  const last = new LastChanges();
  const changes = last.begin();
  await changes.keep({ path: file("new/a"), newText: "agent" });
  mkdirSync(file("new"));
  writeFileSync(file("new/a"), "agent");
  writeFileSync(file("new/mine"), "person");
  await last.undo();
  expect(existsSync(file("new/a"))).toBe(false);
  expect(readFileSync(file("new/mine"), "utf8")).toBe("person");
});

test("a change that was allowed and did not come about does not keep the others from being undone", async () => {
  writeFileSync(file("a"), "before");
  writeFileSync(file("b"), "before");
  const last = new LastChanges();
  const changes = last.begin();
  await change(changes, "a", "one");
  // Of a patch the person has allowed this, and not the rest.
  await changes.keep({ path: file("a"), newText: "two" });
  await changes.keep({ path: file("b"), newText: "two" });
  await changes.keep({ path: file("new"), newText: "two" });
  await last.undo();
  for (const name of ["a", "b"]) expect(readFileSync(file(name), "utf8")).toBe("before");
});

test("what somebody has written between two changes of the agent's is not lost", async () => {
  writeFileSync(file("a"), "before");
  const last = new LastChanges();
  const changes = last.begin();
  await change(changes, "a", "agent");
  writeFileSync(file("a"), "agent and person");
  await change(changes, "a", "agent and person, again");
  await change(changes, "a", "agent and person, once more");
  await expect(last.undo()).rejects.toThrow(file("a"));
  expect(readFileSync(file("a"), "utf8")).toBe("agent and person, once more");
});
