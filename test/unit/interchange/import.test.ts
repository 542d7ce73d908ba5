import { describe, expect, it } from "vitest";
import { parseConfigText } from "../../../src/core/config/parse";
import { readForeignFile } from "../../../src/core/interchange/detect";
import { providersOfEnvironment } from "../../../src/core/interchange/dotenv";
import type { ImportedProvider } from "../../../src/core/interchange/imported";
import { KnownProviders } from "../../../src/core/interchange/known";
import { type Existing, importPlan } from "../../../src/core/interchange/plan";
import { PROVIDER_PRESETS } from "../../../src/core/providers/presets";
import { parseYaml } from "../../../src/vscode/interchange/yaml";
import * as samples from "./samples";

const known = new KnownProviders(PROVIDER_PRESETS);
const read = (name: string, text: string) =>
  readForeignFile(name, text, known, async (yaml) => parseYaml(yaml));

async function plan(name: string, text: string, existing: readonly Existing[] = []) {
  const found = await read(name, text);
  const planned = importPlan(found, existing);
  // Whatever comes out is a configuration, and has no key in it.
  const entries = planned.providers.map(({ entry }) => entry);
  expect(parseConfigText(JSON.stringify({ providers: withoutStored(entries) }))).toMatchObject({ ok: true });
  const secrets = planned.providers.flatMap((provider) => provider.secrets.map(({ value }) => value));
  const shown = JSON.stringify([
    entries,
    planned.skipped,
    planned.providers.map(({ notes, at, variables }) => [notes, at, variables]),
  ]);
  for (const value of secrets) expect(shown).not.toContain(value);
  expect(shown).not.toContain("canary");
  return { format: found.format, ...planned };
}

/** A file has no secret storage; in the settings these are right. */
function withoutStored(entries: readonly Readonly<Record<string, unknown>>[]) {
  return entries.map(({ credentials: _, ...entry }) => entry);
}

const shape = ({ entry, secrets, variables }: ImportedProvider) => ({
  ...entry,
  ...(secrets.length > 0 ? { secrets: secrets.map(({ label, value }) => `${label}=${value}`) } : {}),
  ...(variables.length > 0 ? { variables } : {}),
});
const skippedNames = (skipped: readonly { what: string }[]) => skipped.map(({ what }) => what);

