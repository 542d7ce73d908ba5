import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { engineEnvironment } from "../../../src/vscode/engine/environment";
import { notedPipePath, type PipeHost, preparePipePath } from "../../../src/vscode/engine/pipePath";

describe.skipIf(process.platform === "win32")("the place of the pipe", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pst-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const uid = process.getuid?.() ?? 0;
  const host = (variables: Record<string, string> = {}, change: Partial<PipeHost> = {}): PipeHost => ({
    platform: "linux",
    environment: (name) => variables[name],
    tmpdir: folder,
    uid,
    userName: "me",
    ...change,
  });

  test("is a private folder below the temporary one", async () => {
    const path = await preparePipePath("/storage", host());
    expect(path).toMatch(new RegExp(`^${folder}/postern-${uid}/[0-9a-f]{12}\\.sock$`));
    expect(statSync(join(folder, `postern-${uid}`)).mode & 0o777).toBe(0o700);
    expect(await preparePipePath("/storage", host())).toBe(path);
    expect(await preparePipePath("/other", host())).not.toBe(path);
  });

  test("is below the runtime folder where there is one", async () => {
    const runtime = join(folder, "run");
    expect(await preparePipePath("/s", host({ XDG_RUNTIME_DIR: runtime }))).toContain(`postern-${uid}/`);
    mkdirSync(runtime);
    expect(await preparePipePath("/s", host({ XDG_RUNTIME_DIR: runtime }))).toContain(`${runtime}/postern/`);
  });

  test.each([
    ["a link", "symbolic link", (path: string) => symlinkSync(folder, path)],
    ["a file", "not a folder", (path: string) => writeFileSync(path, "")],
    [
      "open to others",
      "other users have access",
      (path: string) => {
        mkdirSync(path);
        chmodSync(path, 0o755);
      },
    ],
  ])("is refused if it is %s", async (_, why, plant) => {
    plant(join(folder, `postern-${uid}`));
    await expect(preparePipePath("/s", host())).rejects.toThrow(why);
  });

  test("is refused if it belongs to somebody else", async () => {
    mkdirSync(join(folder, `postern-${uid + 1}`), { mode: 0o700 });
    await expect(preparePipePath("/s", host({}, { uid: uid + 1 }))).rejects.toThrow("another user");
  });

  test("is refused if the system could not listen there", async () => {
    const tmpdir = join(folder, "x".repeat(90));
    mkdirSync(tmpdir);
    await expect(preparePipePath("/s", host({}, { tmpdir }))).rejects.toThrow("too long");
  });

  test("is a named pipe on Windows", async () => {
    const path = await preparePipePath("C:\\storage", host({}, { platform: "win32" }));
    expect(path).toMatch(/^\\\\\.\\pipe\\postern-[0-9a-f]{12}$/);
  });
});

describe.skipIf(process.platform === "win32")("the pipe that the engine has noted", () => {
  let folder: string;
  let sockets: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pst-"));
    sockets = join(folder, "s");
    mkdirSync(sockets, { mode: 0o700 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const noted = (text: string | undefined, change: Partial<PipeHost> = {}): Promise<string | undefined> => {
    if (text !== undefined) writeFileSync(join(folder, "pipe"), text);
    return notedPipePath(folder, { platform: "linux", uid: process.getuid?.() ?? 0, ...change });
  };

  test("is where it says, wherever this window would have looked", async () => {
    expect(await noted(join(sockets, "p.sock"))).toBe(join(sockets, "p.sock"));
  });

  test("is nowhere if it says nothing that can be used", async () => {
    expect(await noted(undefined)).toBeUndefined();
    for (const text of ["", "p.sock", join(folder, "gone", "p.sock"), join(sockets, "x".repeat(100))]) {
      expect(await noted(text), text).toBeUndefined();
    }
  });

  test("is passed over in a folder that others rule", async () => {
    expect(await noted(join(sockets, "p.sock"), { uid: 1 + (process.getuid?.() ?? 0) })).toBeUndefined();
    symlinkSync(sockets, join(folder, "link"));
    expect(await noted(join(folder, "link", "p.sock"))).toBeUndefined();
    chmodSync(sockets, 0o755);
    expect(await noted(join(sockets, "p.sock"))).toBeUndefined();
  });

  test("is one of ours on Windows", async () => {
    const own = "\\\\.\\pipe\\postern-0123456789ab";
    expect(await noted(own, { platform: "win32" })).toBe(own);
    expect(await noted("\\\\server\\pipe\\postern-0123456789ab", { platform: "win32" })).toBeUndefined();
  });
});

test("the engine's environment has no keys", () => {
  const passed = engineEnvironment({
    PATH: "/bin",
    OPENAI_API_KEY: "sk-1",
    NODE_OPTIONS: "--inspect",
    HOME: "/h",
    COPILOT_CLI_PATH: "/c",
  });
  expect(passed).toEqual({ ELECTRON_RUN_AS_NODE: "1", PATH: "/bin", HOME: "/h", COPILOT_CLI_PATH: "/c" });
});
