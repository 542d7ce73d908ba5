import { describe, expect, it } from "vitest";
import type { Credential, EngineConfig } from "../../../src/core/config/engineConfig";
import { mergeStores } from "../../../src/core/config/mergeStores";

const missing: Credential = { kind: "missing", reason: "no key is set" };
const key = (value: string): Credential => ({ kind: "apiKey", value });

function config(
  secretStore: string,
  credential: Credential,
  keys: string[],
  baseUrl = "https://x.example",
): EngineConfig {
  return {
    providers: [
      { config: { id: "p", type: "openai", wireApi: "completions", baseUrl, enabled: true }, credential },
    ],
    faulty: [],
    gateway: { host: "127.0.0.1", port: 1, maxRunning: 1, keys: keys.map((name) => ({ name, key: name })) },
    routes: [],
    routing: { maxAttempts: 4, maxWaitSeconds: 30 },
    ledger: { retentionDays: 400, maxMb: 200 },
    network: {},
    lingerSeconds: 1,
    keepRunning: false,
    secretStore,
  };
}

const merged = (latest: EngineConfig, ...others: EngineConfig[]) => {
  const { providers, gateway } = mergeStores([...others, latest], latest);
  return { credential: providers[0]?.credential, keys: gateway.keys.map(({ name }) => name) };
};

describe("mergeStores", () => {
  it("keeps what another browser has entered when one without secrets joins", () => {
    expect(merged(config("b", missing, ["b"]), config("a", key("k"), ["a"]))).toEqual({
      credential: key("k"),
      keys: ["b", "a"],
    });
  });
  it("does so for a provider on this machine too, which could go without", () => {
    expect(merged(config("b", { kind: "none" }, []), config("a", key("k"), [])).credential).toEqual(key("k"));
  });
  it("lets a window's own key win", () => {
    expect(merged(config("b", key("own"), []), config("a", key("k"), [])).credential).toEqual(key("own"));
  });
  it("takes the other storage's whole pool along", () => {
    const pool = ["k", "l"].map((value) => ({
      label: value,
      credential: { kind: "apiKey" as const, value },
    }));
    const other = config("a", key("k"), []);
    const providers = other.providers.map((provider) => ({ ...provider, pool }));
    const latest = config("b", missing, []);
    const { providers: found } = mergeStores([{ ...other, providers }, latest], latest);
    expect(found[0]?.pool).toEqual(pool);
  });
  it("never sends a key to another address", () => {
    expect(
      merged(config("b", missing, [], "https://evil.example"), config("a", key("k"), [])).credential,
    ).toEqual(missing);
  });
  it("takes the latest of one storage as the whole truth, so that a deleted key is gone", () => {
    const before = config("a", key("k"), ["old"]);
    expect(merged(config("a", missing, []), before)).toEqual({ credential: missing, keys: [] });
  });
});
