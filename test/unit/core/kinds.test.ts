import { describe, expect, test } from "vitest";
import { providerSchema } from "../../../src/core/config/schema";
import { baseUrlFault } from "../../../src/core/providers/baseUrl";
import {
  addressFault,
  addressWarning,
  draftEntry,
  draftProvider,
  idFault,
  keyNeed,
  splitNames,
} from "../../../src/core/providers/draft";
import { PROVIDER_KINDS } from "../../../src/core/providers/kinds";

describe.each(PROVIDER_KINDS)("the kind $id", (kind) => {
  const baseUrl = kind.baseUrl || kind.addressExample;

  test("has an address that is fine", () => {
    expect(baseUrlFault({ type: kind.type, baseUrl })).toBeNull();
    expect(addressFault(kind, kind.addressExample)).toBeUndefined();
  });

  test("makes an entry that the schema takes, without the key", () => {
    const entry = draftEntry({ kind, baseUrl, key: "sk-secret", deployments: [] });
    expect(providerSchema.parse(entry)).toMatchObject({
      id: kind.idFromAddress ? "example" : kind.id,
      type: kind.type,
      baseUrl,
    });
    expect(JSON.stringify(entry)).not.toContain("sk-secret");
  });

  test("is tested with the key that was entered", () => {
    const draft = { kind, baseUrl, deployments: [], ...(kind.key === "none" ? {} : { key: "sk-1" }) };
    const { credential } = draftProvider(draft, () => undefined);
    expect(credential.kind).toBe(kind.key === "none" ? "none" : "apiKey");
  });
});

test("kinds have ids and labels of their own", () => {
  expect(new Set(PROVIDER_KINDS.map(({ id }) => id)).size).toBe(PROVIDER_KINDS.length);
  expect(new Set(PROVIDER_KINDS.map(({ label }) => label)).size).toBe(PROVIDER_KINDS.length);
});

const kindOf = (id: string) => {
  const kind = PROVIDER_KINDS.find((known) => known.id === id);
  if (!kind) throw new Error(`no kind ${id}`);
  return kind;
};

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
  expect(addressFault({ type: "openai" }, text)).toBe(fault);
});

test("an address without encryption is warned of, except where nobody is on the way", () => {
  expect(addressWarning("http://llm.example.com/v1")).toMatch(/can be read on the way/);
  for (const text of ["https://llm.example.com", "http://localhost:1", "http://192.168.0.2", "http", ""]) {
    expect(addressWarning(text), text).toBeUndefined();
  }
});

test.each([
  ["compatible", "http://127.0.0.1:9/v1", "optional"],
  ["compatible", "https://llm.example.com/v1", "required"],
  ["ollama", "http://localhost:11434/v1", "none"],
  ["ollama", "http://ollama.example.com/v1", "required"],
  ["openai", "http://localhost:9/v1", "required"],
])("a key of kind %s at %s is %s", (id, baseUrl, need) => {
  expect(keyNeed({ kind: kindOf(id), baseUrl, deployments: [] })).toBe(need);
});

test("a provider that asks for a key is asked with one, whatever its kind does", () => {
  const draft = { kind: kindOf("ollama"), baseUrl: "http://localhost:11434", deployments: [] };
  expect(keyNeed({ ...draft, keyWanted: true })).toBe("required");
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
  const draft = { kind: kindOf("openai"), baseUrl: "https://api.openai.com/v1", id: "work", deployments: [] };
  expect(draftEntry(draft).id).toBe("work");
});

test("deployments are split as people write lists", () => {
  expect(splitNames(" a, b  c,,a ")).toEqual(["a", "b", "c"]);
});

test.each([
  ["https://api.together.xyz/v1", "together"],
  ["https://llm.corp.example.com", "example"],
  ["http://gpu-box:8000", "gpu-box"],
  ["http://127.0.0.1:9/v1", "compatible"],
  ["http://[::1]:9/v1", "compatible"],
])("an endpoint of no known kind at %s is called %s", (baseUrl, id) => {
  const kind = PROVIDER_KINDS.find((known) => known.idFromAddress);
  expect(kind && draftEntry({ kind, baseUrl, deployments: [] }).id).toBe(id);
});
