import { describe, expect, it } from "vitest";
import { Catalogue } from "../../../src/core/models/catalogue";
import type { CatalogueData } from "../../../src/core/models/catalogueData";
import shipped from "../../../src/core/models/data/catalogue.json";

const data: CatalogueData = {
  sources: ["prices 1 (2026-01-01)", "abilities 2 (2026-02-02)"],
  providers: {
    openai: {
      addresses: ["api.openai.com"],
      prices: [
        { n: ["gpt-4o", "gpt-4o-2024-08-06"], p: [{ i: 2.5, c: 1.25, o: 10 }] },
        { n: ["gpt-4o-2024-05-13"], p: [{ i: 5, o: 15 }] },
        { n: ["gpt-5.4"], p: [{ i: 2.5, o: 15, t: [{ above: 272000, i: 5, o: 22.5 }] }] },
        {
          n: ["dear"],
          p: [{ i: 1 }, { from: "2026-08-17", i: 2 }, { daily: ["22:00", "02:00"], i: 4 }],
        },
      ],
      models: {
        "gpt-4o": { c: 128000, o: 16384, f: "ti" },
        "gpt-5.4": { c: 1050000, s: 0, f: "tir", e: ["low"] },
      },
    },
    anthropic: {
      addresses: ["api.anthropic.com"],
      prices: [
        { n: ["claude-sonnet-4-5"], p: [{ i: 3, h: 6, o: 15 }] },
        { n: ["claude-old-20240101"], p: [{ i: 8, o: 24 }] },
        { n: ["claude-two-20240101"], p: [{ i: 1 }] },
        { n: ["claude-two-20250101"], p: [{ i: 2 }] },
      ],
      models: { "claude-sonnet-4-5": { c: 200000, o: 64000, f: "tir" } },
    },
    azure: {
      addresses: [".openai.azure.com"],
      alsoSells: ["openai", "anthropic"],
      prices: [{ n: ["deepseek-r1"], p: [{ i: 7 }] }],
      models: {},
    },
    aws: {
      addresses: [".amazonaws.com"],
      prices: [{ n: ["us.anthropic.claude-sonnet-4-5-20250929"], p: [{ i: 3.3 }] }],
      models: { "anthropic.claude-sonnet-4-5-20250929-v1:0": { c: 200000, f: "tir" } },
    },
    router: {
      addresses: ["router.example.com/groq"],
      prices: [{ n: ["openai/gpt-oss-20b"], p: [{ i: 0.1 }] }],
      models: { "openai/gpt-oss-20b": { f: "tr" } },
    },
  },
};
const catalogue = new Catalogue(data);
const AT = Date.UTC(2026, 8, 1, 12);
const OPENAI = "https://api.openai.com/v1";
const CLAUDE = "https://api.anthropic.com";
const facts = (baseUrl: string, modelId: string, baseModel?: string, at = AT) =>
  catalogue.facts({ baseUrl, modelId, baseModel, at });

