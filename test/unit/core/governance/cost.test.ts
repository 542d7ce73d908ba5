import { describe, expect, it } from "vitest";
import { priceSchema, providerSchema } from "../../../../src/core/config/schema";
import type { Usage } from "../../../../src/core/conversation/usage";
import { costOf } from "../../../../src/core/governance/cost";
import { NO_FACTS } from "../../../../src/core/models/facts";
import type { ModelPrice } from "../../../../src/core/models/price";
import { oneModel } from "../../../../src/core/models/providerModels";

/**
 * Prices are @pydantic/genai-prices 0.1.8 (2026-09-23), in US dollars per million tokens, which are micro-dollars a
 * token; where another source is named, that. Every sum below was worked out by hand.
 */
const SOURCE = "catalogue @pydantic/genai-prices 0.1.8 (2026-09-23)";
const OPENAI = "https://api.openai.com/v1";
const ANTHROPIC = "https://api.anthropic.com";
const ELSEWHERE = "https://example.com/v1";

const GPT_5_4: ModelPrice = {
  input: 2.5,
  cachedInput: 0.25,
  output: 15,
  tiers: [{ aboveInput: 271_999, input: 5, cachedInput: 0.5, output: 22.5 }],
};
const GPT_5_MINI: ModelPrice = { input: 0.25, cachedInput: 0.025, output: 2 };
const GPT_5_6_SOL: ModelPrice = {
  input: 4,
  cachedInput: 0.4,
  cacheWrite: 5,
  output: 20,
  tiers: [{ aboveInput: 271_999, input: 8, cachedInput: 0.8, cacheWrite: 10, output: 30 }],
};
const SONNET_4_5: ModelPrice = {
  input: 3,
  cachedInput: 0.3,
  cacheWrite: 3.75,
  cacheWrite1h: 6,
  output: 15,
  tiers: [
    { aboveInput: 200_000, input: 6, cachedInput: 0.6, cacheWrite: 7.5, cacheWrite1h: 12, output: 22.5 },
  ],
};
const OPUS_4_5: ModelPrice = {
  input: 5,
  cachedInput: 0.5,
  cacheWrite: 6.25,
  cacheWrite1h: 10,
  output: 25,
};
const HAIKU_4_5: ModelPrice = {
  input: 1,
  cachedInput: 0.1,
  cacheWrite: 1.25,
  cacheWrite1h: 2,
  output: 5,
};
const GEMINI_2_5_PRO: ModelPrice = {
  input: 1.25,
  cachedInput: 0.125,
  output: 10,
  tiers: [{ aboveInput: 200_000, input: 2.5, cachedInput: 0.25, output: 15 }],
};
const GROK_4_5: ModelPrice = {
  input: 2,
  cachedInput: 0.3,
  output: 6,
  tiers: [{ aboveInput: 199_999, input: 4, cachedInput: 0.6, output: 12 }],
};
/** In force from 00:30 to 16:30 UTC, and in the hours beside them. */
const DEEPSEEK_DAY: ModelPrice = { input: 0.27, cachedInput: 0.07, output: 1.1 };
const DEEPSEEK_NIGHT: ModelPrice = { input: 0.135, cachedInput: 0.035, output: 0.55 };
const MISTRAL_LARGE: ModelPrice = { input: 2, output: 6 };
const EMBEDDING_3_SMALL: ModelPrice = { input: 0.02 };
const SONAR: ModelPrice = { input: 1, output: 1, perRequest: 0.012 };
/** @earendil-works/pi-ai 1.5.2 (2026-11-10), Vercel's list. */
const QWEN_3_7_FLASH: ModelPrice = {
  input: 0.03,
  cachedInput: 0.006,
  cacheWrite: 0.038,
  output: 0.13,
  tiers: [
    { aboveInput: 31_999, input: 0.1, cachedInput: 0.02, cacheWrite: 0.125, output: 0.4 },
    { aboveInput: 255_999, input: 0.2, cachedInput: 0.04, cacheWrite: 0.25, output: 0.8 },
  ],
};

function microUsd(price: ModelPrice, usage: Usage, baseUrl = ELSEWHERE): number | undefined {
  const cost = costOf(usage, "reported", { price, source: SOURCE }, { baseUrl });
  if (cost) expect(cost).toMatchObject({ basis: "reported", priceSource: SOURCE });
  return cost?.microUsd;
}