describe("providers of other programs", () => {
  it("stand in a .env file, with their keys", async () => {
    const { providers, skipped } = await plan(".env.local", samples.DOTENV);
    expect(providers.map(shape)).toEqual([
      {
        id: "openai",
        type: "openai",
        baseUrl: "https://api.openai.com/v1",
        secrets: ["key=sk-proj-of-openai-0123456789"],
      },
      {
        id: "azure",
        type: "azure",
        baseUrl: "https://my-resource.openai.azure.com",
        azure: { apiVersion: "2024-10-21" },
        models: [{ id: "my-gpt" }],
        secrets: ["key=azure-key-0123456789"],
      },
      {
        id: "anthropic",
        type: "anthropic",
        baseUrl: "https://api.anthropic.com",
        secrets: ["key=sk-ant-of-anthropic-0123456789"],
      },
    ]);
    expect(skipped).toEqual([
      { what: "STRIPE_SECRET_KEY", why: "it is not known which provider this is for" },
    ]);
  });

  it.each([
    ["/openai/v1/", {}],
    ["/openai/", {}],
    [
      "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21",
      { azure: { apiVersion: "2024-10-21" }, models: [{ id: "my-gpt" }] },
    ],
  ])("stand in a .env file with the endpoint as Azure's portal shows it: %s", async (path, more) => {
    const text = `AZURE_OPENAI_API_KEY=azure-key-0123456789\nAZURE_OPENAI_ENDPOINT=https://r.openai.azure.com${path}`;
    const { providers } = await plan(".env", text);
    expect(providers.map(({ entry }) => entry)).toEqual([
      { id: "azure", type: "azure", baseUrl: "https://r.openai.azure.com", ...more },
    ]);
  });

  it.each(["", "/", "/models", "/models/", "/models/chat/completions?api-version=2024-05-01-preview"])(
    "stand in a .env file with Foundry's endpoint as its page shows it: %s",
    async (path) => {
      const text = `AZURE_AI_API_KEY=azure-key-0123456789\nAZURE_AI_API_BASE=https://r.services.ai.azure.com${path}`;
      const { providers } = await plan(".env", text);
      expect(providers.map(({ entry }) => entry)).toEqual([
        { id: "foundry", type: "azure", baseUrl: "https://r.services.ai.azure.com" },
      ]);
    },
  );

  it("have a token where tools keep one, which is sent as a token", async () => {
    const text = "ANTHROPIC_BASE_URL=https://gw.example.com\nANTHROPIC_AUTH_TOKEN=gateway-token-0123456789";
    const { providers } = await plan(".env", text);
    expect(providers.map(({ entry, secrets }) => [entry.baseUrl, secrets])).toEqual([
      [
        "https://gw.example.com",
        [{ label: "token", kind: "bearerToken", value: "gateway-token-0123456789" }],
      ],
    ]);
    const environment = (name: string) => (name === "ANTHROPIC_AUTH_TOKEN" ? "t" : undefined);
    expect(importPlan(providersOfEnvironment(environment, known), []).providers.map(shape)).toMatchObject([
      { id: "anthropic", bearerToken: "${env:ANTHROPIC_AUTH_TOKEN}" },
    ]);
  });

  it.each([".envrc", ".env-local", ".env_prod", "keys.txt"])(
    "stand in a file of variables, whatever it is called: %s",
    async (name) => {
      const text = "# mine\r\n\r\nexport OPENAI_API_KEY=sk-proj-of-openai-0123456789\r\n";
      const { providers } = await plan(name, text);
      expect(providers.map(({ entry }) => entry.id)).toEqual(["openai"]);
    },
  );

  it("are said to lack what they lack in a .env file", async () => {
    const text = [
      "AZURE_OPENAI_API_KEY=azure-key-0123456789",
      "GEMINI_API_KEY=gemini-key-0123456789",
      "GOOGLE_API_KEY=other-key-0123456789",
      "AWS_BEARER_TOKEN_BEDROCK=ABSKbedrock-0123456789",
    ].join("\n");
    const { skipped } = await plan(".env", text);
    expect(skipped.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      "AZURE_OPENAI_API_KEY: the file does not say where Azure OpenAI is (AZURE_OPENAI_ENDPOINT)",
      "GOOGLE_API_KEY: the file has another key of Google Gemini, which is used",
      "AWS_BEARER_TOKEN_BEDROCK: the file does not say where Amazon Bedrock is; use Add Provider",
    ]);
  });

  it("have keys in the environment, which stay there", () => {
    const environment = (name: string) =>
      ({ OPENAI_API_KEY: "sk-1", GOOGLE_API_KEY: "g", GEMINI_API_KEY: " " })[name];
    const { providers } = importPlan(providersOfEnvironment(environment, known), []);
    expect(providers.map(shape)).toEqual([
      {
        id: "openai",
        type: "openai",
        baseUrl: "https://api.openai.com/v1",
        apiKey: "${env:OPENAI_API_KEY}",
        variables: ["OPENAI_API_KEY"],
      },
      {
        id: "gemini",
        type: "openai",
        baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
        apiKey: "${env:GOOGLE_API_KEY}",
        variables: ["GOOGLE_API_KEY"],
      },
    ]);
    // A key without the address that it is for is no provider.
    expect(
      providersOfEnvironment((name) => (name === "AZURE_OPENAI_API_KEY" ? "k" : undefined), known).providers,
    ).toEqual([]);
  });

  it("are groups in VS Code's chatLanguageModels.json", async () => {
    const { format, providers, skipped } = await plan("chatLanguageModels.json", samples.VSCODE);
    expect(format).toContain("chatLanguageModels.json");
    expect(providers.map(shape)).toEqual([
      { id: "openai", name: "OpenAI", type: "openai", baseUrl: "https://api.openai.com/v1" },
      {
        id: "company-gateway",
        name: "Company Gateway",
        type: "openai",
        baseUrl: "https://gw.example.com/v1",
        models: [
          { id: "big", name: "Big", contextWindow: 120000, maxOutput: 20000, tools: true, images: false },
          { id: "small", name: "Small", contextWindow: 10000, maxOutput: 2000, tools: false, images: false },
        ],
        secrets: ["key=company-key-0123456789"],
      },
      {
        id: "company-gateway-2",
        name: "Company Gateway",
        type: "anthropic",
        baseUrl: "https://gw.example.com/anthropic/v1",
        headers: { "x-team": "web" },
        models: [
          { id: "claude", name: "Claude", contextWindow: 208000, maxOutput: 8000, tools: true, images: true },
        ],
        secrets: ["key=company-key-0123456789"],
      },
      {
        id: "azure",
        name: "Azure",
        type: "azure",
        baseUrl: "https://res.openai.azure.com",
        azure: { apiVersion: "2025-01-01-preview" },
        models: [
          {
            id: "gpt-4o",
            name: "GPT-4o",
            deployment: "my-gpt4o",
            contextWindow: 116000,
            maxOutput: 16000,
            tools: true,
            images: true,
          },
        ],
        secrets: ["key=azure-key-0123456789"],
      },
    ]);
    expect(providers[0]?.notes).toEqual([
      "its key is in VS Code's own storage, which no extension can read; enter it again",
    ]);
    expect(providers[2]?.notes).toEqual(["the header authorization is left out, because it may hold a key"]);
    expect(skippedNames(skipped)).toEqual(['"Copilot"', '"Else"']);
  });

  it("are what the models of a LiteLLM config.yaml have in common", async () => {
    const { providers, skipped } = await plan("config.yaml", samples.LITELLM);
    expect(providers.map(shape)).toEqual([
      {
        id: "openai",
        type: "openai",
        baseUrl: "https://api.openai.com/v1",
        credentials: [
          { kind: "env", name: "OPENAI_API_KEY", as: "apiKey" },
          { kind: "env", name: "OPENAI_API_KEY_2", as: "apiKey" },
        ],
        models: [{ id: "gpt-5" }, { id: "gpt-5-mini" }],
        variables: ["OPENAI_API_KEY", "OPENAI_API_KEY_2"],
      },
      {
        id: "azure",
        type: "azure",
        baseUrl: "https://res.openai.azure.com",
        azure: { apiVersion: "2024-10-21" },
        models: [
          { id: "gpt-4o", deployment: "my-gpt4o", contextWindow: 128000, maxOutput: 16384, images: true },
        ],
        secrets: ["key=azure-key-0123456789"],
      },
      {
        id: "anthropic",
        type: "anthropic",
        baseUrl: "https://api.anthropic.com",
        models: [{ id: "claude-sonnet-4-6" }],
        secrets: ["key=sk-ant-of-anthropic-0123456789"],
      },
      {
        id: "openai-2",
        type: "openai",
        baseUrl: "https://gw.example.com/v1",
        secrets: ["key=gateway-key-0123456789"],
      },
    ]);
    expect(providers[2]?.notes).toEqual([
      "the alias sonnet of the model claude-sonnet-4-6 is left out; make a route for it",
    ]);
    expect(skipped.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      "x-defaults: it has no counterpart here",
      "general_settings: these are settings of LiteLLM's server; its master key is no provider's key",
      "litellm_settings: these are settings of LiteLLM itself",
      "model_list[5]: it does not say where its provider is (api_base)",
      "model_list[6]: its address stands in the variable NOT_IN_FILE; write it into the file first",
    ]);
  });

  it("keep or are said to lose what a LiteLLM config.yaml says of a model", async () => {
    const text = `
model_list:
  - model_name: a
    litellm_params:
      model: openai/a
      api_base: https://gw.example.com/v1
      api_key: 1234567890123456
      rpm: 10
      extra_headers: { X-Team: web, X-Level: 3, X-From: os.environ/FROM, X-Upstream: Bearer canary-0123 }
    model_info: { max_input_tokens: 1000, input_cost_per_token: 0.1, id: some-id }
  - model_name: b
    litellm_params: { model: azure/b, api_base: "https://r.openai.azure.com", azure_ad_token: os.environ/AD_TOKEN }
`;
    const { providers } = await plan("config.yaml", text);
    expect(providers.map(shape)).toEqual([
      {
        id: "openai",
        type: "openai",
        baseUrl: "https://gw.example.com/v1",
        headers: { "X-Team": "web", "X-Level": "3", "X-From": "${env:FROM}" },
        models: [{ id: "a", contextWindow: 1000 }],
      },
      {
        id: "azure",
        type: "azure",
        baseUrl: "https://r.openai.azure.com",
        bearerToken: "${env:AD_TOKEN}",
        models: [{ id: "b" }],
        variables: ["AD_TOKEN"],
      },
    ]);
    expect(providers[0]?.notes).toEqual([
      "its key stands there as a number, which may not be what was written; put it in quotes, or enter it again",
      "litellm_params.rpm is left out",
      "model_info.input_cost_per_token is left out",
      "the header X-Upstream is left out, because it may hold a key",
    ]);
  });

  it.each([
    ["config.json", { models: [{ provider: "openai", model: "m", apiKey: 1234567890123456 }] }],
    ["opencode.json", { provider: { openai: { options: { apiKey: 1234567890123456 } } } }],
    ["chatLanguageModels.json", [{ vendor: "openai", name: "o", apiKey: 1234567890123456 }]],
  ])("are said to lose a key that is a number in %s", async (name, content) => {
    const { providers } = await plan(name, JSON.stringify(content));
    expect(providers[0]?.notes).toEqual([expect.stringContaining("its key stands there as a number")]);
  });

  it("share a key by an anchor in a LiteLLM config.yaml, however many they are", async () => {
    const models = Array.from(
      { length: 500 },
      (_, at) => `  - { model_name: m${at}, litellm_params: { model: openai/m${at}, api_key: *key } }`,
    );
    const text = ["x-key: &key sk-proj-of-openai-0123456789", "model_list:", ...models].join("\n");
    const { providers } = await plan("config.yaml", text);
    expect(providers.map(({ entry, secrets }) => [entry.models, secrets.length])).toEqual([
      [Array.from({ length: 500 }, (_, at) => ({ id: `m${at}` })), 1],
    ]);
  });

  it("are the models of Continue's config.yaml", async () => {
    const { providers, skipped } = await plan("config.yaml", samples.CONTINUE_YAML);
    expect(providers.map(shape)).toEqual([
      {
        id: "openai",
        type: "openai",
        baseUrl: "https://api.openai.com/v1",
        apiKey: "${env:OPENAI_API_KEY}",
        models: [
          { id: "gpt-5", name: "GPT", contextWindow: 400000, maxOutput: 32000, tools: true, images: true },
        ],
        variables: ["OPENAI_API_KEY"],
      },
      {
        id: "azure",
        type: "azure",
        baseUrl: "https://res.openai.azure.com",
        azure: { apiVersion: "2024-10-21" },
        models: [{ id: "gpt-4o", name: "Azure GPT", deployment: "my-gpt4o" }],
        secrets: ["key=azure-key-0123456789"],
      },
      { id: "ollama", type: "openai", baseUrl: "http://localhost:11434/v1" },
    ]);
    expect(skipped.map(({ what, why }) => `${what}: ${why}`)).toEqual([
      "models[3]: it is kept at Continue's hub, not in this file",
      'models[4]: its provider "watsonx" is not known here',
    ]);
  });

  it("are the models of Continue's older config.json", async () => {
    const { providers } = await plan("config.json", samples.CONTINUE_JSON);
    expect(providers.map(shape)).toMatchObject([
      { id: "anthropic", models: [{ id: "claude-sonnet-4-6", contextWindow: 200000, maxOutput: 8192 }] },
      {
        id: "openai",
        baseUrl: "https://gw.example.com/v1",
        headers: { "X-Team": "web" },
        secrets: ["key=gateway-key-0123456789"],
      },
      { id: "mistral", models: [{ id: "codestral-latest" }], secrets: ["key=mistral-key-0123456789"] },
    ]);
    expect(providers[1]?.notes).toEqual(["requestOptions.verifySsl is left out"]);
  });

  it("are those of opencode.json", async () => {
    const { providers, skipped } = await plan("opencode.jsonc", samples.OPENCODE);
    expect(providers.map(shape)).toEqual([
      {
        id: "gateway",
        name: "Company Gateway",
        type: "openai",
        baseUrl: "https://gw.example.com/v1",
        apiKey: "${env:GATEWAY_KEY}",
        headers: { "X-Team": "web" },
        models: [{ id: "big", name: "Big", contextWindow: 200000, maxOutput: 65536 }, { id: "small" }],
        variables: ["GATEWAY_KEY"],
      },
      { id: "claude-proxy", type: "anthropic", baseUrl: "https://claude.example.com/v1" },
    ]);
    expect(providers[1]?.notes).toEqual([
      "its key stands in a file of its own, which is not read; enter it again",
    ]);
    expect(skippedNames(skipped)).toEqual(["model", "mcp", "provider.mystery"]);
  });

  it("are not added where their address stands elsewhere, which is said", async () => {
    const npm = "@ai-sdk/openai-compatible";
    const opencode = { provider: { a: { npm, options: { baseURL: "{env:GATEWAY_URL}" } } } };
    const inOpencode = await plan("opencode.json", JSON.stringify(opencode));
    expect(inOpencode.skipped[0]?.why).toBe("its address stands elsewhere; write it into the file first");
    const model = { provider: "openai", model: "m", apiBase: "${{ secrets.GATEWAY_URL }}" };
    const inContinue = await plan("config.json", JSON.stringify({ models: [model] }));
    expect(inContinue.skipped[0]?.why).toBe("its address stands elsewhere; write it into the file first");
  });

  it("have keys in opencode's auth.json, but for those that are signed in", async () => {
    const { providers, skipped } = await plan("auth.json", samples.OPENCODE_AUTH);
    expect(providers.map(shape)).toMatchObject([
      { id: "openai", secrets: ["key=sk-proj-of-openai-0123456789"] },
      { id: "togetherai", baseUrl: "https://api.together.xyz/v1", secrets: ["key=together-key-0123456789"] },
    ]);
    expect(skippedNames(skipped)).toEqual(["auth.json: anthropic", "auth.json: https://corp.example"]);
  });
});

