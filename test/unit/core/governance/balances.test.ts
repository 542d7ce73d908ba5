import { describe, expect, it } from "vitest";
import { balanceSourceOf } from "../../../../src/core/governance/balances";

const read = (baseUrl: string, body: unknown) => {
  const found = balanceSourceOf(baseUrl);
  return found?.source.read(body, found.url.host);
};

describe("what is left of the money at a provider", () => {
  it("is asked of the provider's own host only, over HTTPS", () => {
    expect(balanceSourceOf("https://openrouter.ai/api/v1")?.url.href).toBe(
      "https://openrouter.ai/api/v1/key",
    );
    expect(balanceSourceOf("https://eu.openrouter.ai/api/v1")?.url.href).toBe(
      "https://eu.openrouter.ai/api/v1/key",
    );
    for (const baseUrl of [
      "http://openrouter.ai/api/v1",
      "https://openrouter.ai.evil.example/api/v1",
      "https://openrouter.ai:8443/api/v1",
      "https://api.openai.com/v1",
      "http://localhost:11434/v1",
      "nonsense",
    ]) {
      expect(balanceSourceOf(baseUrl), baseUrl).toBeUndefined();
    }
  });
  it("is read from OpenRouter's key, if that has a limit", () => {
    const data = { limit: 100, limit_remaining: 74.5, limit_reset: "monthly", usage: 25.5 };
    expect(read("https://openrouter.ai/api/v1", { data })).toEqual([
      {
        unit: "money",
        currency: "USD",
        name: "key limit",
        limit: 100_000_000,
        remaining: 74_500_000,
        window: "month",
        basis: "reported",
      },
    ]);
    const unlimited = { data: { limit: null, limit_remaining: null, limit_reset: "constructor" } };
    expect(read("https://openrouter.ai/api/v1", unlimited)).toEqual([]);
  });
  it("is read from DeepSeek in each currency", () => {
    const body = {
      is_available: true,
      balance_infos: [
        { currency: "CNY", total_balance: "110.00", granted_balance: "10.00", topped_up_balance: "100.00" },
        { currency: "USD", total_balance: "", granted_balance: "0" },
      ],
    };
    expect(read("https://api.deepseek.com", body)).toEqual([
      { unit: "money", currency: "CNY", remaining: 110_000_000, basis: "reported" },
    ]);
  });
  it("is read from Moonshot in the currency of its host, and from Novita in dollars", () => {
    const body = { code: 0, data: { available_balance: 49.58894 }, status: true };
    expect(read("https://api.moonshot.ai/v1", body)).toMatchObject([
      { currency: "USD", remaining: 49_588_940 },
    ]);
    expect(read("https://api.moonshot.cn/v1", body)).toMatchObject([
      { currency: "CNY", remaining: 49_588_940 },
    ]);
    expect(read("https://api.novita.ai/openai", { availableBalance: "10000" })).toMatchObject([
      { currency: "USD", remaining: 1_000_000 },
    ]);
  });
  it("is nothing where the answer is something else", () => {
    for (const body of [null, [], "x", { data: 7 }, { balance_infos: [3] }, { error: {} }]) {
      for (const url of ["https://openrouter.ai", "https://api.deepseek.com", "https://api.moonshot.ai"]) {
        expect(read(url, body)).toEqual([]);
      }
    }
  });
});