describe("what a request has cost, worked out by hand", () => {
  it.each<[name: string, price: ModelPrice, usage: Usage, micro: number, baseUrl?: string]>([
    // 6,000 × 2.5 = 15,000; 4,000 × 0.25 = 1,000; 1,000 × 15 = 15,000
    ["gpt-5.4", GPT_5_4, { inputTokens: 10_000, cachedInputTokens: 4_000, outputTokens: 1_000 }, 31_000],
    // The same, halved: https://developers.openai.com/api/docs/pricing
    [
      "gpt-5.4, flex",
      GPT_5_4,
      { inputTokens: 10_000, cachedInputTokens: 4_000, outputTokens: 1_000, serviceTier: "flex" },
      15_500,
      OPENAI,
    ],
    // 271,999 × 2.5 = 679,997.5, half up
    ["gpt-5.4, the longest short context", GPT_5_4, { inputTokens: 271_999, outputTokens: 0 }, 679_998],
    // 272,000 × 5
    ["gpt-5.4, the shortest long context", GPT_5_4, { inputTokens: 272_000, outputTokens: 0 }, 1_360_000],
    // 200,000 × 5 = 1,000,000; 100,000 × 0.5 = 50,000; 2,000 × 22.5 = 45,000
    [
      "gpt-5.4, long context",
      GPT_5_4,
      { inputTokens: 300_000, cachedInputTokens: 100_000, outputTokens: 2_000 },
      1_095_000,
    ],
    // 1,178 × 0.25 = 294.5; 56 × 0.025 = 1.4; 789 × 2 = 1,578; together 1,873.9
    [
      "gpt-5-mini",
      GPT_5_MINI,
      { inputTokens: 1_234, cachedInputTokens: 56, outputTokens: 789, reasoningTokens: 700 },
      1_874,
    ],
    // 20,000 × 4 = 80,000; 20,000 × 0.4 = 8,000; 10,000 × 5 = 50,000; 3,000 × 20 = 60,000
    [
      "gpt-5.6-sol",
      GPT_5_6_SOL,
      { inputTokens: 50_000, cachedInputTokens: 20_000, cacheWriteTokens: 10_000, outputTokens: 3_000 },
      198_000,
    ],
    // 50,000 × 8 = 400,000; 300,000 × 0.8 = 240,000; 50,000 × 10 = 500,000; 1,000 × 30 = 30,000
    [
      "gpt-5.6-sol, long context",
      GPT_5_6_SOL,
      { inputTokens: 400_000, cachedInputTokens: 300_000, cacheWriteTokens: 50_000, outputTokens: 1_000 },
      1_170_000,
    ],
    // The same, halved
    [
      "gpt-5.6-sol, long context in a batch",
      GPT_5_6_SOL,
      {
        inputTokens: 400_000,
        cachedInputTokens: 300_000,
        cacheWriteTokens: 50_000,
        outputTokens: 1_000,
        serviceTier: "batch",
      },
      585_000,
      OPENAI,
    ],
    // 10,000 × 3 = 30,000; 70,000 × 0.3 = 21,000; 15,000 × 3.75 = 56,250; 5,000 × 6 = 30,000; 2,000 × 15 = 30,000
    [
      "claude-sonnet-4-5 with both kinds of cache writes",
      SONNET_4_5,
      {
        inputTokens: 100_000,
        cachedInputTokens: 70_000,
        cacheWriteTokens: 20_000,
        cacheWrite1hTokens: 5_000,
        outputTokens: 2_000,
      },
      167_250,
    ],
    // 200,000 × 3; the tier begins above
    ["claude-sonnet-4-5, the longest short context", SONNET_4_5, { inputTokens: 200_000 }, 600_000],
    // 1 × 6 = 6; 200,000 × 0.6 = 120,000: what is cached counts towards the length
    [
      "claude-sonnet-4-5, the shortest long context, nearly all of it cached",
      SONNET_4_5,
      { inputTokens: 200_001, cachedInputTokens: 200_000, outputTokens: 0 },
      120_006,
    ],
    // 50,000 × 6 = 300,000; 150,000 × 0.6 = 90,000; 30,000 × 7.5 = 225,000; 20,000 × 12 = 240,000; 4,000 × 22.5 = 90,000
    [
      "claude-sonnet-4-5, long context",
      SONNET_4_5,
      {
        inputTokens: 250_000,
        cachedInputTokens: 150_000,
        cacheWriteTokens: 50_000,
        cacheWrite1hTokens: 20_000,
        outputTokens: 4_000,
      },
      945_000,
    ],
    // The same, halved: https://platform.claude.com/docs/en/about-claude/pricing
    [
      "claude-sonnet-4-5, long context in a batch",
      SONNET_4_5,
      {
        inputTokens: 250_000,
        cachedInputTokens: 150_000,
        cacheWriteTokens: 50_000,
        cacheWrite1hTokens: 20_000,
        outputTokens: 4_000,
        serviceTier: "batch",
      },
      472_500,
      ANTHROPIC,
    ],
    // 3 × 0.5 = 1.5, half up
    [
      "claude-opus-4-5, from the cache alone",
      OPUS_4_5,
      { inputTokens: 3, cachedInputTokens: 3, outputTokens: 0 },
      2,
    ],
    // 1 × 6.25 = 6.25; 1 × 10 = 10; 1 × 25 = 25; together 41.25
    [
      "claude-opus-4-5, a token of each kind of write",
      OPUS_4_5,
      { inputTokens: 2, cacheWriteTokens: 2, cacheWrite1hTokens: 1, outputTokens: 1 },
      41,
    ],
    // 12,345 × 1; 6,789 × 0.1 = 678.9; 1,111 × 1.25 = 1,388.75; 222 × 2 = 444; 3,333 × 5 = 16,665; together 31,521.65
    [
      "claude-haiku-4-5",
      HAIKU_4_5,
      {
        inputTokens: 20_467,
        cachedInputTokens: 6_789,
        cacheWriteTokens: 1_333,
        cacheWrite1hTokens: 222,
        outputTokens: 3_333,
      },
      31_522,
    ],
    // 100,000 × 1.25 = 125,000; 50,000 × 0.125 = 6,250; 8,000 × 10 = 80,000
    [
      "gemini-2.5-pro",
      GEMINI_2_5_PRO,
      { inputTokens: 150_000, cachedInputTokens: 50_000, outputTokens: 8_000 },
      211_250,
    ],
    // 200,001 × 2.5 = 500,002.5; 1,000 × 15 = 15,000; together 515,002.5, half up
    ["gemini-2.5-pro, long context", GEMINI_2_5_PRO, { inputTokens: 200_001, outputTokens: 1_000 }, 515_003],
    // 199,999 × 2 = 399,998; 100 × 6 = 600
    ["grok-4.5, the longest short context", GROK_4_5, { inputTokens: 199_999, outputTokens: 100 }, 400_598],
    // 200,000 × 4 = 800,000; 100 × 12 = 1,200
    ["grok-4.5, long context", GROK_4_5, { inputTokens: 200_000, outputTokens: 100 }, 801_200],
    // 360 × 0.27 = 97.2; 640 × 0.07 = 44.8; 333 × 1.1 = 366.3; together 508.3
    [
      "deepseek-chat by day",
      DEEPSEEK_DAY,
      { inputTokens: 1_000, cachedInputTokens: 640, outputTokens: 333 },
      508,
    ],
    // 360 × 0.135 = 48.6; 640 × 0.035 = 22.4; 333 × 0.55 = 183.15; together 254.15
    [
      "deepseek-chat by night",
      DEEPSEEK_NIGHT,
      { inputTokens: 1_000, cachedInputTokens: 640, outputTokens: 333 },
      254,
    ],
    // 7 × 2 = 14; 3 × 6 = 18
    ["mistral-large", MISTRAL_LARGE, { inputTokens: 7, outputTokens: 3 }, 32],
    // 24 × 0.02 = 0.48
    ["text-embedding-3-small, less than half a micro-dollar", EMBEDDING_3_SMALL, { inputTokens: 24 }, 0],
    // 25 × 0.02 = 0.5, half up
    ["text-embedding-3-small, half a micro-dollar", EMBEDDING_3_SMALL, { inputTokens: 25 }, 1],
    // 100 × 1; 50 × 1; 0.012 dollars are 12,000
    ["sonar, which also charges by the request", SONAR, { inputTokens: 100, outputTokens: 50 }, 12_150],
    // 31,999 × 0.03 = 959.97; 10 × 0.13 = 1.3; together 961.27
    ["qwen3.7-flash", QWEN_3_7_FLASH, { inputTokens: 31_999, outputTokens: 10 }, 961],
    // 32,000 × 0.1 = 3,200; 10 × 0.4 = 4
    ["qwen3.7-flash, its second tier", QWEN_3_7_FLASH, { inputTokens: 32_000, outputTokens: 10 }, 3_204],
    // 200,000 × 0.2 = 40,000; 50,000 × 0.04 = 2,000; 6,000 × 0.25 = 1,500; 10 × 0.8 = 8
    [
      "qwen3.7-flash, its third tier",
      QWEN_3_7_FLASH,
      { inputTokens: 256_000, cachedInputTokens: 50_000, cacheWriteTokens: 6_000, outputTokens: 10 },
      43_508,
    ],
  ])("%s", (_, price, usage, micro, baseUrl) => {
    expect(microUsd(price, usage, baseUrl)).toBe(micro);
  });

  it("does not drift over sums that binary fractions cannot hold", () => {
    // 100 × 1.005 = 100.5, which is 100.49999999999999 as a double
    expect(microUsd({ input: 1.005 }, { inputTokens: 100 })).toBe(101);
    // 100 × 0.145 = 14.5, which is 14.499999999999998
    expect(microUsd({ input: 0.145 }, { inputTokens: 100 })).toBe(15);
    // 3 × 0.1 + 1 × 0.2 = 0.5, which is 0.5000000000000001; a million of both 500,000
    expect(microUsd({ input: 0.1, output: 0.2 }, { inputTokens: 3, outputTokens: 1 })).toBe(1);
    expect(microUsd({ input: 0.1, output: 0.2 }, { inputTokens: 3e6, outputTokens: 1e6 })).toBe(500_000);
    // 1e-7 is how JavaScript writes it; 5,000,000 × 0.0000001 = 0.5
    expect(microUsd({ input: 1e-7 }, { inputTokens: 5_000_000 })).toBe(1);
  });
});

