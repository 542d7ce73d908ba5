import { describe, expect, it } from "vitest";
import { quotasInHeaders, resetTime } from "../../../../src/core/governance/quotaHeaders";

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);
const read = (headers: Record<string, string>, host = "api.example.com") =>
  quotasInHeaders(headers, host, NOW);

describe("what headers say of quotas", () => {
  it("reads OpenAI's, with durations as Go writes them", () => {
    const headers = {
      "x-ratelimit-limit-requests": "10000",
      "x-ratelimit-remaining-requests": "9999",
      "x-ratelimit-reset-requests": "6ms",
      "x-ratelimit-limit-tokens": "2000000",
      "x-ratelimit-remaining-tokens": "1999000",
      "x-ratelimit-reset-tokens": "6m0s",
      "content-type": "application/json",
    };
    expect(read(headers)).toEqual([
      { unit: "requests", limit: 10_000, remaining: 9999, resetsAt: NOW + 6, basis: "reported" },
      { unit: "tokens", limit: 2_000_000, remaining: 1_999_000, resetsAt: NOW + 360_000, basis: "reported" },
    ]);
  });
  it("keeps OpenAI's project quota apart from the organisation's", () => {
    const headers = {
      "x-ratelimit-remaining-tokens": "10",
      "x-ratelimit-remaining-project-tokens": "5",
    };
    expect(read(headers).map(({ name, remaining }) => [name, remaining])).toEqual([
      [undefined, 10],
      ["project", 5],
    ]);
  });
  it("takes Azure's seconds, and makes nothing of its -1", () => {
    const headers = { "x-ratelimit-remaining-tokens": "900", "x-ratelimit-reset-tokens": "42" };
    expect(read(headers)).toEqual([
      { unit: "tokens", remaining: 900, resetsAt: NOW + 42_000, basis: "reported" },
    ]);
    expect(
      read({
        "x-ratelimit-limit-tokens": "-1",
        "x-ratelimit-remaining-tokens": "-1",
        "x-ratelimit-reset-tokens": "0",
      }),
    ).toEqual([]);
  });
  it("knows that Groq's requests are a day's and its tokens a minute's", () => {
    const headers = {
      "x-ratelimit-limit-requests": "14400",
      "x-ratelimit-remaining-requests": "14370",
      "x-ratelimit-reset-requests": "2m59.56s",
      "x-ratelimit-limit-tokens": "18000",
      "x-ratelimit-remaining-tokens": "17997",
      "x-ratelimit-reset-tokens": "7.66s",
    };
    expect(read(headers, "api.groq.com")).toEqual([
      {
        unit: "requests",
        window: "day",
        limit: 14_400,
        remaining: 14_370,
        resetsAt: NOW + 179_560,
        basis: "reported",
      },
      {
        unit: "tokens",
        window: "minute",
        limit: 18_000,
        remaining: 17_997,
        resetsAt: NOW + 7660,
        basis: "reported",
      },
    ]);
    expect(read(headers).map(({ window }) => window)).toEqual([undefined, undefined]);
  });
  it("reads Mistral's and Cerebras's, which name the window", () => {
    const mistral = {
      "x-ratelimit-limit-tokens-minute": "5000000",
      "x-ratelimit-remaining-tokens-minute": "4999911",
      "x-ratelimit-tokens-query-cost": "52",
      "x-ratelimit-limit-req-minute": "720",
      "x-ratelimit-remaining-req-minute": "717",
    };
    expect(read(mistral)).toEqual([
      { unit: "tokens", window: "minute", limit: 5_000_000, remaining: 4_999_911, basis: "reported" },
      { unit: "requests", window: "minute", limit: 720, remaining: 717, basis: "reported" },
    ]);
    const cerebras = {
      "x-ratelimit-limit-requests-day": "14400",
      "x-ratelimit-remaining-requests-day": "14399",
      "x-ratelimit-reset-requests-day": "33011.382867",
    };
    expect(read(cerebras)).toEqual([
      {
        unit: "requests",
        window: "day",
        limit: 14_400,
        remaining: 14_399,
        resetsAt: NOW + 33_011_382.867,
        basis: "reported",
      },
    ]);
  });
  it("reads Anthropic's, with times in RFC 3339", () => {
    const headers = {
      "anthropic-ratelimit-requests-limit": "50",
      "anthropic-ratelimit-requests-remaining": "49",
      "anthropic-ratelimit-requests-reset": "2026-11-20T12:00:30Z",
      "anthropic-ratelimit-input-tokens-limit": "30000",
      "anthropic-ratelimit-input-tokens-remaining": "25000",
      "anthropic-ratelimit-output-tokens-limit": "8000",
      "anthropic-ratelimit-output-tokens-remaining": "7000",
      "anthropic-priority-input-tokens-limit": "1",
    };
    expect(read(headers)).toEqual([
      { unit: "requests", limit: 50, remaining: 49, resetsAt: NOW + 30_000, basis: "reported" },
      { unit: "inputTokens", limit: 30_000, remaining: 25_000, basis: "reported" },
      { unit: "outputTokens", limit: 8000, remaining: 7000, basis: "reported" },
    ]);
  });
  it("turns round what Anthropic's subscriptions say is used", () => {
    const headers = {
      "anthropic-ratelimit-unified-status": "allowed",
      "anthropic-ratelimit-unified-5h-status": "allowed",
      "anthropic-ratelimit-unified-5h-utilization": "0.25",
      "anthropic-ratelimit-unified-5h-reset": String((NOW + 3_600_000) / 1000),
      "anthropic-ratelimit-unified-7d-utilization": "1.2",
    };
    expect(read(headers)).toEqual([
      {
        unit: "share",
        name: "5h",
        limit: 1,
        remaining: 0.75,
        resetsAt: NOW + 3_600_000,
        basis: "reported",
      },
      { unit: "share", name: "7d", limit: 1, remaining: 0, basis: "reported" },
    ]);
  });
  it("reads OpenRouter's milliseconds and Together's token limit", () => {
    const openRouter = {
      "x-ratelimit-limit": "20",
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(NOW + 5000),
    };
    expect(read(openRouter)).toEqual([
      { unit: "requests", limit: 20, remaining: 0, resetsAt: NOW + 5000, basis: "reported" },
    ]);
    expect(read({ "x-tokenlimit-limit": "100", "x-tokenlimit-remaining": "60" })).toEqual([
      { unit: "tokens", limit: 100, remaining: 60, basis: "reported" },
    ]);
  });
  it("makes nothing of what it does not understand", () => {
    expect(
      read({
        "x-ratelimit-limit-requests": "many",
        "x-ratelimit-remaining-requests": "",
        "x-ratelimit-remaining-audio": "7",
        "anthropic-ratelimit-unified-5h-utilization": "",
        "x-ratelimit-limit-tokens": "100",
      }),
    ).toEqual([]);
  });
  it("tells no time from what is none", () => {
    for (const text of ["soon", "", "-5", "1x", "6m 0s", "Infinity"]) {
      expect(resetTime(text, NOW), text).toBeUndefined();
    }
    expect(resetTime("1h2m3.5s", NOW)).toBe(NOW + 3_723_500);
    expect(resetTime("20ms", NOW)).toBe(NOW + 20);
    expect(resetTime("1795176000", NOW)).toBe(1_795_176_000_000);
  });
});
