import { describe, expect, test } from "vitest";
import { engineToken } from "../../../src/vscode/secrets/engineToken";
import { GatewayKeys, gatewayKeyNameFault, maskKey } from "../../../src/vscode/secrets/gatewayKeys";
import { ProviderKeys } from "../../../src/vscode/secrets/providerKeys";
import { MemorySecrets } from "./memorySecrets";

describe("providers' keys", () => {
  test("have one secret each, and a new key ends an old token", async () => {
    const secrets = new MemorySecrets();
    const keys = new ProviderKeys(secrets);
    await keys.put("a", { bearerToken: "t" });
    await keys.set("a", "k");
    expect([...secrets.values]).toEqual([["postern.provider.a.apiKey", "k"]]);
    await keys.delete("a");
    expect(await keys.get("a")).toEqual({});
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
