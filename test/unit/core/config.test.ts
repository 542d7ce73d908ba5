import { describe, expect, it } from "vitest";
import {
  engineConfigFromFile,
  networkFrom,
  proxyUrl,
  resolveProvider,
} from "../../../src/core/config/engineConfig";
import { checkProviders, parseConfigText, validateConfig } from "../../../src/core/config/parse";
import { type ProviderConfig, providerSchema } from "../../../src/core/config/schema";

const openai = { id: "openai", type: "openai", baseUrl: "https://api.openai.com/v1" };
const provider = (fields: object): ProviderConfig => providerSchema.parse({ ...openai, ...fields });

describe("parseConfigText", () => {
  it("reads JSON with comments and fills in the defaults", () => {
    const result = parseConfigText(`{ // mine\n "providers": [${JSON.stringify(openai)},],\n}`);
    expect(result).toMatchObject({
      ok: true,
      config: {
        providers: [{ ...openai, wireApi: "completions", enabled: true }],
        budgets: [],
        quota: { balances: true },
        gateway: { host: "127.0.0.1", port: 4141, maxRunning: 512, keys: [] },
        routes: [],
        routing: { maxAttempts: 4, maxWaitSeconds: 30 },
        ledger: { retentionDays: 400, maxMb: 200 },
      },
    });
  });

  it("says where the JSON breaks", () => {
    const result = parseConfigText('{\n  "providers": [}\n');
    expect(result.ok ? [] : result.problems.map((problem) => problem.message)[0]).toContain(
      "line 2, column 17",
    );
  });

  it("reports every fault at once, each with its path", () => {
    const result = validateConfig({
      providers: [
        { id: "a b", type: "openai", baseUrl: "ftp://x" },
        { id: "twice", type: "nonsense", baseUrl: "https://x.example", wireApi: "soap" },
        {
          id: "twice",
          type: "azure",
          baseUrl: "https://x.openai.azure.com/openai/v1",
          models: [{ deployment: "d" }],
        },
        { ...openai, price: 3 },
      ],
      gateway: { port: 99999, keys: [{ name: "ci" }] },
      routes: [
        { name: "fast", match: "gpt-*", targets: [{ model: "m" }] },
        { name: "none", targets: [] },
        { name: "slow", strategy: "guess", targets: [{ model: "m", weight: 0 }] },
        { name: "none", targets: [{ model: "m" }] },
      ],
      surprise: true,
    });
    const paths = result.ok ? [] : result.problems.map((problem) => problem.path);
    expect(paths.sort()).toEqual(
      [
        "providers[0].id",
        "providers[0].baseUrl",
        "providers[1].type",
        "providers[1].wireApi",
        "providers[2].id",
        "providers[2].baseUrl",
        "providers[2].models[0].id",
        "providers[3].price",
        "gateway.port",
        "gateway.keys[0].key",
        "routes[0].name",
        "routes[1].targets",
        "routes[2].strategy",
        "routes[2].targets[0].weight",
        "routes[3]",
        "surprise",
      ].sort(),
    );
  });

  it("does not call a field missing that has the wrong type", () => {
    const result = validateConfig({ providers: "x", gateway: { port: "4141" } });
    const messages = result.ok ? [] : result.problems.map(({ path, message }) => `${path} ${message}`);
    expect(messages).toEqual([
      expect.stringMatching(/^providers .*expected array/),
      expect.stringMatching(/^gateway\.port .*expected number/),
    ]);
  });

  it("refuses what this version does not build instead of ignoring it", () => {
    for (const part of ["audit", "policy"]) {
      const result = validateConfig({ [part]: [] });
      expect(result.ok ? "" : result.problems[0]?.path).toBe(part);
    }
  });
});

