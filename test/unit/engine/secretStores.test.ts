import { describe, expect, it } from "vitest";
import type { EngineConfig } from "../../../src/core/config/engineConfig";
import { SecretStores } from "../../../src/engine/pipe/secretStores";

const config = (secretStore: string, keys: string[]): EngineConfig => ({
  providers: [],
  faulty: [],
  gateway: { host: "127.0.0.1", port: 1, maxRunning: 1, keys: keys.map((name) => ({ name, key: name })) },
  routes: [],
  routing: { maxAttempts: 4, maxWaitSeconds: 30 },
  ledger: { retentionDays: 400, maxMb: 200 },
  network: {},
  lingerSeconds: 1,
  keepRunning: false,
  secretStore,
});
const names = (merged: EngineConfig) => merged.gateway.keys.map(({ name }) => name).sort();

describe("SecretStores", () => {
  it("forgets at once what a window's wiped storage had", () => {
    const stores = new SecretStores(() => 0);
    const window = {};
    stores.merge(window, config("before", ["old"]));
    expect(names(stores.merge(window, config("after", ["new"])))).toEqual(["new"]);
  });

  it("keeps what another browser gave while it is there and for a while after, not for ever", () => {
    let now = 0;
    const stores = new SecretStores(() => now);
    const [first, second] = [{}, {}];
    stores.merge(first, config("a", ["a"]));
    expect(names(stores.merge(second, config("b", ["b"])))).toEqual(["a", "b"]);
    stores.release(first);
    now = 30 * 60_000;
    expect(names(stores.merge(second, config("b", ["b"])))).toEqual(["a", "b"]);
    now = 61 * 60_000;
    expect(names(stores.merge(second, config("b", ["b"])))).toEqual(["b"]);
  });

  it("keeps a storage that another of its windows still uses", () => {
    const stores = new SecretStores(() => 0);
    const [one, two] = [{}, {}];
    stores.merge(one, config("a", ["a"]));
    stores.merge(two, config("a", ["a"]));
    expect(names(stores.merge(one, config("b", ["b"])))).toEqual(["a", "b"]);
  });
});