describe("the catalogue", () => {
  it("says of each value which package and release it is from", () => {
    expect(facts(OPENAI, "gpt-5.4")).toEqual({
      contextWindow: 1050000,
      tools: true,
      images: true,
      reasoning: true,
      embeddings: false,
      efforts: ["low"],
      price: { input: 2.5, output: 15, tiers: [{ aboveInput: 272000, input: 5, output: 22.5 }] },
      sources: {
        contextWindow: "catalogue prices 1 (2026-01-01)",
        tools: "catalogue abilities 2 (2026-02-02)",
        images: "catalogue abilities 2 (2026-02-02)",
        reasoning: "catalogue abilities 2 (2026-02-02)",
        embeddings: "catalogue abilities 2 (2026-02-02)",
        efforts: "catalogue abilities 2 (2026-02-02)",
        price: "catalogue prices 1 (2026-01-01)",
      },
    });
  });

  it.each([
    [OPENAI, "gpt-4o-2024-05-13", 5],
    [OPENAI, "gpt-4o-2024-11-20", 2.5],
    [OPENAI, "GPT-4o", 2.5],
    [CLAUDE, "claude-sonnet-4-5-20250929", 3],
    [CLAUDE, "claude-sonnet-4.5", 3],
    [CLAUDE, "claude-sonnet-4-5-latest", 3],
    [CLAUDE, "claude-old", 8],
    ["https://r.openai.azure.com", "gpt-4o", 2.5],
    ["https://r.openai.azure.com", "anthropic/claude-sonnet-4-5", 3],
    ["https://r.openai.azure.com", "deepseek-r1", 7],
    [
      "https://bedrock-runtime.us-east-1.amazonaws.com/v1",
      "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      3.3,
    ],
    ["https://router.example.com/groq/v1", "openai/gpt-oss-20b", 0.1],
  ])("finds the price of %s %s", (baseUrl, id, input) => {
    expect(facts(baseUrl, id).price?.input).toBe(input);
  });

  it.each([
    ["a later version", CLAUDE, "claude-sonnet-4-5-5"],
    ["a name that only begins alike", OPENAI, "gpt-4o-audio-preview"],
    ["another date than the one that is kept", CLAUDE, "claude-old-20250101"],
    ["an undated name whose dates cost differently", CLAUDE, "claude-two"],
    [
      "a region that costs something else",
      "https://x.amazonaws.com/v1",
      "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ],
    ["the same name at somebody else's", "https://api.example.com/v1", "gpt-4o"],
    ["a name on a host that only looks alike", "https://api.openai.com.example.com/v1", "gpt-4o"],
    ["the same host at another path", "https://router.example.com/groqish", "openai/gpt-oss-20b"],
    ["what is on this machine", "http://localhost:11434/v1", "gpt-4o"],
    ["an address that is none", "nonsense", "gpt-4o"],
  ])("knows no price for %s", (_, baseUrl, id) => {
    expect(facts(baseUrl, id).price).toBeUndefined();
  });

  it("knows what a model can under every region's name", () => {
    const { contextWindow, tools } = facts(
      "https://x.amazonaws.com",
      "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
    );
    expect([contextWindow, tools]).toEqual([200000, true]);
  });

  it("knows of a maker's model elsewhere what is the same everywhere, and nothing more", () => {
    const { sources: _, ...elsewhere } = facts(
      "http://localhost:4000/v1",
      "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    );
    expect(elsewhere).toEqual({ tools: true, images: true, reasoning: true, embeddings: false });
    expect(facts("http://localhost:11434/v1", "gpt-oss-20b")).toEqual({ sources: {} });
  });

  it.each([
    ["https://r.openai.azure.com", "my-deployment", "gpt-4o"],
    ["http://localhost:4000/v1", "fast", "openai/gpt-4o"],
    ["http://localhost:4000/v1", "fast", "gpt-4o-2024-08-06"],
  ])("takes the person's word for what a model is: %s %s is %s", (baseUrl, id, baseModel) => {
    expect(facts(baseUrl, id, baseModel)).toMatchObject({ contextWindow: 128000, price: { input: 2.5 } });
    expect(facts(baseUrl, id)).toEqual({ sources: {} });
  });

  it.each([
    [Date.UTC(2026, 7, 16, 12), 1],
    [Date.UTC(2026, 7, 17, 12), 2],
    [Date.UTC(2026, 7, 17, 22), 4],
    [Date.UTC(2026, 7, 18, 1, 59), 4],
    [Date.UTC(2026, 7, 18, 2), 2],
  ])("gives the price that is in force at %d", (at, input) => {
    expect(facts(OPENAI, "dear", undefined, at).price?.input).toBe(input);
  });
});

describe("the catalogue that ships", () => {
  const ours = new Catalogue(shipped);

  it("has for every address of its providers models with names that find themselves", () => {
    const lost = Object.entries(shipped.providers).flatMap(([id, { addresses, prices, models }]) => {
      const host = (addresses[0] ?? "").replace(/^[.-]/, "x.").replace(/^x\.aiplat/, "x-aiplat");
      const find = (modelId: string) => ours.facts({ baseUrl: `https://${host}/v1`, modelId, at: AT });
      const unpriced = prices.filter(({ n }) => find(n[0] ?? "").price === undefined);
      const unknown = Object.keys(models).filter((name) => Object.keys(find(name).sources).length === 0);
      return [...unpriced.map(({ n }) => `${id} ${n[0]}`), ...unknown.map((name) => `${id} ${name}`)];
    });
    expect(lost).toEqual([]);
  });

  it("carries the tiers, the cache writes and the dates of what it is made from", () => {
    const price = (baseUrl: string, modelId: string, at: number) =>
      ours.facts({ baseUrl, modelId, at }).price;
    expect(price(CLAUDE, "claude-sonnet-4-5-20250929", AT)).toEqual({
      input: 3,
      cachedInput: 0.3,
      cacheWrite: 3.75,
      cacheWrite1h: 6,
      output: 15,
      tiers: [
        { aboveInput: 200000, input: 6, cachedInput: 0.6, cacheWrite: 7.5, cacheWrite1h: 12, output: 22.5 },
      ],
    });
    expect(price(CLAUDE, "claude-sonnet-4-6", Date.UTC(2026, 2, 12))?.tiers).toHaveLength(1);
    expect(price(CLAUDE, "claude-sonnet-4-6", Date.UTC(2026, 2, 13))?.tiers).toBeUndefined();
    expect(price(OPENAI, "gpt-4o", AT)).toEqual({ input: 2.5, cachedInput: 1.25, output: 10 });
  });
});