describe("a person's own price", () => {
  const model = {
    id: "custom",
    price: {
      input: 1,
      output: 2,
      perRequest: 0.005,
      tiers: [
        { aboveInput: 500_000, input: 4, output: 8 },
        { aboveInput: 200_000, input: 2, cachedInput: 0.2, output: 4 },
      ],
    },
  };
  const cost = (usage: Usage) => {
    const provider = providerSchema.parse({ id: "own", type: "openai", baseUrl: ELSEWHERE, models: [model] });
    const { facts } = oneModel("custom", { provider: { config: provider }, listed: [] }, () => NO_FACTS);
    const { price, sources } = facts;
    return price && costOf(usage, "reported", { price, source: sources.price ?? "" }, { baseUrl: ELSEWHERE });
  };

  it("has long contexts and a fee for each request, as those of the catalogue", () => {
    // 100 × 1 + 10 × 2 + 5,000
    expect(cost({ inputTokens: 100, outputTokens: 10 })).toEqual({
      microUsd: 5_120,
      basis: "reported",
      priceSource: "config",
    });
    // 100,000 × 2 + 200,000 × 0.2 + 10 × 4 + 5,000
    expect(cost({ inputTokens: 300_000, cachedInputTokens: 200_000, outputTokens: 10 })?.microUsd).toBe(
      245_040,
    );
    // 600,000 × 4 + 5,000, though that tier was written first
    expect(cost({ inputTokens: 600_000, outputTokens: 0 })?.microUsd).toBe(2_405_000);
  });

  it("is not taken with a tier that cannot be told, or that lacks a price", () => {
    const faulty = (tier: object) => priceSchema.safeParse({ ...model.price, tiers: [tier] }).success;
    expect(faulty({ input: 2, output: 4 })).toBe(false);
    expect(faulty({ aboveInput: 1_000, input: 2 })).toBe(false);
    expect(faulty({ aboveInput: -1, input: 2, output: 4 })).toBe(false);
    expect(faulty({ aboveInput: 1_000, input: 2, output: 4 })).toBe(true);
  });
});

