import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { EngineGatewayKey } from "../../../src/core/config/engineConfig";
import { formatKeyHash } from "../../../src/core/governance/keyHash";
import { KeyRing } from "../../../src/engine/gateway/keyRing";
import { GitOrigins } from "../../../src/engine/governance/gitOrigins";
import { temporaryFolder } from "../../support/gateway";

function hashOf(key: string): string {
  const salt = randomBytes(16);
  const digest = createHash("sha256").update(salt).update(key).digest("base64url");
  return formatKeyHash({ salt: salt.toString("base64url"), digest });
}

const NOW = Date.UTC(2026, 10, 20);

function ring(keys: readonly EngineGatewayKey[], refused: string[] = []): KeyRing {
  return new KeyRing(keys, {
    now: () => NOW,
    origin: (folder) => ({ folder, branch: "main" }),
    refused: (name, why) => refused.push(`${name} ${why}`),
  });
}

describe("the key ring", () => {
  it("knows a gateway key by its hash, and by itself", () => {
    const keys = ring([
      { name: "hashed", hash: hashOf("pst_a"), labels: { team: "web" } },
      { name: "plain", key: "pst_b" },
    ]);
    expect(keys.identify(["pst_a"])).toEqual({ kind: "gatewayKey", name: "hashed", labels: { team: "web" } });
    expect(keys.identify(["wrong", "pst_b"])?.name).toBe("plain");
    expect(keys.identify(["pst_c"])).toBeUndefined();
    expect(keys.identify([])).toBeUndefined();
    // The hash itself lets nobody in.
    expect(keys.identify([hashOf("pst_a")])).toBeUndefined();
  });
  it("lets a disabled or expired one in no more than an unknown one, and says which in the log only", () => {
    const refused: string[] = [];
    const keys = ring(
      [
        { name: "off", key: "a", enabled: false },
        { name: "old", key: "b", expiresAt: NOW },
        { name: "new", key: "c", expiresAt: NOW + 1 },
      ],
      refused,
    );
    expect(keys.identify(["a"])).toBeUndefined();
    expect(keys.identify(["b"])).toBeUndefined();
    expect(keys.identify(["c"])?.name).toBe("new");
    expect(refused).toEqual(["off disabled", "old expired"]);
    expect(keys.size).toBe(1);
  });
  it("lets one in that is accepted under another name", () => {
    const keys = ring([
      { name: "off", key: "a", enabled: false },
      { name: "on", key: "a" },
    ]);
    expect(keys.identify(["a"])?.name).toBe("on");
    expect(
      ring([
        { name: "on", key: "a" },
        { name: "off", key: "a", enabled: false },
      ]).identify(["a"])?.name,
    ).toBe("on");
  });
  it("keeps no key", () => {
    expect(JSON.stringify(ring([{ name: "x", key: "pst_secret" }]))).not.toContain("pst_secret");
  });
  it("says of a workspace's key where it is used", () => {
    const keys = ring([{ name: "ws", key: "a", workspaceFolder: "/w" }]);
    expect(keys.identify(["a"])?.workspace).toEqual({ folder: "/w", branch: "main" });
  });
  it("does nothing with a hash that is none", () => {
    expect(ring([{ name: "x", hash: "sha256$short$x" }]).size).toBe(0);
  });
});

describe("a workspace as git knows it", () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  const repository = (name: string, head: string, config = ""): string => {
    const path = join(folder.path, name);
    mkdirSync(join(path, ".git"), { recursive: true });
    writeFileSync(join(path, ".git", "HEAD"), head);
    writeFileSync(join(path, ".git", "config"), config);
    return path;
  };
  const origin = (path: string, now = 0) => new GitOrigins(() => now).origin(path);

  it("has branch and remote, below the repository's folder too", () => {
    const path = repository(
      "a",
      "ref: refs/heads/main\n",
      '[remote "origin"]\n url = https://token@example.com/a.git\n',
    );
    const facts = { trusted: true, branch: "main", remote: "https://example.com/a.git" };
    expect(origin(path)).toEqual({ folder: path, ...facts });
    mkdirSync(join(path, "packages", "x"), { recursive: true });
    expect(origin(join(path, "packages", "x"))).toMatchObject(facts);
  });
  it("follows a worktree to its own branch and the repository's remote", () => {
    const main = repository(
      "b",
      "ref: refs/heads/main\n",
      '[remote "origin"]\n url = https://example.com/b.git\n',
    );
    const own = join(main, ".git", "worktrees", "w");
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "HEAD"), "ref: refs/heads/side\n");
    writeFileSync(join(own, "commondir"), "../..\n");
    const tree = join(folder.path, "w");
    mkdirSync(tree);
    writeFileSync(join(tree, ".git"), `gitdir: ${own}\n`);
    expect(origin(tree)).toMatchObject({ branch: "side", remote: "https://example.com/b.git" });
  });
  it("is nothing more than a folder where there is no repository, or none that can be read", () => {
    const bare = join(folder.path, "bare");
    mkdirSync(bare);
    expect(origin(bare)).toEqual({ folder: bare, trusted: true });
    writeFileSync(join(bare, ".git"), "gitdir: \\\\evil.example\\share\n");
    expect(origin(bare)).toEqual({ folder: bare, trusted: true });
    const huge = repository("huge", `ref: refs/heads/${"x".repeat(100_000)}\n`);
    expect(origin(huge).branch?.length).toBe(300);
    const odd = repository("odd", "");
    rmSync(join(odd, ".git", "HEAD"));
    if (process.platform !== "win32") symlinkSync("/dev/zero", join(odd, ".git", "HEAD"));
    expect(origin(odd)).toEqual({ folder: odd, trusted: true });
  });
  it("is read again after a while, so that another branch is seen", () => {
    const path = repository("c", "ref: refs/heads/one\n");
    let now = 0;
    const origins = new GitOrigins(() => now);
    expect(origins.origin(path).branch).toBe("one");
    writeFileSync(join(path, ".git", "HEAD"), "ref: refs/heads/two\n");
    now = 1000;
    expect(origins.origin(path).branch).toBe("one");
    now = 2000;
    expect(origins.origin(path).branch).toBe("two");
  });
});
