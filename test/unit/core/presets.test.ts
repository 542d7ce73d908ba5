import { describe, expect, test } from "vitest";
import type { EngineProvider } from "../../../src/core/config/engineConfig";
import { checkProviders } from "../../../src/core/config/parse";
import { type ProviderConfig, providerSchema } from "../../../src/core/config/schema";
import { parseModelList } from "../../../src/core/models/modelList";
import { baseUrlFault } from "../../../src/core/providers/baseUrl";
import {
  addressFault,
  addressWarning,
  draftEntry,
  draftProvider,
  idFault,
  inKinds,
  keyNeed,
  newDraft,
  splitNames,
  valueFault,
  withValue,
} from "../../../src/core/providers/draft";
import { endpointUrl, type Operation } from "../../../src/core/providers/endpoint";
import { knownPreset } from "../../../src/core/providers/knownPreset";
import { exampleAddress, fitsPreset, type ProviderPreset } from "../../../src/core/providers/preset";
import { PROVIDER_PRESETS } from "../../../src/core/providers/presets";
import { providerRequestHeaders } from "../../../src/core/providers/requestHeaders";
import { protocolsOf } from "../../../src/core/providers/spoken";

const preset = (id: string): ProviderPreset => {
  const found = PROVIDER_PRESETS.find((known) => known.id === id);
  if (!found) throw new Error(`no preset ${id}`);
  return found;
};

/** The provider that a person gets who takes every suggestion. */
function configOf(from: ProviderPreset, baseUrl = exampleAddress(from)): ProviderConfig {
  return providerSchema.parse(draftEntry({ ...newDraft(from), baseUrl }));
}

/** Where each operation goes, and the header that carries the key. */
function requestsOf(from: ProviderPreset): Record<string, string> {
  const config = configOf(from);
  const served: readonly Operation[] = from.protocols.filter(
    (protocol) => (protocol === "messages") === (from.type === "anthropic"),
  );
  const operations: readonly Operation[] = [
    ...served,
    from.type === "anthropic" ? "countTokens" : "embeddings",
    "models",
  ];
  const provider: EngineProvider = { config, credential: { kind: "apiKey", value: "KEY" } };
  const { headers } = providerRequestHeaders(provider, []);
  const at = headers.findIndex((value) => value.includes("KEY"));
  return {
    address: config.baseUrl,
    auth: `${headers[at - 1]}: ${headers[at]}`,
    ...Object.fromEntries(operations.map((name) => [name, endpointUrl(config, name, "MODEL")])),
  };
}

test("each preset's requests go where its documentation says", async () => {
  const golden = Object.fromEntries(PROVIDER_PRESETS.map((each) => [each.id, requestsOf(each)]));
  await expect(`${JSON.stringify(golden, null, 2)}\n`).toMatchFileSnapshot("./presets.golden.json");
});

