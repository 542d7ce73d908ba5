import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runCli, temporaryFolder } from "../support/gateway";

const folder = temporaryFolder();
afterAll(() => folder.remove());

let count = 0;
function configFile(content: unknown): string {
  count += 1;
  const file = join(folder.path, `config-${count}.json`);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
}

describe("the command line", () => {
  it.each([[["--help"]], [["-h"]], [["help"]], [["serve", "--help"]]])("%j explains itself", async (args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stderr]).toEqual([0, ""]);
    for (const word of ["serve", "check", "--config", "--host", "--port"]) expect(stdout).toContain(word);
  });

  it("says its version", async () => {
    expect(await runCli(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  it.each([
    [[], /no command/],
    [["srve"], /"srve"/],
    [["serve"], /--config/],
    [["serve", "--config"], /--config/],
    [["serve", "--config", "F", "--prot", "1"], /--prot/],
    [["serve", "--config", "F", "more"], /"more"/],
    [["serve", "--config", "F", "--port", "70000"], /--port.*"70000"/],
    [["serve", "--config", "F", "--port", "-1"], /--port/],
    [["serve", "--config", "F", "--port="], /--port/],
    [["serve", "--config", "F", "--port", "0x10"], /--port/],
    [["serve", "--config", "F", "--host="], /--host/],
    [["copilot", "download", "--config", "F", "--registry", "npm.corp"], /--registry.*"npm.corp"/],
    [["agent", "--config", "F", "--model", "a/b", "--dir", "/no/such", "task"], /--dir.*such/],
    [["agent", "--config", "F", "--model", "a/b", "--dir", "F", "task"], /--dir.*no folder/],
    [["compare", "--config", "F", "--dir", "/no/such", "task.md"], /--dir.*such/],
  ])("%j is refused with exit code 2 and the reason", async (args, reason) => {
    const file = configFile({});
    const { code, stdout, stderr } = await runCli(
      (args as string[]).map((arg) => (arg === "F" ? file : arg)),
    );
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(reason as RegExp);
  });
});

describe("a configuration file", () => {
  it.each(["serve", "check"])(
    "with several faults has them all told by %s, each with its path",
    async (command) => {
      const file = configFile({
        providers: [
          { id: "a", type: "openai", baseUrl: "ftp://x" },
          { id: "a", type: "opnai", baseUrl: "https://u:p@example.com" },
          { id: "b", type: "azure", baseUrl: "https://x.openai.azure.com/openai/v1", apiKeey: "k" },
          { type: "anthropic", baseUrl: "not a url", models: [{ id: "" }] },
        ],
        gateway: { port: "4141", keys: [{ name: "k", key: "${env:NO_SUCH_KEY}" }] },
        surprises: [],
      });
      const { code, stdout, stderr } = await runCli([command, "--config", file]);
      expect([code, stdout]).toEqual([2, ""]);
      const lines = stderr.trim().split("\n");
      const paths = lines.map((line) => line.slice(0, line.indexOf(":")));
      for (const path of [
        "providers[0].baseUrl",
        "providers[1].id",
        "providers[1].type",
        "providers[2].baseUrl",
        "providers[2].apiKeey",
        "providers[3].id",
        "providers[3].baseUrl",
        "providers[3].models[0].id",
        "gateway.port",
        "surprises",
      ])
        expect(paths).toContain(path);
    },
  );

  it("that names an unset variable for a gateway key is refused", async () => {
    const file = configFile({
      gateway: {
        keys: [
          { name: "a", key: "${env:NO_SUCH_KEY}" },
          { name: "b", key: "x y" },
        ],
      },
    });
    const { code, stderr } = await runCli(["serve", "--config", file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/gateway\.keys\[0\]\.key.*NO_SUCH_KEY/);
    expect(stderr).toMatch(/gateway\.keys\[1\]\.key/);
  });

  it.each([
    ["", /JSON/],
    ["{", /JSON.*line 1/],
    ['{\n  "providers": [}\n}', /line 2, column 17/],
    ["[]", /object/],
    ["null", /object/],
  ])("of %j is refused in words", async (text, reason) => {
    const { code, stderr } = await runCli(["serve", "--config", configFile(text)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it("may have comments, trailing commas and a byte order mark", async () => {
    const { code, stderr } = await runCli([
      "check",
      "--config",
      configFile('\ufeff// mine\n{ "providers": [], }\n'),
    ]);
    expect([code, stderr]).toEqual([0, ""]);
  });

  it.each([
    ["missing.json", /ENOENT/],
    [".", /EISDIR/],
  ])("at %s cannot be read: exit code 2", async (name, reason) => {
    const { code, stderr } = await runCli(["serve", "--config", join(folder.path, name)]);
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
    expect(stderr).toContain(folder.path);
  });

  it.each([
    ["policy", "test", "--config", "F", "--body", "nowhere.json"],
    ["policy", "test", "--config", "F", "--body", "."],
    ["compare", "--config", "F", "--models", "a/b", "nowhere.md"],
    ["compare", "--config", "F", "--models", "a/b", "."],
  ])("is fine, but another file that is named cannot be read: %s", async (...args) => {
    const file = configFile({});
    const named = join(folder.path, args.at(-1) ?? "");
    const { code, stdout, stderr } = await runCli([
      ...args.slice(0, -1).map((arg) => (arg === "F" ? file : arg)),
      named,
    ]);
    // 1 would mean that the policy refuses the request, or that no model has passed.
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^the file .* cannot be read \((ENOENT|EISDIR)\)\n$/);
    expect(stderr).toContain(named);
  });

  it("is fine, but the task is in no git repository: compare says so", async () => {
    const task = join(folder.path, "task.md");
    writeFileSync(task, "---\ncheck: npm test\n---\nMend that.\n");
    const args = ["--models", "a/b", "--yes", "--dir", folder.path, task];
    const { code, stderr } = await runCli(["compare", "--config", configFile({}), ...args]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^invalid_request: .*\bgit repository\b/m);
  });

  it("with a data folder that cannot be made is refused, without a stack", async () => {
    mkdirSync(join(folder.path, "sub"));
    writeFileSync(join(folder.path, "sub", "file"), "");
    const { code, stderr } = await runCli([
      "serve",
      "--config",
      configFile({ dataDir: "sub/file/data" }),
      "--port",
      "0",
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^dataDir: .*ENOTDIR/m);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
