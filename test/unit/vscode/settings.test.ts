import { describe, expect, test } from "vitest";
import { desiredState } from "../../../src/vscode/engine/desired";
import { NO_STORED_GATEWAY_KEYS } from "../../../src/vscode/engine/desiredKeys";
import { renderProviders } from "../../../src/vscode/render/providersTree";
import { hashOfKey } from "../../../src/vscode/secrets/keyMaterial";
import {
  entryId,
  freeId,
  indexOfEntry,
  literalCredentials,
  patchEntry,
  providerEntryRange,
  removeEntry,
} from "../../../src/vscode/settings/providerEdits";
import { proxySettings } from "../../../src/vscode/settings/proxy";
import { readSettings } from "../../../src/vscode/settings/snapshot";

const openai = { id: "openai", type: "openai", baseUrl: "https://api.openai.com/v1" };

function read(values: Record<string, unknown>): ReturnType<typeof readSettings> {
  return readSettings((key) => values[key]);
}

describe("settings", () => {
  test("have defaults", () => {
    expect(read({})).toEqual({
      providers: [],
      host: "127.0.0.1",
      port: 4141,
      maxRunning: 512,
      keys: [],
      routes: [],
      routing: { maxAttempts: 4, maxWaitSeconds: 30 },
      budgets: [],
      balances: true,
      statusBarForm: "amount",
      statusBarLimit: "tightest",
      terminalTools: [],
      ledger: { retentionDays: 400, maxMb: 200 },
      audit: { level: "metadata", retentionDays: 30, maxMb: 512, keys: {}, workspaces: {} },
      policy: { rules: [] },
      autoStart: false,
      lingerSeconds: 60,
      keepRunning: false,
      problems: [],
    });
  });

  test("with a policy rule that cannot be read let nothing pass, and say which rule it is", () => {
    const rules = [
      { name: "a", refuse: true },
      { name: "b", allows: ["azure/*"] },
    ];
    const settings = read({ "policy.rules": rules, "audit.level": "everything" });
    expect(settings.policy).toEqual({ fault: expect.stringContaining("postern.policy.rules[1].allows") });
    expect(settings.audit.level).toBe("metadata");
    expect(settings.problems.map(({ path }) => path)).toContain("postern.audit.level");
    expect(settings.problems.find(({ path }) => path.includes("policy"))?.message).toContain(
      "no request is sent",
    );
    expect(read({ "policy.rules": rules.slice(0, 1) }).policy).toMatchObject({ rules: [{ name: "a" }] });
  });

  test("written as nonsense fall back, each with what is wrong", () => {
    const settings = read({
      "gateway.port": "4141",
      "gateway.host": 5,
      "engine.lingerSeconds": -1,
      "gateway.autoStart": "yes",
    });
    expect(settings).toMatchObject({ port: 4141, host: "127.0.0.1", lingerSeconds: 60, autoStart: false });
    expect(settings.problems.map(({ path }) => path).sort()).toEqual([
      "postern.engine.lingerSeconds",
      "postern.gateway.autoStart",
      "postern.gateway.host",
      "postern.gateway.port",
    ]);
  });
});