describe.each(PROVIDER_PRESETS)("the preset $id", (each) => {
  const baseUrl = exampleAddress(each);

  test("has an address that is fine", () => {
    expect(baseUrlFault({ type: each.type, baseUrl })).toBeNull();
    expect(addressFault(each.type, each.addressExample)).toBeUndefined();
    expect(baseUrl).not.toMatch(/[{}]/);
  });

  test("sends the same requests however its address is written", () => {
    const config = configOf(each);
    for (const operation of ["chat", "messages", "models"] as const) {
      const wanted = endpointUrl(config, operation, "m");
      expect(endpointUrl({ ...config, baseUrl: `${baseUrl}/` }, operation, "m")).toBe(wanted);
      if (each.type === "azure" || !wanted.includes("/v1/")) continue;
      const versioned = /\/v1(\/|$)/.test(baseUrl) ? baseUrl.replace(/\/v1$/, "") : `${baseUrl}/v1`;
      expect(endpointUrl({ ...config, baseUrl: versioned }, operation, "m")).toBe(wanted);
    }
  });

  test("lists its models where the data says", () => {
    const list = each.modelsList;
    if ("byHand" in list) return expect(list.example).not.toBe("");
    const wanted = list.path.startsWith("/")
      ? new URL(baseUrl).origin + list.path
      : `${baseUrl}/${list.path}`;
    expect(endpointUrl(configOf(each), "models")).toBe(wanted);
    const entries = [{ id: "m" }];
    expect(parseModelList(list.shape === "array" ? entries : { data: entries }, baseUrl)).toMatchObject([
      { id: "m" },
    ]);
  });

  test("is spoken to in nothing that its address does not serve", () => {
    expect(each.protocols).toEqual(expect.arrayContaining([...protocolsOf(configOf(each))]));
  });

  test("makes an entry that the schema and the settings take, without the key", () => {
    const entry = draftEntry({ ...newDraft(each), baseUrl, key: "sk-secret" });
    expect(checkProviders([entry], "settings")).toMatchObject([
      { ok: true, provider: { id: each.group === "custom" ? "example" : each.id, type: each.type, baseUrl } },
    ]);
    expect(JSON.stringify(entry)).not.toContain("sk-secret");
  });

  test("is tested with the key that was entered", () => {
    const draft = { ...newDraft(each), baseUrl, ...(each.key === "none" ? {} : { key: "sk-1" }) };
    const { credential } = draftProvider(draft, () => undefined);
    expect(credential.kind).toBe(each.key === "none" ? "none" : "apiKey");
  });

  test("says where its key is made and what all this was read in", () => {
    if (each.key === "required") expect(each.keyPage).toMatch(/^https:\/\//);
    if (each.group !== "custom") expect(each.source).toMatch(/^https:\/\//);
    for (const name of [...each.environment.key, ...(each.environment.address ?? [])])
      expect(name).toMatch(/^[A-Z][A-Z0-9_]+$/);
  });

  test("is known again by its address", () => {
    if (each.group === "custom") return;
    const found = PROVIDER_PRESETS.filter((other) => fitsPreset(other, configOf(each)));
    expect(found.map(({ id }) => id)).toEqual([each.id]);
  });
});

test("no other endpoint is taken for a preset", () => {
  expect(knownPreset({ type: "openai", baseUrl: "https://api.groq.com/openai/v1/" })?.id).toBe("groq");
  for (const baseUrl of [
    "https://llm.example.com/v1",
    "http://localhost:9",
    "https://groq.com.example.net",
    "x",
  ])
    expect(knownPreset({ type: "openai", baseUrl }), baseUrl).toBeUndefined();
});

test("presets have ids and labels of their own", () => {
  expect(new Set(PROVIDER_PRESETS.map(({ id }) => id)).size).toBe(PROVIDER_PRESETS.length);
  expect(new Set(PROVIDER_PRESETS.map(({ label }) => label)).size).toBe(PROVIDER_PRESETS.length);
});

test.each([
  ["https://models.github.ai/inference/", "https://models.github.ai/inference/chat/completions"],
  [
    "https://models.github.ai/inference/chat/completions",
    "https://models.github.ai/inference/chat/completions",
  ],
  [
    "https://models.github.ai/orgs/acme/inference",
    "https://models.github.ai/orgs/acme/inference/chat/completions",
  ],
  ["https://api.deepseek.com/v1", "https://api.deepseek.com/v1/chat/completions"],
  ["https://api.deepseek.com/beta", "https://api.deepseek.com/beta/v1/chat/completions"],
  ["https://llm.example.com/inference", "https://llm.example.com/inference/v1/chat/completions"],
])("an address without a version is complete only where it is known to be: %s", (baseUrl, url) => {
  expect(endpointUrl({ type: "openai", baseUrl }, "chat")).toBe(url);
});

test("a preset is known at its address in any spelling, and at no other's", () => {
  expect(fitsPreset(preset("openai"), { type: "openai", baseUrl: "https://API.openai.com/v1/" })).toBe(true);
  expect(fitsPreset(preset("ollama"), { type: "openai", baseUrl: "http://127.0.0.1:11434" })).toBe(true);
  expect(fitsPreset(preset("azure"), { type: "azure", baseUrl: "https://b.openai.azure.com" })).toBe(true);
  expect(fitsPreset(preset("azure"), { type: "azure", baseUrl: "https://a.b.openai.azure.com" })).toBe(false);
  const elsewhere = { type: "openai", baseUrl: "https://api.openai.com.example.net/v1" } as const;
  expect(PROVIDER_PRESETS.filter((each) => fitsPreset(each, elsewhere))).toEqual([]);
});

describe("a placeholder of an address", () => {
  const vertex = newDraft(preset("vertex"));
  const [project, location] = preset("vertex").placeholders ?? [];
  if (!project || !location) throw new Error("Vertex has two placeholders");

  test("makes the address when the last is filled in", () => {
    const first = withValue(vertex, project, " my-project ");
    expect(first.baseUrl).toBe("");
    expect(withValue(first, location, "europe-west1").baseUrl).toBe(
      "https://europe-west1-aiplatform.googleapis.com/v1/projects/my-project/locations/europe-west1/endpoints/openapi",
    );
    expect(withValue(first, location, "global").baseUrl).toBe(
      "https://aiplatform.googleapis.com/v1/projects/my-project/locations/global/endpoints/openapi",
    );
  });

  test.each([
    [location, "us-central1", undefined],
    [location, "", "Enter the location."],
    [location, "evil.example/#", "A location has only letters, digits and '-', like us-central1."],
    [location, "evil.example", "A location has only letters, digits and '-', like us-central1."],
    [location, "us@evil", "A location has only letters, digits and '-', like us-central1."],
    [project, "example.com:my-project", undefined],
    [project, "../x", "A project has only letters, digits and '-', like my-project."],
  ])("cannot lead to another host: %j %j", (placeholder, text, fault) => {
    expect(valueFault(vertex, placeholder, text)).toBe(fault);
  });

  test("may be answered with the whole address, as a portal shows it", () => {
    const azure = newDraft(preset("azure"));
    const [resource] = preset("azure").placeholders ?? [];
    if (!resource) throw new Error("Azure has a placeholder");
    expect(valueFault(azure, resource, "https://x.cognitiveservices.azure.com/")).toBeUndefined();
    const filled = withValue(azure, resource, "https://x.cognitiveservices.azure.com/");
    expect(filled).toMatchObject({ baseUrl: "https://x.cognitiveservices.azure.com/", values: {} });
    expect(valueFault(azure, resource, "https://x.openai.azure.com/openai/v1")).toContain('type "openai"');
  });

  test("that was forgotten in a written address is a fault", () => {
    const fault = baseUrlFault({ type: "openai", baseUrl: "https://x.example/v1/projects/{project}" });
    expect(fault).toContain("{project}");
  });
});

test.each([
  [" ", "Enter the provider's address."],
  ["h", "Enter the whole address, like https://api.example.com/v1."],
  ["HTTP", "Enter the whole address, like https://api.example.com/v1."],
  ["https://", "Enter the whole address, like https://api.example.com/v1."],
  ["https://a b", "Enter the whole address, like https://api.example.com/v1."],
  ["127.0.0.1:18182", "Start with http:// or https://."],
  ["localhost:11434/v1", "Start with http:// or https://."],
  ["ftp://x", "Start with http:// or https://."],
  [
    "https://x?y",
    "The address must not have a query or a fragment; an api-version goes into azure.apiVersion.",
  ],
  [" https://api.example.com/v1 ", undefined],
])("an address is checked as it is typed: %j", (text, fault) => {
  expect(addressFault("openai", text)).toBe(fault);
});

test.each([
  [
    "openai",
    "https://x.openai.azure.com",
    'use the kind "Azure OpenAI" with it, or the kind "Microsoft Foundry"',
  ],
  [
    "azure",
    "https://x.services.ai.azure.com/anthropic",
    'use the kind "Claude on Microsoft Foundry" with it',
  ],
] as const)("the guided setup names kinds, not types: %s", (type, address, words) => {
  const said = inKinds(addressFault(type, address));
  expect(said).toContain(words);
  expect(said).not.toContain("type ");
});

test("an address without encryption is warned of, except where nobody is on the way", () => {
  expect(addressWarning("http://llm.example.com/v1")).toMatch(/can be read on the way/);
  for (const text of ["https://llm.example.com", "http://localhost:1", "http://192.168.0.2", "http", ""]) {
    expect(addressWarning(text), text).toBeUndefined();
  }
});

test.each([
  ["custom", "http://127.0.0.1:9/v1", "optional"],
  ["custom", "https://llm.example.com/v1", "required"],
  ["ollama", "http://localhost:11434/v1", "none"],
  ["ollama", "http://ollama.example.com/v1", "required"],
  ["openai", "http://localhost:9/v1", "required"],
])("a key of preset %s at %s is %s", (id, baseUrl, need) => {
  expect(keyNeed({ ...newDraft(preset(id)), baseUrl })).toBe(need);
});

test("a provider that asks for a key is asked with one, whatever its preset does", () => {
  expect(keyNeed({ ...newDraft(preset("ollama")), keyWanted: true })).toBe("required");
});

test("a custom endpoint is of the type that its API belongs to", () => {
  const draft = { ...newDraft(preset("custom")), baseUrl: "https://llm.example.com/v1" };
  expect(draftEntry({ ...draft, api: "messages" })).toMatchObject({ type: "anthropic" });
  expect(draftEntry({ ...draft, api: "responses" })).toMatchObject({ type: "openai", wireApi: "responses" });
  expect(draftEntry({ ...draft, api: "completions" })).not.toHaveProperty("wireApi");
});

test("a runtime is followed only on this machine", () => {
  const foundry = newDraft(preset("foundry-local"));
  expect(draftEntry(foundry)).toMatchObject({ runtime: "foundry-local" });
  expect(draftEntry({ ...foundry, baseUrl: "http://gpu-box:5273/v1" })).not.toHaveProperty("runtime");
  const byHand = { id: "x", type: "openai", baseUrl: "https://llm.example.com/v1", runtime: "ollama" };
  expect(checkProviders([byHand], "settings")).toMatchObject([
    { ok: false, problems: [{ path: "providers[0].runtime" }] },
  ]);
});

test.each([
  ["work-openai", undefined],
  ["", "Enter a short name."],
  ["openai", '"openai" is taken by another provider.'],
  ["my openai", "Use up to 64 letters, digits, '.', '_' or '-', a letter or digit first."],
  ["-x", "Use up to 64 letters, digits, '.', '_' or '-', a letter or digit first."],
])("a name is checked as it is typed: %j", (text, fault) => {
  expect(idFault(text, ["openai"])).toBe(fault);
});

test("the name that was entered is the id", () => {
  expect(draftEntry({ ...newDraft(preset("openai")), id: "work" }).id).toBe("work");
});

test("deployments are split as people write lists", () => {
  expect(splitNames(" a, b  c,,a ")).toEqual(["a", "b", "c"]);
});

test.each([
  ["https://api.together.xyz/v1", "together"],
  ["https://llm.corp.example.com", "example"],
  ["http://gpu-box:8000", "gpu-box"],
  ["http://127.0.0.1:9/v1", "custom"],
  ["http://[::1]:9/v1", "custom"],
])("an endpoint of no known company at %s is called %s", (baseUrl, id) => {
  expect(draftEntry({ ...newDraft(preset("custom")), baseUrl }).id).toBe(id);
});