describe("what is imported", () => {
  it("takes nothing's place: ids are made free, and one that is there already is told", async () => {
    const existing = [
      { id: "openai", type: "openai", baseUrl: "https://api.openai.com/" },
      { id: "openai-2", type: "openai", baseUrl: "https://b.example" },
    ];
    const { providers } = await plan(".env", samples.DOTENV, existing);
    expect(providers.map(({ entry, alreadyThere }) => [entry.id, alreadyThere])).toEqual([
      ["openai-3", "openai"],
      ["azure", undefined],
      ["anthropic", undefined],
    ]);
  });

  it("has clean keys, and asks about one that is of another company", async () => {
    const text = `OPENAI_API_KEY=sk-ant-of-anthropic-0123456789\nGROQ_API_KEY="two words"\nMISTRAL_API_KEY=Bearer m-key-0123456789`;
    const { providers } = await plan(".env", text);
    expect(
      providers.map(({ entry, foreignKey, secrets, notes }) => [
        entry.id,
        foreignKey,
        secrets[0]?.value,
        notes.length,
      ]),
    ).toEqual([
      ["openai", "Anthropic", "sk-ant-of-anthropic-0123456789", 0],
      ["groq", undefined, undefined, 1],
      ["mistral", undefined, "m-key-0123456789", 0],
    ]);
  });

  it("has no key in a header, whatever the header is called", async () => {
    const headers = {
      "X-Gateway": "Bearer canary-0123456789",
      "X-Upstream": "sk-ant-canary-0123456789",
      "X-Old": "Basic Y2FuYXJ5",
      "X-Team": "web",
      "X-From": "${{ secrets.TEAM }}",
    };
    const model = { provider: "openai", model: "m", requestOptions: { headers } };
    const { providers } = await plan("config.json", JSON.stringify({ models: [model] }));
    expect(providers[0]?.entry.headers).toEqual({ "X-Team": "web", "X-From": "${env:TEAM}" });
    expect(providers[0]?.notes).toHaveLength(3);
  });

  it("is nothing that could not be used", async () => {
    const text = JSON.stringify({
      provider: {
        a: { npm: "@ai-sdk/openai-compatible", options: { baseURL: "file:///etc/passwd" } },
        b: { npm: "@ai-sdk/openai-compatible", options: { baseURL: "https://user:canary@b.example/v1" } },
        c: { npm: "@ai-sdk/openai-compatible", options: { baseURL: "not an address" } },
        "  ": { npm: "@ai-sdk/openai-compatible", options: { baseURL: "https://ok.example/v1" } },
      },
    });
    const { providers, skipped } = await plan("opencode.json", text);
    expect(providers.map(({ entry }) => entry.id)).toEqual(["provider"]);
    expect(skipped).toHaveLength(3);
  });
});