describe("what the engine is to run on", () => {
  const inputs = {
    proxy: { off: false, network: {} },
    environment: (name: string) =>
      ({ TOOL_KEY: "pst_from_the_environment", https_proxy: "http://proxy:1" })[name],
    credentials: new Map([
      [
        "openai",
        [{ label: "key", kind: "apiKey" as const, value: "sk-1", origin: "https://api.openai.com" }],
      ],
    ]),
    asked: () => ({ kind: "missing" as const, reason: "nobody is asked here" }),
    gatewayKeys: {
      ...NO_STORED_GATEWAY_KEYS,
      whole: [{ name: "default", key: "pst_0123456789abcdefghij" }],
    },
    secretStore: "test",
  };

  test("has stored keys; what may be shown has none", () => {
    const { config, local } = desiredState({ ...inputs, settings: read({ providers: [openai] }) });
    expect(config.providers[0]?.credential).toEqual({ kind: "apiKey", value: "sk-1" });
    expect(JSON.stringify(local)).not.toContain("sk-1");
    expect(JSON.stringify(local)).not.toContain(inputs.gatewayKeys.whole[0]?.key);
    expect(local.providers[0]).toMatchObject({ id: "openai", key: { kind: "stored" } });
  });

  test("says which runtime a provider follows", () => {
    const local = { id: "local", type: "openai", baseUrl: "http://localhost:1234/v1", runtime: "lmstudio" };
    const { providers } = desiredState({ ...inputs, settings: read({ providers: [openai, local] }) }).local;
    expect(providers[0]).not.toHaveProperty("runtime");
    expect(providers[1]).toMatchObject({ runtime: "lmstudio" });
  });

  test.each([
    ["https://evil.example/v1", "set it again for https://evil.example"],
    ["http://api.openai.com/v1", "set it again for http://api.openai.com"],
    ["https://api.openai.com:8443/v1", "set it again for https://api.openai.com:8443"],
    ["http://localhost:11434", "set it again for http://localhost:11434, or delete it"],
  ])("has no key for %s that was entered for another address", (baseUrl, what) => {
    const { config, local } = desiredState({
      ...inputs,
      settings: read({ providers: [{ ...openai, baseUrl }] }),
    });
    const reason = `the key was entered for https://api.openai.com; ${what}`;
    expect(config.providers[0]?.credential).toEqual({ kind: "missing", reason });
    expect(JSON.stringify(config)).not.toContain("sk-1");
    expect(local.providers[0]).toMatchObject({ key: { kind: "missing", reason }, stored: true });
  });

  test("another path on the same host keeps the key; one from the environment is the settings' own", () => {
    const providers = [{ ...openai, baseUrl: "https://API.openai.com/other" }];
    expect(
      desiredState({ ...inputs, settings: read({ providers }) }).config.providers[0]?.credential,
    ).toEqual({
      kind: "apiKey",
      value: "sk-1",
    });
    const other = { ...openai, baseUrl: "https://b.example" };
    const credential = (apiKey: string) =>
      desiredState({ ...inputs, settings: read({ providers: [{ ...other, apiKey }] }) }).config.providers[0]
        ?.credential;
    expect(credential("${env:TOOL_KEY}")).toEqual({ kind: "apiKey", value: "pst_from_the_environment" });
    expect(credential("${env:NOT_THERE}")).toEqual({
      kind: "missing",
      reason: "the environment variable NOT_THERE is not set",
    });
  });

  test("keeps faulty providers apart", () => {
    const settings = read({ providers: [{ id: "x", type: "nope" }, openai] });
    const { config, local } = desiredState({ ...inputs, settings });
    expect(config.providers.map((provider) => provider.config.id)).toEqual(["openai"]);
    expect(config.faulty.map(({ id }) => id)).toEqual(["x"]);
    expect(local.providers.map(({ faulty }) => faulty)).toEqual([true, false]);
  });

  test("takes gateway keys from the environment and by their hash, and none that is written out or unset", () => {
    const hash = hashOfKey("pst_hashed");
    const keys = [
      { name: "ci", key: "${env:TOOL_KEY}" },
      { name: "plain", key: "pst_literal" },
      { name: "unset", key: "${env:NOT_THERE}" },
      { name: "ci", key: "${env:TOOL_KEY}" },
      { name: "hashed", hash, masked: "pst_ha…shed", expires: "2027-01-01", models: ["fast"] },
      { name: "off", key: "${env:TOOL_KEY}", enabled: false },
    ];
    const { config, local } = desiredState({ ...inputs, settings: read({ "gateway.keys": keys }) });
    expect(config.gateway.keys).toEqual([
      { name: "ci", key: "pst_from_the_environment", enabled: true },
      {
        name: "hashed",
        hash,
        enabled: true,
        models: ["fast"],
        expiresAt: new Date(2027, 0, 1).getTime(),
      },
      { name: "off", key: "pst_from_the_environment", enabled: false },
      { name: "default", key: "pst_0123456789abcdefghij" },
    ]);
    const faulty = local.gatewayKeys.filter(({ fault }) => fault !== undefined);
    expect(faulty.map(({ name }) => name)).toEqual(["plain", "unset", "ci"]);
    expect(local.gatewayKeys.map(({ name, copyable }) => [name, copyable])).toEqual([
      ["ci", true],
      ["plain", false],
      ["unset", false],
      ["ci", false],
      ["hashed", false],
      ["off", true],
      ["default", true],
    ]);
    expect(JSON.stringify(local)).not.toContain("pst_from_the_environment");
  });

  test("does not list a gateway key twice that is being taken over", () => {
    const key = inputs.gatewayKeys.whole[0]?.key ?? "";
    const keys = [{ name: "default", hash: hashOfKey(key) }];
    const { config } = desiredState({ ...inputs, settings: read({ "gateway.keys": keys }) });
    expect(config.gateway.keys.map(({ name }) => name)).toEqual(["default"]);
  });

  test("accepts the gateway keys of workspaces, with their folders", () => {
    const workspaces = [{ name: "workspace a 1234", folder: "/w/a", key: "pst_workspace_key_0" }];
    const gatewayKeys = { ...NO_STORED_GATEWAY_KEYS, workspaces };
    const { config, local } = desiredState({ ...inputs, gatewayKeys, settings: read({}) });
    expect(config.gateway.keys).toEqual([
      { name: "workspace a 1234", key: "pst_workspace_key_0", workspaceFolder: "/w/a" },
    ]);
    expect(local.gatewayKeys).toMatchObject([{ source: "workspace", folder: "/w/a", copyable: false }]);
    expect(JSON.stringify(local)).not.toContain("pst_workspace_key_0");
  });

  test("checks budgets each by itself", () => {
    const budgets = [{ name: "m", usd: 5, period: "month" }, { name: "x" }];
    const { config, local } = desiredState({ ...inputs, settings: read({ budgets }) });
    expect(config.budgets?.map(({ name }) => name)).toEqual(["m"]);
    expect(local.budgets.map(({ ok }) => ok)).toEqual([true, false]);
  });

  test("goes through VS Code's proxy rather than the environment's", () => {
    const settings = read({});
    expect(desiredState({ ...inputs, settings }).config.network).toEqual({ httpsProxy: "http://proxy:1" });
    const network = { httpProxy: "http://own:2", httpsProxy: "http://own:2", noProxy: "localhost" };
    const proxy = { off: false, network };
    expect(desiredState({ ...inputs, settings, proxy }).config.network).toEqual(network);
  });

  test("reads VS Code's proxy settings, and goes straight out where they say so", () => {
    const network = (http: Record<string, unknown>) =>
      desiredState({ ...inputs, settings: read({}), proxy: proxySettings((key) => http[key]) }).config
        .network;
    const proxy = "http://own:2";
    expect(network({ proxySupport: "override", proxy, noProxy: ["a", "b"] })).toEqual({
      httpProxy: proxy,
      httpsProxy: proxy,
      noProxy: "a,b",
    });
    expect(network({ proxySupport: "override", proxy: "", noProxy: [] })).toEqual({
      httpsProxy: "http://proxy:1",
    });
    expect(network({ proxySupport: "off", proxy, noProxy: ["a"] })).toEqual({});
    // Where the system's certificates are not to be trusted, they are not, with a proxy and without.
    expect(network({ proxySupport: "off", systemCertificates: false })).toEqual({
      systemCertificates: false,
    });
    expect(network({ proxy, systemCertificates: false })).toMatchObject({ systemCertificates: false });
    expect(network({ systemCertificates: true })).not.toHaveProperty("systemCertificates");
  });

  test("shows a key in a header as a fault, and does not send it", () => {
    const headers = { "X-API-Key": "sk-in-a-header" };
    const settings = read({ providers: [{ ...openai, headers }] });
    const { config, local } = desiredState({ ...inputs, settings });
    expect(config.providers).toEqual([]);
    expect(JSON.stringify(config)).not.toContain("sk-in-a-header");
    const [row] = renderProviders({ engine: { kind: "idle" }, local });
    expect(row?.description).toMatch(/^faulty: a key must not stand in the settings/);
    expect(row?.children?.[0]?.label).toBe(
      `providers[0].headers.X-API-Key ${row?.description?.slice("faulty: ".length)}`,
    );
  });
});