describe("checkProviders", () => {
  it("keeps the good ones when one is edited into nonsense", () => {
    const checked = checkProviders(
      [openai, { id: "bad", type: "openai", baseUrl: 7 }, "nonsense"],
      "settings",
    );
    expect(checked.map((entry) => entry.ok)).toEqual([true, false, false]);
    expect(checked[1]).toMatchObject({ id: "bad", problems: [{ path: "providers[1].baseUrl" }] });
  });

  it("refuses a literal key in the settings and offers to move it, but takes a reference", () => {
    const [literal, reference] = checkProviders(
      [
        { ...openai, apiKey: "sk-literal" },
        { ...openai, id: "b", apiKey: "${env:KEY}" },
      ],
      "settings",
    );
    expect(literal).toMatchObject({
      ok: false,
      problems: [{ path: "providers[0].apiKey", remedy: "moveKeyToSecretStorage" }],
    });
    expect(JSON.stringify(literal)).not.toContain("sk-literal");
    expect(reference?.ok).toBe(true);
    expect(validateConfig({ providers: [{ ...openai, apiKey: "sk-literal" }] }).ok).toBe(true);
  });

  it("offers to move a literal key only where the entry has an id of its own to store it under", () => {
    const literal = { ...openai, apiKey: "sk-literal" };
    const entries = {
      copied: [openai, { ...literal, baseUrl: "https://b.example" }],
      original: [literal, { ...openai, baseUrl: "https://b.example" }],
      nameless: [{ type: "openai", baseUrl: "https://b.example", apiKey: "sk-literal" }],
      misnamed: [{ ...literal, id: "a b" }],
    };
    for (const [what, list] of Object.entries(entries)) {
      const checked = checkProviders(list, "settings");
      const problems = checked.flatMap((entry) => (entry.ok ? [] : entry.problems));
      expect(problems.map(({ path }) => path).join(), what).toContain("apiKey");
      expect(JSON.stringify(problems), what).not.toContain("remedy");
    }
  });

  it("refuses a literal key in the header that carries keys, and a header that cannot carry one", () => {
    const named = { ...openai, authHeader: "Ocp-Apim-Subscription-Key" };
    const [fine, literal, host] = checkProviders(
      [
        { ...named, headers: { "ocp-apim-subscription-key": "${env:KEY}" } },
        { ...named, id: "b", headers: { "ocp-apim-subscription-key": "literal-canary" } },
        { ...openai, id: "c", authHeader: "Host" },
      ],
      "settings",
    );
    expect(fine?.ok).toBe(true);
    expect(literal).toMatchObject({
      ok: false,
      problems: [{ path: "providers[1].headers.ocp-apim-subscription-key" }],
    });
    expect(JSON.stringify(literal)).not.toContain("literal-canary");
    expect(host).toMatchObject({ ok: false, problems: [{ path: "providers[2].authHeader" }] });
  });

  it("refuses a literal key in a header too, and a model that is listed twice", () => {
    const [header, reference, twice, beside] = checkProviders(
      [
        { ...openai, headers: { Authorization: "Bearer sk-literal", "X-Team": "web" } },
        { ...openai, id: "b", headers: { Authorization: "Bearer ${env:KEY}" } },
        { ...openai, id: "c", models: [{ id: "m" }, { id: "m" }] },
        { ...openai, id: "d", headers: { "X-Api-Key": "sk-literal ${env:KEY}" } },
      ],
      "settings",
    );
    expect(header).toMatchObject({ ok: false, problems: [{ path: "providers[0].headers.Authorization" }] });
    expect(reference?.ok).toBe(true);
    expect(beside?.ok).toBe(false);
    expect(twice).toMatchObject({ ok: false, problems: [{ path: "providers[2].models[1].id" }] });
  });

  it("says so when the setting is no list at all", () => {
    expect(checkProviders({ openai }, "settings")).toMatchObject([
      { ok: false, problems: [{ message: "must be a list" }] },
    ]);
    expect(checkProviders(undefined, "settings")).toEqual([]);
  });
});

describe("resolveProvider", () => {
  const environment = (name: string) => ({ KEY: "from-env", TOKEN: " token\n", EMPTY: "" })[name];
  it.each<[string, object, object, object]>([
    ["a stored key", {}, { apiKey: "stored" }, { kind: "apiKey", value: "stored" }],
    [
      "the configuration before the store",
      { apiKey: "${env:KEY}" },
      { apiKey: "stored" },
      { kind: "apiKey", value: "from-env" },
    ],
    [
      "a token before a key",
      { bearerToken: "${env:TOKEN}", apiKey: "${env:KEY}" },
      {},
      { kind: "bearerToken", value: "token" },
    ],
    ["no key where one is needed", {}, {}, { kind: "missing", reason: "no key is set" }],
    [
      "an unset variable",
      { apiKey: "${env:NOPE}" },
      { apiKey: "stored" },
      { kind: "missing", reason: "the environment variable NOPE is not set" },
    ],
    [
      "an empty variable",
      { apiKey: "${env:EMPTY}" },
      {},
      { kind: "missing", reason: "the environment variable EMPTY is not set" },
    ],
    ["none on this machine", { baseUrl: "http://localhost:11434" }, {}, { kind: "none" }],
    ["none where headers authenticate", { headers: { "X-Token": "${env:KEY}" } }, {}, { kind: "none" }],
  ])("%s", (_, fields, stored, credential) => {
    expect(resolveProvider(provider(fields), environment, stored).credential).toEqual(credential);
  });

  it("resolves references in headers and keeps the references out of the rest", () => {
    const resolved = resolveProvider(
      provider({ apiKey: "${env:KEY}", headers: { "X-Token": "${env:KEY}" } }),
      environment,
    );
    expect(resolved.config).toMatchObject({ headers: { "X-Token": "from-env" } });
    expect(resolved.config).not.toHaveProperty("apiKey");
  });
});

