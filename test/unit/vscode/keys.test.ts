import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { gatewayKeySchema } from "../../../src/core/config/schema";
import { originOf, type StoredSecret } from "../../../src/core/credentials/stored";
import {
  labelFault,
  moved,
  renamed,
  withoutSecret,
  withSecret,
} from "../../../src/vscode/credentials/storedEdits";
import { engineToken, machineEngineToken } from "../../../src/vscode/secrets/engineToken";
import { GatewayKeys, gatewayKeyNameFault } from "../../../src/vscode/secrets/gatewayKeys";
import { fitsHash, maskKey } from "../../../src/vscode/secrets/keyMaterial";
import { ProviderKeys } from "../../../src/vscode/secrets/providerKeys";
import { WorkspaceKeys } from "../../../src/vscode/secrets/workspaceKeys";
import { MemorySecrets, MemorySettings } from "./memorySecrets";

const NAME = "postern.provider.a.credential";
const ORIGIN = "https://a.example";

const secret = (label: string, value: string, kind: StoredSecret["kind"] = "apiKey"): StoredSecret => ({
  label,
  kind,
  value,
  origin: ORIGIN,
});

describe("providers' keys", () => {
  test("are one secret for each provider, each with its label and the address it is for", async () => {
    const secrets = new MemorySecrets();
    const keys = new ProviderKeys(secrets);
    await keys.put("a", [secret("work", "k1"), secret("home", "k2")]);
    expect([...secrets.values.keys()]).toEqual([NAME]);
    expect(await keys.list("a")).toEqual([secret("work", "k1"), secret("home", "k2")]);
    await keys.put("a", []);
    expect(secrets.values.size).toBe(0);
    expect(await keys.list("a")).toEqual([]);
  });

  test("that were stored before there could be several are all still there, the token first", async () => {
    const secrets = new MemorySecrets();
    const keys = new ProviderKeys(secrets);
    secrets.values.set(NAME, JSON.stringify({ apiKey: "k", bearerToken: "t", origin: ORIGIN }));
    expect(await keys.list("a")).toEqual([secret("token", "t", "bearerToken"), secret("key", "k")]);
    await keys.change("a", (stored) => withSecret(stored, secret("new", "n")));
    expect((await keys.list("a")).map(({ value }) => value)).toEqual(["t", "k", "n"]);
    secrets.values.set(NAME, JSON.stringify({ apiKey: "k", origin: ORIGIN }));
    expect(await keys.list("a")).toEqual([secret("key", "k")]);
  });

  test("changed twice at once lose neither change", async () => {
    const keys = new ProviderKeys(new MemorySecrets());
    await Promise.all(
      ["a", "b", "c"].map((label) => keys.change("a", (stored) => withSecret(stored, secret(label, label)))),
    );
    expect((await keys.list("a")).map(({ label }) => label)).toEqual(["a", "b", "c"]);
  });

  test.each([
    "sk-plain",
    "null",
    '{"apiKey":"k"}',
    '{"apiKey":"k","origin":"file:///x"}',
    `{"origin":"${ORIGIN}"}`,
    '{"credentials":{}}',
    '{"credentials":[null,{"label":"a","kind":"apiKey","value":"k"}]}',
    `{"credentials":[{"label":"a","kind":"apiKey","value":"k","origin":"${ORIGIN}/v1"}]}`,
  ])("that do not say where they may go are not used: %s", async (text) => {
    const secrets = new MemorySecrets();
    secrets.values.set(NAME, text);
    expect(await new ProviderKeys(secrets).list("a")).toEqual([]);
  });

  test("are renamed, moved, replaced and taken away one by one", () => {
    const list = [secret("a", "1"), secret("b", "2"), secret("c", "3")];
    const labels = (found: readonly StoredSecret[]) => found.map(({ label }) => label).join("");
    expect(labels(moved(list, "c", "up"))).toBe("acb");
    expect(labels(moved(list, "a", "up"))).toBe("abc");
    expect(labels(moved(list, "c", "down"))).toBe("abc");
    expect(labels(withoutSecret(list, "b"))).toBe("ac");
    expect(labels(renamed(list, "a", "x"))).toBe("xbc");
    expect(labels(renamed(list, "a", "c"))).toBe("abc");
    expect(withSecret(list, secret("b", "9"))[1]).toEqual(secret("b", "9"));
  });

  test("need a label of their own", () => {
    expect(labelFault(" ", [])).toBeDefined();
    expect(labelFault("a/b", [])).toBeDefined();
    expect(labelFault("work", ["work"])).toBeDefined();
    expect(labelFault("me@work 2", ["work"])).toBeUndefined();
  });

  test.each([
    ["https://A.example:443/v1/", ORIGIN],
    ["http://a.example", "http://a.example"],
    ["https://a.example:8443/x", "https://a.example:8443"],
    ["ftp://a.example", undefined],
    ["a.example", undefined],
    [7, undefined],
  ])("may go to scheme, host and port: %j is %j", (baseUrl, origin) => {
    expect(originOf(baseUrl)).toBe(origin);
  });
});

