import { describe, expect, it } from "vitest";
import { DEFAULT_MAX_OUTPUT, estimateMaximum, usageToCharge } from "../../../../src/core/governance/estimate";

const seen = { requestBytes: 3_500, streamedChars: 400 };

describe("what a request is charged with", () => {
  it("is what the provider reported at the end", () => {
    const reported = { inputTokens: 9, outputTokens: 5 };
    expect(usageToCharge(reported, true, seen)).toEqual({ usage: reported, basis: "reported" });
  });

  it("is reported where an embedding has no output to report", () => {
    const reported = { inputTokens: 9 };
    expect(usageToCharge(reported, true, { requestBytes: 100, streamedChars: 0 })).toEqual({
      usage: reported,
      basis: "reported",
    });
  });

  it("is an estimate that says so where nothing was reported", () => {
    // 3,500 bytes at 3.5 a token, 400 characters at 4 a token
    const usage = { inputTokens: 1_000, outputTokens: 100 };
    expect(usageToCharge(undefined, false, seen)).toEqual({ usage, basis: "estimated" });
    expect(usageToCharge(undefined, true, seen)).toEqual({ usage, basis: "estimated" });
  });

  it("is the reported input and the output that was seen, where a Messages stream broke off", () => {
    const begun = { inputTokens: 1_234, cachedInputTokens: 1_000, outputTokens: 1 };
    expect(usageToCharge(begun, false, seen)).toEqual({
      usage: { inputTokens: 1_234, cachedInputTokens: 1_000, outputTokens: 100 },
      basis: "estimated",
    });
  });

  it("is what was reported where the client left when all had been said", () => {
    const reported = { inputTokens: 9, outputTokens: 120 };
    expect(usageToCharge(reported, false, seen)).toEqual({ usage: reported, basis: "reported" });
  });
});

describe("a report with a part that cannot be read", () => {
  it("keeps the other part: an output that was reported is not estimated", () => {
    expect(usageToCharge({ outputTokens: 5 }, true, seen)).toEqual({
      usage: { inputTokens: 1_000, outputTokens: 5 },
      basis: "estimated",
    });
  });
});

describe("what a request may come to", () => {
  it("is a number that can be held and charged, whatever the client asks for", () => {
    const output = (more: object) => estimateMaximum({ requestBytes: 0, ...more }).outputTokens;
    expect(output({ maxTokens: 1.5 })).toBe(2);
    expect(output({ maxTokens: 10, answers: 1.5 })).toBe(15);
    for (const nonsense of [{ maxTokens: 1e300 }, { answers: 1e300 }, { maxTokens: 1e300, answers: 1e300 }])
      expect(output(nonsense)).toBe(1_000_000_000);
  });

  it("is as long an answer as the client, the model or a default allows", () => {
    const output = (more: object) => estimateMaximum({ requestBytes: 0, ...more }).outputTokens;
    expect(output({ maxTokens: 100, modelMaxOutput: 4_096 })).toBe(100);
    expect(output({ maxTokens: 100_000, modelMaxOutput: 4_096 })).toBe(4_096);
    expect(output({ modelMaxOutput: 4_096 })).toBe(4_096);
    expect(output({})).toBe(DEFAULT_MAX_OUTPUT);
    expect(output({ maxTokens: 100, answers: 3 })).toBe(300);
  });

  it("takes a request to be no shorter than a tokenizer finds it", () => {
    expect(estimateMaximum({ requestBytes: 3_500 }).inputTokens).toBeGreaterThan(1_000);
    expect(estimateMaximum({ requestBytes: 0, mediaBytes: 400_000 }).inputTokens).toBeGreaterThan(1_000);
  });
});
