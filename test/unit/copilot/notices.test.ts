import { describe, expect, it } from "vitest";
import type { ProviderQuota } from "../../../src/core/governance/quota";
import { LimitNotices } from "../../../src/engine/governance/limitNotices";

const NOW = Date.parse("2026-11-20T12:00:00Z");
const RESET = Date.parse("2026-12-01T00:00:00Z");
const quota = (remaining: number, change: Partial<ProviderQuota> = {}): ProviderQuota => ({
  ...{ provider: "copilot", credential: "one", unit: "premiumRequests", limit: 300, remaining },
  ...{ resetsAt: RESET, at: NOW, basis: "reported" },
  ...change,
});

describe("a warning before premium requests run out", () => {
  it("is told once when a fifth is left, and once more when none is", () => {
    const notices = new LimitNotices();
    const texts = (...quotas: ProviderQuota[]) => {
      notices.quotas(quotas, NOW);
      return notices.pending().map(({ id, text }) => {
        notices.claim(id);
        return text;
      });
    };
    expect(texts(quota(61), quota(10, { unit: "requests" }))).toEqual([]);
    expect(texts(quota(60))).toEqual([expect.stringContaining("60 of 300 premium requests left")]);
    expect(texts(quota(50))).toEqual([]);
    expect(texts(quota(0))).toEqual([expect.stringContaining("used up")]);
    expect(texts(quota(0))).toEqual([]);
    expect(texts(quota(20, { credential: "two" }))).toEqual([expect.stringContaining('"two"')]);
    const next = RESET + 30 * 24 * 3_600_000;
    expect(texts(quota(30, { resetsAt: next }))).toEqual([expect.stringContaining("30 of 300")]);
  });
});
