import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, test } from "vitest";
import type { Caller } from "../../../src/core/governance/caller";
import { AdministratorPolicy, administratorPolicyPath } from "../../../src/engine/policy/administratorPolicy";
import { PolicyService } from "../../../src/engine/policy/policyService";
import { PolicyWarnings } from "../../../src/engine/policy/policyWarnings";
import { RepositoryPolicies } from "../../../src/engine/policy/repositoryPolicies";
import { temporaryFolder } from "../../support/gateway";

const folder = temporaryFolder();
afterAll(() => folder.remove());
const uid = process.getuid?.() ?? 0;
const rule = (name: string) => JSON.stringify({ policy: { rules: [{ name, refuse: true }] } });

describe("the repository's .postern.json", () => {
  const workspace = join(folder.path, "workspace");
  const file = join(workspace, ".postern.json");
  beforeEach(() => {
    rmSync(workspace, { recursive: true, force: true });
    mkdirSync(workspace);
  });

  it("is read, again when it has changed, and forgotten when it has gone", async () => {
    const policies = new RepositoryPolicies();
    expect(await policies.source(workspace)).toBeUndefined();
    writeFileSync(file, rule("one"));
    expect(await policies.source(workspace)).toMatchObject({ rules: [{ name: "one" }] });
    // Of the same size, and put in place with the time of the old one.
    writeFileSync(`${file}.new`, rule("two"));
    utimesSync(`${file}.new`, 1, 1);
    utimesSync(file, 1, 1);
    renameSync(`${file}.new`, file);
    expect(await policies.source(workspace)).toMatchObject({ rules: [{ name: "two" }] });
    unlinkSync(file);
    expect(await policies.source(workspace)).toBeUndefined();
  });

  it("is not read through a link, and nothing of what the link points at is told", async () => {
    const target = join(folder.path, "somebody-elses-secret");
    writeFileSync(target, rule("secret-content"));
    symlinkSync(target, file);
    const source = await new RepositoryPolicies().source(workspace);
    expect(source).toEqual({ origin: "repository", fault: `${file} is a link; put the file itself there.` });
  });

  it("that is a pipe does not hold a request up", async () => {
    execFileSync("mkfifo", [file]);
    expect(await new RepositoryPolicies().source(workspace)).toMatchObject({
      fault: `${file} is not a plain file.`,
    });
  });

  it("that is a folder or too large is refused", async () => {
    mkdirSync(file);
    expect(await new RepositoryPolicies().source(workspace)).toHaveProperty("fault");
    rmSync(file, { recursive: true });
    writeFileSync(file, `${rule("x")}${" ".repeat(70_000)}`);
    expect(await new RepositoryPolicies().source(workspace)).toMatchObject({
      fault: `${file} is larger than 64 KB.`,
    });
  });

  it("of a folder that is not on this machine is none", async () => {
    expect(await new RepositoryPolicies().source("relative/folder")).toBeUndefined();
    expect(await new RepositoryPolicies().source(join(workspace, "gone"))).toBeUndefined();
  });
});

describe("the administrator's file", () => {
  const place = join(folder.path, "etc");
  const file = join(place, "policy.json");
  const owner = { platform: process.platform, uid };
  beforeEach(() => {
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { mode: 0o755 });
  });

  it("has its place on each system", () => {
    expect(administratorPolicyPath("linux", () => undefined)).toBe("/etc/postern/policy.json");
    expect(administratorPolicyPath("darwin", () => undefined)).toBe(
      "/Library/Application Support/Postern/policy.json",
    );
    expect(administratorPolicyPath("win32", () => "D:\\Data")).toMatch(/^D:\\Data.Postern.policy\.json$/);
  });

  it("counts if only the administrator can write it", async () => {
    const policy = new AdministratorPolicy(file, owner);
    expect(await policy.source()).toBeUndefined();
    writeFileSync(file, rule("one"), { mode: 0o644 });
    expect(await policy.source()).toMatchObject({ origin: "administrator", rules: [{ name: "one" }] });
  });

  it.each([
    ["the group may write it", () => chmodSync(file, 0o664), "can be written by others"],
    ["everybody may write it", () => chmodSync(file, 0o646), "can be written by others"],
    ["everybody may write its folder", () => chmodSync(place, 0o777), "is in a folder that can be written"],
    ["it is a link", () => replaceByLink(file), "is a link"],
  ])("refuses everything where %s", async (_, spoil, reason) => {
    const policy = new AdministratorPolicy(file, owner);
    writeFileSync(file, rule("one"), { mode: 0o644 });
    expect(await policy.source()).toHaveProperty("rules");
    spoil();
    const source = await policy.source();
    expect(source).toMatchObject({ origin: "administrator", fault: expect.stringContaining(reason) });
  });

  it("refuses everything where it is somebody else's", async () => {
    writeFileSync(file, rule("one"), { mode: 0o644 });
    const policy = new AdministratorPolicy(file, { platform: "linux", uid: uid + 1 });
    expect(await policy.source()).toMatchObject({ fault: expect.stringContaining("does not belong") });
    // Only root can give a file away.
    if (uid !== 0) return;
    chownSync(file, 4242, 4242);
    expect(await new AdministratorPolicy(file, owner).source()).toHaveProperty("fault");
  });

  it("on Windows, where the user may write it, is refused", async () => {
    writeFileSync(file, rule("one"));
    const source = await new AdministratorPolicy(file, { platform: "win32", uid: 0 }).source();
    expect(source).toMatchObject({ fault: expect.stringContaining("can be written by you") });
  });
});

