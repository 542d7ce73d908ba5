import { describe, expect, it } from "vitest";
import { redacted } from "../../../src/core/providers/redact";
import { preferredProtocol, speaks } from "../../../src/core/providers/spoken";

const provider = (type: "openai" | "azure" | "anthropic", baseUrl: string, more: object = {}) => ({
  type,
  baseUrl,
  wireApi: "completions" as const,
  ...more,
});

describe("what a provider takes as it comes", () => {
  it.each([
    ["OpenAI itself", provider("openai", "https://api.openai.com/v1"), ["chat", "responses"]],
    ["Azure without a version", provider("azure", "https://r.openai.azure.com"), ["chat", "responses"]],
    [
      "Azure with one",
      provider("azure", "https://r.openai.azure.com", { azure: { apiVersion: "2024-10-21" } }),
      ["chat"],
    ],
    ["Azure as OpenAI", provider("openai", "https://r.openai.azure.com/openai/v1"), ["chat", "responses"]],
    ["a compatible server", provider("openai", "http://localhost:11434"), ["chat"]],
    ["a host that only looks alike", provider("openai", "https://api.openai.com.evil.example"), ["chat"]],
    ["one of Responses", provider("openai", "https://x.example", { wireApi: "responses" }), ["responses"]],
    ["Anthropic", provider("anthropic", "https://api.anthropic.com"), ["messages"]],
  ] as const)("%s", (_, config, taken) => {
    expect(
      (["chat", "responses", "messages"] as const).filter((protocol) => speaks(config, protocol)),
    ).toEqual(taken);
    expect(taken).toContain(preferredProtocol(config));
  });
});

describe("redacted", () => {
  it("takes a key out of a text, however it is quoted, and leaves the rest", () => {
    expect(redacted('{"error":"Incorrect key: sk-abc/1234"}', ["sk-abc/1234"])).toBe(
      '{"error":"Incorrect key: [redacted]"}',
    );
    expect(redacted(JSON.stringify({ e: 'sk-"quoted"' }), ['sk-"quoted"'])).toBe('{"e":"[redacted]"}');
    expect(redacted('Key sk-"quoted" is wrong', ['sk-"quoted"'])).toBe("Key [redacted] is wrong");
    expect(redacted("nothing here", ["sk-abc/1234"])).toBe("nothing here");
  });
});