describe("a hostile file is refused, and nothing of it is repeated", () => {
  const bomb = `a: &a [secret,secret,secret,secret,secret,secret,secret,secret,secret]
${"bcdefghi"
  .split("")
  .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[index]}`).join(",")}]`)
  .join("\n")}
model_list: [{ model_name: x, litellm_params: { model: openai/x, more: *i } }]`;
  it.each<[string, string, string, RegExp]>([
    ["larger than anybody's configuration", "config.yaml", `a: ${"x".repeat(2_000_000)}`, /larger than 1 MB/],
    ["full of aliases", "config.yaml", bomb, /aliases stand for too much/],
    ["wide", "c.json", JSON.stringify({ provider: Array(60_000).fill(0) }), /too much in it/],
    ["deep", "c.json", `${"[".repeat(5000)}${"]".repeat(5000)}`, /nested too deeply|not valid JSON/],
    ["endlessly deep YAML", "c.yaml", "[".repeat(500_000), /nested too deeply|not valid YAML/],
    ["endlessly deep YAML of dashes", "c.yaml", "- ".repeat(400_000), /nested too deeply/],
    ["deep YAML", "c.yaml", `${"[".repeat(200)}${"]".repeat(200)}`, /nested too deeply|not valid YAML/],
    ["after another nature", "c.json", '{"provider":{"__proto__":{"secret":1}}}', /no configuration has/],
    [
      "after another nature in YAML",
      "c.yaml",
      "model_list: [{ constructor: { prototype: secret } }]",
      /no configuration has/,
    ],
    ["not text", "c.json", "\u0000\u0001secret", /not a text file/],
    [
      "full of control characters",
      "c.json",
      '{"provider":{"a":{"name":"secret\\u001b[2J"}}}',
      /control characters/,
    ],
    ["full of control characters as .env", ".env", "OPENAI_API_KEY=secret\u001b[2J", /control characters/],
    ["no JSON", "c.json", '{"provider": secret', /not valid JSON \(line 1\)/],
    ["no YAML", "c.yaml", "a: [secret", /not valid YAML \(line 1\)/],
    ["something else", "c.json", '{"scripts":{"test":"secret"}}', /none of these/],
    ["empty", "c.yaml", "", /no configuration/],
  ])("%s", async (_, name, text, message) => {
    const failure = await read(name, text).then(
      () => new Error("it was read"),
      (error: unknown) => error as Error,
    );
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toContain("secret");
    expect(({} as Record<string, unknown>).secret).toBeUndefined();
  });
});