test("a warning is told once in ten minutes, however many requests there are", () => {
  let now = 0;
  const told: string[] = [];
  const warnings = new PolicyWarnings(() => now);
  warnings.onWarning(({ rule, caller }) => told.push(`${rule} ${caller}`));
  const tell = (rule: string, caller: string) => warnings.tell({ rule, caller, message: "look" });
  for (let i = 0; i < 5; i++) tell("a", "ci");
  tell("a", "other");
  now = 9 * 60_000;
  tell("a", "ci");
  now = 11 * 60_000;
  tell("a", "ci");
  expect(told).toEqual(["a ci", "a other", "a ci"]);
});

describe("the policy of a request", () => {
  const caller: Caller = {
    kind: "gatewayKey",
    name: "k",
    labels: {},
    workspace: { folder: join(folder.path, "w"), trusted: true },
  };
  const service = (searched: string[]) =>
    new PolicyService({ source: async () => undefined }, new RepositoryPolicies(), {
      kinds: async (json) => {
        searched.push(json);
        return json.includes("SECRET") ? ["test"] : [];
      },
    });

  it("is that of the settings and of the folder it comes from", async () => {
    mkdirSync(join(folder.path, "w"), { recursive: true });
    writeFileSync(
      join(folder.path, "w", ".postern.json"),
      JSON.stringify({ policy: { rules: [{ name: "repo", allow: ["a/*"] }] } }),
    );
    const policy = service([]);
    policy.configure({ rules: [{ name: "mine", when: {}, allow: ["a/*", "b/*"] }] });
    const decision = await policy.decide({ caller, body: () => Buffer.from("{}") });
    const verdict = (id: string) =>
      decision.forTarget({ provider: { id, baseUrl: "http://x" }, model: "m" }).refusal?.rule;
    expect([verdict("a"), verdict("b"), verdict("c")]).toEqual([undefined, "repo", "mine"]);
    const { workspace: _, ...elsewhere } = caller;
    const other = await policy.decide({ caller: elsewhere, body: () => Buffer.from("{}") });
    expect(
      other.forTarget({ provider: { id: "b", baseUrl: "http://x" }, model: "m" }).refusal,
    ).toBeUndefined();
  });

  it("knows the home folder in a workspace's pattern", async () => {
    const none = { source: async () => undefined };
    const policy = new PolicyService(none, none, { kinds: async () => [] }, undefined, "/home/ada");
    policy.configure({ rules: [{ name: "clients", when: { workspace: ["~/clients/*"] }, refuse: true }] });
    const refused = async (workspace: string) =>
      (await policy.explain({ labels: {}, tasks: [], secrets: [], workspace })).decision.refusal?.rule;
    expect(await refused("/home/ada/clients/acme/api")).toBe("clients");
    expect(await refused("/home/eve/clients/acme")).toBeUndefined();
    expect(await refused("/home/ada")).toBeUndefined();
  });

  it("looks into the body only where a rule wants it, and takes one too large to search for guilty", async () => {
    const searched: string[] = [];
    const policy = service(searched);
    policy.configure({ rules: [] });
    await policy.decide({ caller, body: () => Buffer.from("SECRET") });
    expect(searched).toEqual([]);
    policy.configure({ rules: [{ name: "no secrets", when: { secrets: true }, refuse: true }] });
    const decided = async (body: Buffer) =>
      (await policy.decide({ caller: { ...caller, labels: {} }, body: () => body })).refusal?.rule;
    expect(await decided(Buffer.from("SECRET"))).toBe("no secrets");
    expect(await decided(Buffer.from("fine"))).toBeUndefined();
    expect(await decided(Buffer.alloc(17 * 1024 * 1024, "x"))).toBe("no secrets");
    expect(searched).toHaveLength(2);
  });

  it("refuses everything while the settings cannot be used", async () => {
    const policy = service([]);
    policy.configure({ fault: "policy.rules[0].name is missing." });
    const { refusal } = await policy.decide({ caller, body: () => Buffer.from("{}") });
    expect(refusal?.message).toContain("your settings cannot be used: policy.rules[0].name is missing.");
  });
});

function replaceByLink(path: string): void {
  renameSync(path, `${path}.x`);
  symlinkSync(`${path}.x`, path);
}