it("resolves a reference inside a header's value", () => {
  const withHeader = provider({ headers: { Authorization: "Bearer ${env:KEY}" } });
  const found = resolveProvider(withHeader, (name) => ({ KEY: "secret" })[name]);
  expect(found).toMatchObject({
    config: { headers: { Authorization: "Bearer secret" } },
    credential: { kind: "none" },
  });
  expect(resolveProvider(withHeader, () => undefined).credential).toMatchObject({ kind: "missing" });
});

describe("the proxy", () => {
  it("is each scheme's own, as the environment names it", () => {
    const environment = (name: string) => ({ HTTPS_PROXY: "proxy.corp:8080", no_proxy: "a,b" })[name];
    expect(networkFrom(environment)).toEqual({ httpsProxy: "proxy.corp:8080", noProxy: "a,b" });
  });
  it.each([
    ["proxy.corp:8080", "http://proxy.corp:8080/"],
    ["10.0.0.1:3128", "http://10.0.0.1:3128/"],
    ["https://user:pw@proxy", "https://user:pw@proxy/"],
    ["socks5://proxy:1080", null],
    ["http://", null],
  ])("at %s is used as %s", (address, url) => {
    expect(proxyUrl(address)).toBe(url);
  });
});

it.each([
  [
    { providers: [{ id: "a", type: "openai", baseUrl: "http://localhost:1", headers: { "a b": "c" } }] },
    "providers[0].headers.a b",
    "is not a header name",
  ],
  [
    { gateway: { keys: [{ name: "a", key: "k", labels: { "a=b": "c" } }] } },
    "gateway.keys[0].labels.a=b",
    "must have no spaces and no '='",
  ],
  [
    { policy: { rules: [{ name: "a", when: { providerClass: "locl" }, refuse: true }] } },
    "policy.rules[0].when.providerClass",
    "must be local, approved or external, or a list of them",
  ],
  [
    { policy: { rules: [{ name: "a", when: { providerClass: ["locl"] }, refuse: true }] } },
    "policy.rules[0].when.providerClass",
    "must be local, approved or external, or a list of them",
  ],
  [
    { policy: { rules: [{ name: "a", when: { secrets: false }, refuse: true }] } },
    "policy.rules[0].when.secrets",
    "must be true, or a list of kinds",
  ],
  [
    { policy: { rules: [{ name: "a", when: { task: 1 }, refuse: true }] } },
    "policy.rules[0].when.task",
    "must be a text, or a list of texts",
  ],
  [{ policy: { rules: [{ name: "a", warn: 1 }] } }, "policy.rules[0].warn", "must be true, false or a text"],
])("says what may stand there instead: %j", (config, path, message) => {
  expect(validateConfig(config)).toEqual({ ok: false, problems: [{ path, message }] });
});

describe("engineConfigFromFile", () => {
  it("takes enabled gateway keys and reports those that cannot be resolved", () => {
    const parsed = validateConfig({
      gateway: {
        keys: [
          { name: "a", key: "literal" },
          { name: "b", key: "${env:NOPE}" },
          { name: "c", key: "off", enabled: false },
        ],
      },
    });
    if (!parsed.ok) throw new Error("does not parse");
    const { config, problems } = engineConfigFromFile(parsed.config, () => undefined);
    expect(config.gateway.keys.filter(({ enabled }) => enabled)).toEqual([
      { name: "a", key: "literal", enabled: true },
    ]);
    expect(problems).toEqual([
      { path: "gateway.keys[1].key", message: "the environment variable NOPE is not set" },
    ]);
  });

  it.each(["${POSTERN_KEY}", "$POSTERN_KEY", "${env:1ST}", "${{ secrets.KEY }}"])(
    "refuses %s, which everybody could guess if it were the key itself",
    (key) => {
      const parsed = validateConfig({ gateway: { keys: [{ name: "a", key }] } });
      if (!parsed.ok) throw new Error("does not parse");
      const { problems } = engineConfigFromFile(parsed.config, () => "set");
      expect(problems).toEqual([
        { path: "gateway.keys[0].key", message: expect.stringContaining("write ${env:NAME}") },
      ]);
      for (const name of ["apiKey", "bearerToken"])
        expect(
          validateConfig({
            providers: [{ id: "a", type: "openai", baseUrl: "http://localhost:1", [name]: key }],
          }),
        ).toEqual({
          ok: false,
          problems: [{ path: `providers[0].${name}`, message: expect.stringContaining("write ${env:NAME}") }],
        });
    },
  );

  it("takes a key that only has such characters in it", () => {
    const parsed = validateConfig({ gateway: { keys: [{ name: "a", key: "$2a${x}" }] } });
    if (!parsed.ok) throw new Error("does not parse");
    expect(engineConfigFromFile(parsed.config, () => undefined).problems).toEqual([]);
  });
});