describe("what is not known", () => {
  it("has no cost, which is not a cost of nothing", () => {
    const usage = { inputTokens: 10, outputTokens: 10 };
    expect(costOf(usage, "reported", undefined, { baseUrl: OPENAI })).toBeUndefined();
    expect(microUsd({}, usage)).toBeUndefined();
    expect(microUsd({ input: 1 }, usage)).toBeUndefined();
    expect(microUsd({ output: 1 }, usage)).toBeUndefined();
    expect(microUsd({ input: 0, output: 0 }, usage)).toBe(0);
    // What was not used needs no price.
    expect(microUsd({ input: 1 }, { inputTokens: 10, outputTokens: 0 })).toBe(10);
  });

  it("is taken at the input's rate where only the cache has none, and called estimated", () => {
    const usage = { inputTokens: 100, cachedInputTokens: 90, outputTokens: 0 };
    const priced = { price: { input: 2, output: 6 }, source: SOURCE };
    expect(costOf(usage, "reported", priced, { baseUrl: OPENAI })).toEqual({
      microUsd: 200,
      basis: "estimated",
      priceSource: SOURCE,
    });
  });

  it("is taken at the listed rates where a service tier has none, and called estimated", () => {
    const cost = (serviceTier: string, baseUrl: string) =>
      costOf(
        { inputTokens: 100, outputTokens: 0, serviceTier },
        "reported",
        { price: { input: 2 }, source: SOURCE },
        { baseUrl },
      );
    expect(cost("priority", OPENAI)).toMatchObject({ microUsd: 200, basis: "estimated" });
    // Groq's flex costs what its usual tier does, so half is not to be guessed.
    expect(cost("flex", "https://api.groq.com/openai/v1")).toMatchObject({
      microUsd: 200,
      basis: "estimated",
    });
    expect(cost("flex", "https://api.openai.com.example.org/v1")).toMatchObject({ microUsd: 200 });
    expect(cost("flex", OPENAI)).toMatchObject({ microUsd: 100, basis: "reported" });
  });

  it("stays estimated where the usage was", () => {
    const priced = { price: { input: 2 }, source: "config" };
    const usage = { inputTokens: 1, outputTokens: 0 };
    expect(costOf(usage, "estimated", priced, { baseUrl: OPENAI })).toEqual({
      microUsd: 2,
      basis: "estimated",
      priceSource: "config",
    });
  });

  it("is never less than nothing, however a vendor counts its cache", () => {
    const usage = { inputTokens: 10, cachedInputTokens: 50, outputTokens: 0 };
    // 50 × 0.5
    expect(microUsd({ input: 1, cachedInput: 0.5 }, usage)).toBe(25);
  });
});