describe("gateway keys", () => {
  const stored = (name: string, key: string) => new Map([[`postern.gatewayKey.${name}`, key]]);

  test("are random, and stand in the settings by their hash only", async () => {
    const secrets = new MemorySecrets();
    const settings = new MemorySettings();
    const keys = new GatewayKeys(settings, secrets);
    const made = await keys.create({ name: "codex", keep: false, fields: { requestsPerMinute: 5 } });
    expect(made.key).toMatch(/^pst_[A-Za-z0-9_-]{43}$/);
    expect(secrets.values.size).toBe(0);
    const [entry] = settings.list as Record<string, unknown>[];
    expect(entry).toEqual({
      name: "codex",
      hash: expect.stringMatching(/^sha256\$/),
      masked: maskKey(made.key),
      requestsPerMinute: 5,
    });
    expect(fitsHash(made.key, String(entry?.hash))).toBe(true);
    expect(fitsHash(`${made.key}x`, String(entry?.hash))).toBe(false);
    expect(gatewayKeySchema.safeParse(entry).success).toBe(true);
    expect(await keys.copies()).toEqual([]);
    await expect(keys.create({ name: "codex", keep: true })).rejects.toThrow("already");
    expect(secrets.values.size).toBe(0);
  });

  test("can be copied again where the person wanted that, until the copy is forgotten", async () => {
    const keys = new GatewayKeys(new MemorySettings(), new MemorySecrets());
    const made = await keys.create({ name: "a tool", keep: true });
    expect(await keys.copies()).toEqual([made]);
    await keys.forgetCopy("a tool");
    expect(await keys.copies()).toEqual([]);
  });

  test("of an earlier version are taken over, so that tools that have them go on working", async () => {
    const secrets = new MemorySecrets();
    for (const [name, key] of stored("default", "pst_old")) secrets.values.set(name, key);
    const settings = new MemorySettings();
    const keys = new GatewayKeys(settings, secrets);
    await keys.takeOver();
    await keys.takeOver();
    expect(settings.list).toHaveLength(1);
    expect(fitsHash("pst_old", String((settings.list[0] as Record<string, unknown>).hash))).toBe(true);
    expect([...secrets.values]).toEqual([["postern.gatewayKeyCopy.default", "pst_old"]]);
    expect(await keys.notTakenOver()).toEqual([]);
  });

  test("that are taken over leave another one of their name as it is", async () => {
    const secrets = new MemorySecrets();
    for (const [name, key] of stored("ci", "pst_old")) secrets.values.set(name, key);
    const settings = new MemorySettings();
    settings.list = [{ name: "ci", key: "${env:CI_KEY}" }];
    await new GatewayKeys(settings, secrets).takeOver();
    expect(settings.list).toMatchObject([{ name: "ci", key: "${env:CI_KEY}" }, { name: "ci 2" }]);
    expect([...secrets.values.keys()]).toEqual(["postern.gatewayKeyCopy.ci 2"]);
  });

  test("stay as they were where the settings cannot be written", async () => {
    const secrets = new MemorySecrets();
    for (const [name, key] of stored("default", "pst_old")) secrets.values.set(name, key);
    const settings = new MemorySettings();
    settings.writeGatewayKeys = async () => {
      throw new Error("settings.json has faults");
    };
    const keys = new GatewayKeys(settings, secrets);
    await expect(keys.takeOver()).rejects.toThrow("faults");
    expect(await keys.notTakenOver()).toEqual([{ name: "default", key: "pst_old" }]);
  });

  test("that are rotated keep their limits, and lock the old one out", async () => {
    const settings = new MemorySettings();
    const keys = new GatewayKeys(settings, new MemorySecrets());
    const old = await keys.create({ name: "ci", keep: true, fields: { requestsPerMinute: 5 } });
    const made = await keys.rotate("ci");
    const [entry] = settings.list as Record<string, unknown>[];
    expect(entry).toMatchObject({ name: "ci", requestsPerMinute: 5, masked: maskKey(made.key) });
    expect(fitsHash(old.key, String(entry?.hash))).toBe(false);
    expect(await keys.copies()).toEqual([made]);
  });

  test("that are deleted can be brought back, at their place", async () => {
    const secrets = new MemorySecrets();
    const settings = new MemorySettings();
    const keys = new GatewayKeys(settings, secrets);
    for (const name of ["a", "b", "c"]) await keys.create({ name, keep: true });
    const before = settings.list;
    const bringBack = await keys.delete("b");
    expect(settings.list.map((entry) => (entry as { name: string }).name)).toEqual(["a", "c"]);
    expect(secrets.values.size).toBe(2);
    await bringBack();
    expect(settings.list).toEqual(before);
    expect(await keys.copies()).toHaveLength(3);
    await expect(bringBack()).rejects.toThrow("again");
  });

  test("whose settings were edited by hand lose neither unknown fields nor faulty neighbours", async () => {
    const settings = new MemorySettings();
    settings.list = [7, { name: "ci", key: "${env:A}", wat: 1 }];
    const keys = new GatewayKeys(settings, new MemorySecrets());
    await keys.patch("ci", { enabled: false });
    expect(settings.list).toEqual([7, { name: "ci", key: "${env:A}", wat: 1, enabled: false }]);
    await expect(keys.patch("gone", {})).rejects.toThrow("not in the settings");
  });

  test("of a workspace are made once for each folder, and hold its path", async () => {
    const secrets = new MemorySecrets();
    const keys = new WorkspaceKeys(secrets);
    const [one, same, other] = await Promise.all(
      ["/w/a", "/w/a", "/v/a"].map((folder) => keys.ensure(folder)),
    );
    expect(one?.key).toMatch(/^pst_/);
    expect(new Set((await keys.list()).map(({ name }) => name)).size).toBe(2);
    expect(one?.name).toBe(same?.name);
    expect(one?.name).not.toBe(other?.name);
    expect(secrets.values.size).toBe(2);
    expect(await keys.ensure("/w/a")).toEqual((await keys.list()).find(({ folder }) => folder === "/w/a"));
    secrets.values.set("postern.workspaceKey.broken", "{");
    expect(await keys.list()).toHaveLength(2);
    await keys.delete(one?.name ?? "");
    expect((await keys.list()).map(({ folder }) => folder)).toEqual(["/v/a"]);
  });

  test("are shown so that nobody could use them", () => {
    expect(maskKey("pst_0123456789abcdefghij")).toBe("pst_01…ghij");
    expect(maskKey("short")).toBe("…");
  });

  test("need a name of their own", () => {
    expect(gatewayKeyNameFault("", [])).toBeDefined();
    expect(gatewayKeyNameFault("a/b", [])).toBeDefined();
    expect(gatewayKeyNameFault("codex", ["codex"])).toBeDefined();
    expect(gatewayKeyNameFault("Claude Code", ["codex"])).toBeUndefined();
  });
});

