import { describe, expect, test } from "vitest";
import { cleanPastedKey, foreignKeyOwner } from "../../../src/core/providers/pastedKey";

describe("a pasted key", () => {
  test.each([
    ["  sk-1  ", "sk-1"],
    ['"sk-1"', "sk-1"],
    ["'sk-1',", "sk-1"],
    ["sk-1\n", "sk-1"],
    ["sk-12\r\n34", "sk-1234"],
    ["Bearer sk-1", "sk-1"],
    ["Authorization: Bearer sk-1", "sk-1"],
    ['export OPENAI_API_KEY="sk-1"', "sk-1"],
    ["OPENAI_API_KEY=sk-1", "sk-1"],
    ["abcDEF123==", "abcDEF123=="],
  ])("%j is cleaned to %s", (text, key) => {
    expect(cleanPastedKey(text)).toEqual({ ok: true, key });
  });

  test.each([
    ["", "empty"],
    ["''", "empty"],
    ["my key", "spaces"],
    ["sk-1…", "plain characters"],
  ])("%j is refused: %s", (text, why) => {
    const cleaned = cleanPastedKey(text);
    expect(cleaned.ok).toBe(false);
    expect(cleaned.ok ? "" : cleaned.fault).toContain(why);
  });
});

describe("a key of another company", () => {
  const openai = { type: "openai", baseUrl: "https://api.openai.com/v1" } as const;
  test.each([
    ["sk-ant-api03-1", openai, "Anthropic"],
    ["sk-proj-1", openai, undefined],
    ["sk-1", openai, undefined],
    ["sk-proj-1", { type: "anthropic", baseUrl: "https://api.anthropic.com" } as const, "OpenAI"],
    ["sk-or-v1-1", openai, "OpenRouter"],
    ["sk-ant-1", { type: "openai", baseUrl: "https://llm.example.com/v1" } as const, undefined],
    ["pst_1", openai, "Postern's own gateway"],
    ["sk-1", { type: "openai", baseUrl: "nonsense" } as const, undefined],
  ])("%s for %j is of %s", (key, provider, owner) => {
    expect(foreignKeyOwner(key, provider)).toBe(owner);
  });
});
