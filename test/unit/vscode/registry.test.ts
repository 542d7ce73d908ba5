import { beforeEach, describe, expect, test } from "vitest";
import { ProviderRegistry } from "../../../src/vscode/providers/registry";
import { ProviderKeys } from "../../../src/vscode/secrets/providerKeys";
import type { RawProviders } from "../../../src/vscode/settings/providerEdits";
import { MemorySecrets } from "./memorySecrets";

const openai = { id: "openai", type: "openai", baseUrl: "https://api.openai.com/v1" };
const SECRET = "postern.provider.openai.apiKey";

describe("the provider registry", () => {
  let list: RawProviders;
  let secrets: MemorySecrets;
  let registry: ProviderRegistry;
  /** What was written where, in its order. */
  let order: string[];

  beforeEach(() => {
    list = [];
    order = [];
    secrets = new MemorySecrets();
    const { store } = secrets;
    secrets.store = async (key, value) => {
      order.push(`store ${key}`);
      await store(key, value);
    };
    const settings = {
      providers: () => list,
      writeProviders: async (next: RawProviders) => {
        order.push("settings");
        list = next;
      },
    };
    registry = new ProviderRegistry(
      settings,
      new ProviderKeys(secrets),
      () => undefined,
      async () => {},
    );
  });

  test("adds a provider under an id that is free, its key in the secrets only", async () => {
    expect(await registry.add(openai, "sk-1")).toBe("openai");
    expect(await registry.add(openai, "sk-2")).toBe("openai-2");
    expect(list).toEqual([openai, { ...openai, id: "openai-2" }]);
    expect(secrets.values.get(SECRET)).toBe("sk-1");
    expect(JSON.stringify(list)).not.toContain("sk-");
  });

  test("a key that an earlier provider left behind does not go to a new address", async () => {
    secrets.values.set(SECRET, "sk-left-behind");
    await registry.add({ ...openai, baseUrl: "https://elsewhere.example/v1" });
    expect(secrets.values.has(SECRET)).toBe(false);
  });

  test("a literal key is stored before it leaves the settings", async () => {
    list = [{ ...openai, apiKey: "sk-literal" }];
    await registry.moveKeyToSecretStorage({ kind: "provider", id: "openai", index: 0 });
    expect(order).toEqual([`store ${SECRET}`, "settings"]);
    expect(list).toEqual([openai]);
    expect(secrets.values.get(SECRET)).toBe("sk-literal");
  });

  test("removing one of two entries of an id leaves the key", async () => {
    list = [openai, { ...openai, baseUrl: "https://twin.example/v1" }];
    secrets.values.set(SECRET, "sk-1");
    await registry.remove({ kind: "provider", id: "openai", index: 1 });
    expect(list).toEqual([openai]);
    expect(secrets.values.get(SECRET)).toBe("sk-1");
  });

  test("resolves a provider with its stored key, and says what is wrong with a faulty one", async () => {
    list = [openai, { id: "bad", type: "openai", baseUrl: "ftp://x" }];
    secrets.values.set(SECRET, "sk-1");
    const resolved = await registry.resolved({ kind: "provider", id: "openai", index: 0 });
    expect(resolved.credential).toEqual({ kind: "apiKey", value: "sk-1" });
    await expect(registry.resolved({ kind: "provider", id: "bad", index: 1 })).rejects.toThrow("must begin");
    await expect(registry.resolved({ kind: "provider", id: "gone", index: 0 })).rejects.toThrow("any more");
  });
});