describe("edits of the providers' list", () => {
  test("leave other entries as they were written, faulty ones too", () => {
    const list = ["nonsense", { ...openai, note: 1 }];
    expect(patchEntry(list, 1, { enabled: false, note: undefined })).toEqual([
      "nonsense",
      { ...openai, enabled: false },
    ]);
    expect(removeEntry(list, 0)).toEqual([{ ...openai, note: 1 }]);
  });

  test("find an entry that has moved", () => {
    expect(indexOfEntry([{ id: "a" }, openai], "openai", 0)).toBe(1);
    expect(indexOfEntry([openai], "gone", 0)).toBe(-1);
    expect(entryId("nonsense", 2)).toBe("#3");
  });

  test("give a new provider an id of its own", () => {
    expect(freeId([], "openai")).toBe("openai");
    expect(freeId([openai, { id: "openai-2" }], "openai")).toBe("openai-3");
  });

  test("find keys that are written out", () => {
    expect(literalCredentials({ apiKey: "sk-1", bearerToken: "${env:T}" })).toEqual({ apiKey: "sk-1" });
    expect(literalCredentials(null)).toEqual({});
  });
});

test("an entry is found in settings.json as people write it", () => {
  const text = '{ // mine\n  "postern.providers": [{ "id": "a" }, { "id": "b", },],\n}';
  const found = providerEntryRange(text, 1);
  expect(found && text.slice(found.start, found.end)).toBe('{ "id": "b", }');
  expect(providerEntryRange(text, 2)).toBeUndefined();
  expect(providerEntryRange("", 0)).toBeUndefined();
});