describe("what the provider says that it charges", () => {
  const usage = { inputTokens: 194, outputTokens: 2, reportedUsd: 0.00014 };
  const priced = { price: { input: 100, output: 100 }, source: SOURCE };

  it("is what OpenRouter's requests cost", () => {
    expect(costOf(usage, "reported", priced, { baseUrl: "https://openrouter.ai/api/v1" })).toEqual({
      microUsd: 140,
      basis: "reported",
      priceSource: "provider",
    });
    expect(costOf(usage, "reported", undefined, { baseUrl: "https://openrouter.ai/api/v1" })?.microUsd).toBe(
      140,
    );
  });

  it("is known at OpenRouter's addresses for a region too", () => {
    for (const host of ["eu.openrouter.ai", "us.openrouter.ai"])
      expect(costOf(usage, "reported", priced, { baseUrl: `https://${host}/api/v1` })?.microUsd, host).toBe(
        140,
      );
    for (const host of ["openrouter.ai.example.org", "evilopenrouter.ai"])
      expect(costOf(usage, "reported", priced, { baseUrl: `https://${host}/v1` })?.microUsd).toBe(19_600);
  });

  it("is nobody else's: what their field counts is not known", () => {
    expect(costOf(usage, "reported", priced, { baseUrl: ELSEWHERE })?.microUsd).toBe(19_600);
  });
});
