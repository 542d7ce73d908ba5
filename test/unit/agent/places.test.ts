import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PermissionRequest } from "@github/copilot-sdk";
import { afterAll, describe, expect, it } from "vitest";
import { agentEnvironment } from "../../../src/copilot/agent/environment";
import { isInside, questionOf } from "../../../src/copilot/agent/permission";
import { modelInfos, providerOf } from "../../../src/copilot/agent/sessionConfig";
import type { AgentRun } from "../../../src/core/agent/contract";
import { temporaryFolder } from "../../support/gateway";

const folder = temporaryFolder();
const work = join(realpathSync(folder.path), "work");
mkdirSync(join(work, "sub", ".git"), { recursive: true });
mkdirSync(join(work, "..", "work-beside"));
writeFileSync(join(work, "a"), "");
symlinkSync(join(work, ".."), join(work, "out"));
symlinkSync(join(work, "sub"), join(work, "in"));
// What they point at is not there yet: writing through them would make it.
symlinkSync(join(work, "..", "not-there"), join(work, "dangling"));
symlinkSync("../../not-there/deep", join(work, "sub", "dangling"));
symlinkSync("dangling", join(work, "twice"));
symlinkSync("new-one", join(work, "fine"));
symlinkSync("loop", join(work, "loop"));
symlinkSync(".git/hooks/new", join(work, "sub", "hook"));
symlinkSync(".vscode/tasks.json", join(work, "tasks"));
afterAll(() => folder.remove());

describe("the folder's border", () => {
  it.each(["a", "sub/new/deep", "in/x", "./sub/../a", "", "fine", "..a", ".github/x", ".gitignore"])(
    "holds %j",
    (path) => {
      expect(isInside(join(work, path), work)).toBe(true);
      expect(isInside(path === "" ? "." : path, work)).toBe(true);
    },
  );

  it.each([
    "../x",
    "../work-beside/x",
    "out",
    "out/x",
    "out/new/deep",
    ".git/hooks/x",
    ".GIT/config",
    "sub/.git/config",
    "/etc/passwd",
    "dangling",
    "sub/dangling/x",
    "twice",
    "loop",
    "sub/hook",
    // Names that Windows and macOS take for .git.
    "new/.git./config",
    "new/.git /config",
    "new/git~1/config",
    "new/.git::$INDEX_ALLOCATION/config",
    "new/.g\u200cit/config",
  ])("does not hold %j", (path) => {
    expect(isInside(path.startsWith("/") ? path : join(work, path), work)).toBe(false);
  });
});

describe("what programs run or obey by themselves", () => {
  const edit = (fileName: string) =>
    questionOf({ kind: "write", fileName, diff: "", intention: "" } as unknown as PermissionRequest, work);

  it.each([
    ".vscode/tasks.json",
    "sub/.VSCODE/settings.json",
    "sub/.git/config",
    join(work, ".vscode", "x"),
    "tasks",
    "my.code-workspace",
    "sub/My.Code-Workspace.",
  ])("is asked about by itself: %s", (path) => {
    expect(edit(path)).toMatchObject({ kind: "edit", guarded: true });
  });

  it.each(["a", "sub/vscode/x", ".vscodeignore", "code-workspace.md", join(work, "a")])(
    "is not: %s",
    (path) => {
      expect(edit(path)).not.toHaveProperty("guarded");
    },
  );
});

describe("a patch that takes a file away", () => {
  /** As the runtime shows it: the header alone tells where a file comes from, and that it goes. */
  const patch = (before: string, after: string, fileName: string) => {
    const diff = `\ndiff --git a${before} b${after}\nindex 0000000..0000000 100644\n--- a${before}\n+++ b${after}\n@@ -1,1 +1,2 @@\n a\n+b\n`;
    return questionOf(
      { kind: "write", fileName, diff, intention: "", newFileContents: "a\nb" } as PermissionRequest,
      work,
    );
  };
  const a = join(work, "a");
  const outside = join(work, "..", "a key");

  it("moves it from outside of the folder only if that is allowed", () => {
    const moved = patch(outside, join(work, "b"), join(work, "b"));
    expect(moved).toMatchObject({ path: join(work, "b"), from: outside, inside: false });
    expect(patch(a, join(work, "b"), join(work, "b"))).toMatchObject({ from: a, inside: true });
    const hook = join(work, ".git", "hooks", "pre-commit");
    expect(patch(hook, join(work, "b"), join(work, "b"))).toMatchObject({ inside: false, guarded: true });
    expect(patch(join(work, ".vscode", "x"), a, a)).toMatchObject({ guarded: true });
  });

  it("says that it deletes it, and is not taken for a change or a new file", () => {
    expect(patch(a, "/dev/null", a)).toMatchObject({ path: a, inside: true, deletes: true });
    for (const other of [patch(a, a, a), patch("/dev/null", a, a)]) {
      expect(other).not.toHaveProperty("deletes");
      expect(other).not.toHaveProperty("from");
    }
  });
});

describe("a path that means two places", () => {
  it("is inside only if both are", () => {
    mkdirSync(join(work, "one", "two", "three"), { recursive: true });
    symlinkSync(join(work, "one", "two", "three"), join(work, "deep"));
    // By the links work/one/x, by the letters a file beside the folder.
    expect(isInside(`${work}/deep/../../x`, work)).toBe(false);
    // By the letters work/x, by the links a file beside the folder.
    expect(isInside(`${work}/out/../x`, work)).toBe(false);
    expect(isInside(`${work}/deep/../x`, work)).toBe(true);
  });
});

describe("the agent's environment", () => {
  it("has what programs need, and no key", () => {
    const own = {
      PATH: "/bin",
      HOME: "/h",
      LC_ALL: "C",
      OPENAI_API_KEY: "sk",
      GITHUB_TOKEN: "gh",
      POSTERN_KEY: "p",
      HTTP_PROXY: "http://p",
      NODE_OPTIONS: "-r x",
      LD_PRELOAD: "x",
      PATHS: "no",
    };
    expect(agentEnvironment(own)).toEqual({
      PATH: "/bin",
      HOME: "/h",
      LC_ALL: "C",
      NO_PROXY: "127.0.0.1,localhost,::1",
    });
  });
});

describe("what the SDK is told", () => {
  const run: AgentRun = {
    prompt: "p",
    model: "a/m",
    protocol: "chat",
    models: [{ id: "a/m", contextWindow: 1000, maxOutput: 200, images: true }, { id: "b/n" }],
    gateway: { url: "http://127.0.0.1:1", key: "k" },
    folder: "/w",
    task: "agent-1",
    keep: true,
  };

  it("is the gateway in the protocol of the model's provider", () => {
    const address = (protocol: AgentRun["protocol"]) => providerOf({ ...run, protocol });
    expect(address("chat")).toMatchObject({
      type: "openai",
      wireApi: "completions",
      baseUrl: "http://127.0.0.1:1/v1",
    });
    expect(address("responses")).toMatchObject({ type: "openai", wireApi: "responses" });
    expect(address("messages")).toMatchObject({ type: "anthropic", baseUrl: "http://127.0.0.1:1" });
    expect(address("chat")).toMatchObject({
      apiKey: "k",
      headers: { "x-postern-task": "agent-1" },
      maxPromptTokens: 800,
      maxOutputTokens: 200,
    });
    expect(providerOf({ ...run, model: "b/n" })).not.toHaveProperty("maxPromptTokens");
  });

  it("is Postern's list of models", () => {
    expect(modelInfos(run.models).map(({ id, capabilities }) => [id, capabilities.supports.vision])).toEqual([
      ["a/m", true],
      ["b/n", false],
    ]);
  });
});