describe("the engine's token", () => {
  test("is the same for two windows that make it at once", async () => {
    const secrets = new MemorySecrets();
    const [a, b] = await Promise.all([engineToken(secrets), engineToken(secrets)]);
    expect(a).toBe(b);
    expect(a).toMatch(/^[0-9a-f]{64}$/);
    expect(await engineToken(secrets)).toBe(a);
  });
});

describe("the engine's token in a file", () => {
  let folder: string;
  const file = (): string => join(folder, "engine-token");
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pst-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const atOnce = (): Promise<string[]> =>
    Promise.all(Array.from({ length: 8 }, () => machineEngineToken(folder)));

  test("is the same for windows that make it at once, and only the user's", async () => {
    const tokens = await atOnce();
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(readdirSync(folder)).toEqual(["engine-token"]);
    if (process.platform !== "win32") expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test("is not taken away by a window that had found none yet when another one made it", async () => {
    for (let round = 0; round < 150; round += 1) {
      const shared = join(folder, String(round));
      mkdirSync(shared);
      const tokens = await Promise.all(
        Array.from({ length: 12 }, async (_, window) => {
          for (let turn = 0; turn < window; turn += 1) await new Promise((resolve) => setImmediate(resolve));
          return machineEngineToken(shared);
        }),
      );
      expect(new Set(tokens).size).toBe(1);
    }
  });

  test.each(["", "abc", "not a token at all"])("is made anew where a crash has left %j", async (left) => {
    writeFileSync(file(), left);
    const tokens = await atOnce();
    expect(new Set(tokens).size).toBe(1);
    expect(tokens[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(readFileSync(file(), "utf8")).toBe(tokens[0]);
  });

  test("does not show before it is whole", async () => {
    const made = machineEngineToken(folder);
    let seen: string | undefined;
    while (seen === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
      seen = existsSync(file()) ? readFileSync(file(), "utf8") : undefined;
    }
    expect(seen).toBe(await made);
  });
});
