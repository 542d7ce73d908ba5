import { describe, expect, test } from "vitest";
import { providerSchema } from "../../../src/core/config/schema";
import { baseUrlFault } from "../../../src/core/providers/baseUrl";
import { addressFault, draftEntry, draftProvider, splitNames } from "../../../src/core/providers/draft";
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

test("an address is checked as it is typed", () => {
  const [openai] = PROVIDER_KINDS;
  expect(openai && addressFault(openai, " ")).toBe("Enter the provider's address.");
  expect(openai && addressFault(openai, "ftp://x")).toBe("The address must begin with https:// or http://.");
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
