import { beforeEach, describe, expect, test } from "vitest";
import { CredentialEditor } from "../../../src/vscode/providers/credentialEditor";
import { ProviderRegistry } from "../../../src/vscode/providers/registry";
import { ProviderKeys } from "../../../src/vscode/secrets/providerKeys";
import type { RawProviders } from "../../../src/vscode/settings/providerEdits";
import { MemorySecrets } from "./memorySecrets";
import { nobodyAsked } from "./nobodyAsked";

const openai = { id: "openai", type: "openai", baseUrl: "https://api.openai.com/v1" };
const SECRET = "postern.provider.openai.credential";
const stored = (apiKey: string, origin = "https://api.openai.com"): string =>
  JSON.stringify({ credentials: [{ label: "key", kind: "apiKey", value: apiKey, origin }] });
const target = (index = 0, id = "openai") => ({ kind: "provider" as const, id, index });

describe("the provider registry", () => {
  let list: RawProviders;
  let secrets: MemorySecrets;
  let registry: ProviderRegistry;
  let editor: CredentialEditor;
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
    const keys = new ProviderKeys(secrets);
    const changed = async () => {};
    registry = new ProviderRegistry(settings, keys, () => undefined, changed, nobodyAsked);
    editor = new CredentialEditor(registry, keys, changed);
  });

  test("adds a provider under an id that is free, its key in the secrets only", async () => {
    expect(await registry.add(openai, "sk-1")).toBe("openai");
    expect(await registry.add(openai, "sk-2")).toBe("openai-2");
    expect(list).toEqual([openai, { ...openai, id: "openai-2" }]);
    expect(secrets.values.get(SECRET)).toBe(stored("sk-1"));
    expect(JSON.stringify(list)).not.toContain("sk-");
  });

  test("what another window has changed while a keyring asked for its password stays", async () => {
    const other = { ...openai, id: "other" };
    list = [openai, other];
    secrets.values.set(SECRET, stored("sk-1"));
    const slowly = secrets.store;
    secrets.store = async (key, value) => {
      await slowly(key, value);
      list = [other, { ...openai, name: "Renamed" }];
    };
    const address = "https://elsewhere.example/v1";
    await registry.changeAddress(target(), address, { kind: "same" });
    expect(list).toEqual([other, { ...openai, name: "Renamed", baseUrl: address }]);
    secrets.store = async (key, value) => {
      await slowly(key, value);
      list = [...list, { ...openai, id: "meanwhile" }];
    };
    const secret = { label: "key", kind: "apiKey" as const, value: "sk-2" };
    const imported = {
      at: "",
      entry: { ...openai, id: "imported" },
      secrets: [secret],
      variables: [],
      notes: [],
    };
    await registry.addAll([imported]);
    expect(list.map((entry) => (entry as { id: string }).id)).toEqual([
      ...["other", "openai", "meanwhile", "imported"],
    ]);
    list = list.slice(0, 2);
    const { get } = secrets;
    const third = { ...openai, id: "third" };
    secrets.get = async (key) => {
      if (!list.includes(third)) list = [...list, third];
      return get(key);
    };
    await registry.remove(target(1));
    expect(list).toEqual([other, third]);
  });

  test("a key that an earlier provider left behind does not go to a new address", async () => {
    secrets.values.set(SECRET, stored("sk-left-behind"));
    await registry.add({ ...openai, baseUrl: "https://elsewhere.example/v1" });
    expect(secrets.values.has(SECRET)).toBe(false);
  });

  test.each([
    ["a", "c", "b c a d"],
    ["c", "a", "c a b d"],
    ["b", "end", "a c d b"],
    ["b", "b", "a b c d"],
  ])("moves %s to the place of %s", async (from, to, order_) => {
    list = ["a", "b", "c", "d"].map((id) => ({ ...openai, id }));
    const at = (id: string) =>
      target(
        list.findIndex((entry) => (entry as { id: string }).id === id),
        id,
      );
    await registry.move(at(from), to === "end" ? "end" : at(to));
    expect(list.map((entry) => (entry as { id: string }).id).join(" ")).toBe(order_);
    expect(order).toHaveLength(from === to ? 0 : 1);
  });

  test("moves a provider by a step from where it is now, wherever it was seen", async () => {
    list = ["a", "b", "c"].map((id) => ({ ...openai, id }));
    const names = () => list.map((entry) => (entry as { id: string }).id).join("");
    expect(await registry.step(target(2, "c"), -1)).toBe(true);
    expect(await registry.step(target(2, "c"), -1)).toBe(true);
    expect(names()).toBe("cab");
    expect(await registry.step(target(2, "c"), -1)).toBe(false);
    expect(await registry.step(target(1, "a"), 1)).toBe(true);
    expect(await registry.step(target(1, "a"), 1)).toBe(false);
    expect(names()).toBe("cba");
  });

  test("what is gone by now cannot be moved", async () => {
    list = [openai];
    await expect(registry.move(target(1, "gone"), "end")).rejects.toThrow("any more");
    await expect(registry.move(target(), target(1, "gone"))).rejects.toThrow("any more");
  });

  test("a literal key is stored before it leaves the settings", async () => {
    list = [{ ...openai, apiKey: "sk-literal" }];
    await editor.moveKeyToSecretStorage({ kind: "provider", id: "openai", index: 0 });
    expect(order).toEqual([`store ${SECRET}`, "settings"]);
    expect(list).toEqual([openai]);
    expect(secrets.values.get(SECRET)).toBe(stored("sk-literal"));
  });

  test("a literal key is stored as it was meant, without the blanks and quotes around it", async () => {
    list = [{ ...openai, apiKey: ' "sk-literal"\n' }];
    await editor.moveKeyToSecretStorage(target());
    expect(secrets.values.get(SECRET)).toBe(stored("sk-literal"));
    list = [{ ...openai, apiKey: "two words" }];
    await expect(editor.moveKeyToSecretStorage(target())).rejects.toThrow("no spaces");
    expect(list).toEqual([{ ...openai, apiKey: "two words" }]);
  });

  test.each([
    [
      "a copy of another's entry",
      [openai, { ...openai, baseUrl: "https://b.example", apiKey: "sk-b" }],
      1,
      "openai",
    ],
    ["an entry that another one is a copy of", [{ ...openai, apiKey: "sk-b" }, openai], 0, "openai"],
    ["an entry without an id", [{ type: "openai", baseUrl: "https://b.example", apiKey: "sk-b" }], 0, "#1"],
    ["an entry whose id is none", [{ ...openai, id: "a b", apiKey: "sk-b" }], 0, "a b"],
  ])("the key of %s is not moved: it would become another provider's", async (_, entries, index, id) => {
    list = entries;
    secrets.values.set(SECRET, stored("sk-a"));
    await expect(editor.moveKeyToSecretStorage(target(index, id))).rejects.toThrow("an id of its own");
    expect([...secrets.values]).toEqual([[SECRET, stored("sk-a")]]);
    expect(list).toBe(entries);
  });

  test("a literal key does not move while its provider has no address", async () => {
    list = [{ ...openai, baseUrl: "nowhere", apiKey: "sk-b" }];
    await expect(editor.moveKeyToSecretStorage(target())).rejects.toThrow("address");
    expect(secrets.values.size).toBe(0);
  });

  test("a key stays with the address it was entered for, whatever the settings say", async () => {
    await registry.add(openai, "sk-1");
    list = [{ ...openai, baseUrl: "https://evil.example/v1" }];
    expect((await registry.resolved(target())).credential).toEqual({
      kind: "missing",
      reason: "the key was entered for https://api.openai.com; set it again for https://evil.example",
    });
    // Taken out by hand and added anew elsewhere.
    list = [];
    await registry.add({ ...openai, baseUrl: "https://evil.example/v1" });
    expect(secrets.values.size).toBe(0);
  });

  test.each([
    ["same" as const, stored("sk-1", "https://b.example")],
    ["none" as const, undefined],
    ["other" as const, stored("sk-2", "https://b.example")],
  ])("a new address with the key: %s", async (kind, left) => {
    await registry.add(openai, "sk-1");
    expect(await registry.keyOrigin(target())).toBe("https://api.openai.com");
    await registry.changeAddress(
      target(),
      "https://b.example/v1",
      kind === "other" ? { kind, key: "sk-2" } : { kind },
    );
    expect(list).toEqual([{ ...openai, baseUrl: "https://b.example/v1" }]);
    expect(secrets.values.get(SECRET)).toBe(left);
  });

  test("what was removed comes back with its address, and not over another of its id", async () => {
    await registry.add(openai, "sk-1");
    const undo = await registry.remove(target());
    expect(secrets.values.size).toBe(0);
    await undo();
    expect(list).toEqual([openai]);
    expect(secrets.values.get(SECRET)).toBe(stored("sk-1"));
    const again = await registry.remove(target());
    await registry.add({ ...openai, baseUrl: "https://b.example" }, "sk-2");
    await expect(again()).rejects.toThrow("another provider");
    expect(list).toHaveLength(1);
    expect(secrets.values.get(SECRET)).toBe(stored("sk-2", "https://b.example"));
  });

  test("removing one of two entries of an id leaves the key", async () => {
    list = [openai, { ...openai, baseUrl: "https://twin.example/v1" }];
    secrets.values.set(SECRET, stored("sk-1"));
    await registry.remove({ kind: "provider", id: "openai", index: 1 });
    expect(list).toEqual([openai]);
    expect(secrets.values.get(SECRET)).toBe(stored("sk-1"));
  });

  test("resolves a provider with its stored key, and says what is wrong with a faulty one", async () => {
    list = [openai, { id: "bad", type: "openai", baseUrl: "ftp://x" }];
    secrets.values.set(SECRET, stored("sk-1"));
    const resolved = await registry.resolved({ kind: "provider", id: "openai", index: 0 });
    expect(resolved.credential).toEqual({ kind: "apiKey", value: "sk-1" });
    await expect(registry.resolved({ kind: "provider", id: "bad", index: 1 })).rejects.toThrow("must begin");
    await expect(registry.resolved({ kind: "provider", id: "gone", index: 0 })).rejects.toThrow("any more");
  });
});
