import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { providerEntry, runCli, temporaryFolder } from "../support/gateway";
import { secretShapes } from "../support/secretShapes";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const file = join(folder.path, "postern.json");
const workspace = join(folder.path, "repo");

function configure(policy: unknown): void {
  const providers = [
    providerEntry("https://api.example.com", { id: "openai", models: [{ id: "gpt" }] }),
    providerEntry("https://acme.openai.azure.com", {
      id: "azure",
      type: "azure",
      models: [{ id: "gpt-4o" }],
    }),
  ];
  writeFileSync(file, JSON.stringify({ providers, policy }));
}

const test = (...args: string[]) => runCli(["policy", "test", "--config", file, ...args]);

describe("postern policy test", () => {
  configure({ rules: [{ name: "incidents stay inside", when: { task: "incident" }, allow: ["azure/*"] }] });

  it("says that a request is sent, with exit code 0", async () => {
    const { code, stdout } = await test("--task", "incident", "--model", "gpt-4o");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Sent to azure\/gpt-4o\.\n/);
    expect(stdout).toContain('"incidents stay inside" of your settings: allow');
  });

  it("says which rule refuses it and why, with exit code 1", async () => {
    const { code, stdout } = await test("--task", "incident", "--model", "openai/gpt");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^Refused\. .*"incidents stay inside".*allows only azure\/\* here, not openai\/gpt\./,
    );
    expect(stdout).toContain("fits    task: wants incident; the request has incident");
  });

  it("reads the repository's own rules in the workspace", async () => {
    mkdirSync(workspace, { recursive: true });
    writeFileSync(
      join(workspace, ".postern.json"),
      JSON.stringify({ policy: { rules: [{ name: "no models", refuse: "nothing leaves" }] } }),
    );
    const { code, stdout } = await test("--workspace", workspace, "--model", "gpt");
    expect(code).toBe(1);
    expect(stdout).toContain(
      '"no models" of the repository\'s .postern.json refuses this request: nothing leaves',
    );
  });

  it("looks the git remote up in the workspace's repository", async () => {
    configure({ rules: [{ name: "acme", when: { remote: "github.com/acme/*" }, refuse: true }] });
    const repository = join(folder.path, "cloned");
    mkdirSync(join(repository, ".git"), { recursive: true });
    writeFileSync(join(repository, ".git", "HEAD"), "ref: refs/heads/main\n");
    writeFileSync(
      join(repository, ".git", "config"),
      '[remote "origin"]\n\turl = git@github.com:acme/api.git\n',
    );
    const { code, stdout } = await test("--workspace", repository);
    expect(stdout).toMatch(/git remote {2}\S*github\.com\S*acme\/api/);
    expect(code).toBe(1);
  });

  it("searches a body for secrets and does not print them", async () => {
    configure({ rules: [{ name: "no tokens", when: { secrets: ["github"] }, refuse: true }] });
    const token = secretShapes().find(({ name }) => name === "GitHub, classic")?.secret ?? "";
    const body = join(folder.path, "body.json");
    writeFileSync(body, JSON.stringify({ messages: [{ content: `my ${token}` }] }));
    const { code, stdout, stderr } = await test("--body", body);
    expect(code).toBe(1);
    expect(stdout).toContain("github");
    expect(stdout + stderr).not.toContain(token);
  });

  it.each([
    [["--trusted", "--untrusted"], "exclude each other"],
    [["--label", "x"], "NAME=VALUE"],
    [["more"], 'unexpected "more"'],
  ])("tells wrong use: %j", async (args, text) => {
    const { code, stderr } = await test(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(text);
  });

  it("tells a rule that cannot be meant, with its path and exit code 2", async () => {
    configure({ rules: [{ name: "x", allows: ["azure"] }] });
    const { code, stderr } = await test();
    expect(code).toBe(2);
    expect(stderr).toContain("policy.rules[0].allows: unknown field");
  });
});
