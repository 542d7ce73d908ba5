import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { engineToken, machineEngineToken } from "../../../src/vscode/secrets/engineToken";
import { GatewayKeys, gatewayKeyNameFault, maskKey } from "../../../src/vscode/secrets/gatewayKeys";
import { ProviderKeys } from "../../../src/vscode/secrets/providerKeys";
import { originOf } from "../../../src/vscode/secrets/storedKey";
import { MemorySecrets } from "./memorySecrets";

const NAME = "postern.provider.a.credential";
const ORIGIN = "https://a.example";

describe("providers' keys", () => {
  test("have one secret each, with the address they are for, and a new key ends an old token", async () => {
    const secrets = new MemorySecrets();
    const keys = new ProviderKeys(secrets);
    await keys.put("a", { bearerToken: "t", origin: ORIGIN });
    await keys.put("a", { apiKey: "k", origin: ORIGIN });
    expect([...secrets.values]).toEqual([[NAME, '{"apiKey":"k","origin":"https://a.example"}']]);
    expect(await keys.get("a")).toEqual({ apiKey: "k", origin: ORIGIN });
    await keys.put("a", undefined);
    expect(secrets.values.size).toBe(0);
    expect(await keys.get("a")).toBeUndefined();
  });

  test.each([
    "sk-plain",
    "null",
    '{"apiKey":"k"}',
    '{"apiKey":"k","origin":"file:///x"}',
    `{"origin":"${ORIGIN}"}`,
  ])("that do not say where they may go are not used: %s", async (secret) => {
    const secrets = new MemorySecrets();
    secrets.values.set(NAME, secret);
    expect(await new ProviderKeys(secrets).get("a")).toBeUndefined();
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
  test("are random, listed by name, and made once", async () => {
    const keys = new GatewayKeys(new MemorySecrets());
    const made = await keys.ensure("default");
    expect(made.key).toMatch(/^pst_[A-Za-z0-9_-]{43}$/);
    expect(await keys.ensure("default")).toEqual(made);
    await keys.create("a tool");
    expect((await keys.list()).map(({ name }) => name)).toEqual(["a tool", "default"]);
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
