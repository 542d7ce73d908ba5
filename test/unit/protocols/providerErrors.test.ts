import { describe, expect, it } from "vitest";
import { stopFromChat } from "../../../src/core/protocols/chat/stopReason";
import { overflowNumbers } from "../../../src/core/protocols/providerError";
import { translateError } from "../../../src/core/translation";

const told = (to: "messages" | "responses", message: string, more: object = {}) =>
  translateError({
    from: "chat",
    to,
    status: 400,
    body: JSON.stringify({ error: { message, ...more } }),
    headers: {},
  }).body;

describe("a conversation that is too long", () => {
  it.each([
    [
      "request (12345 tokens) exceeds the available context size (8192 tokens), try increasing it",
      12345,
      8192,
    ],
    [
      "The input token count (1196265) exceeds the maximum number of tokens allowed (1048576).",
      1196265,
      1048576,
    ],
    ["This model's maximum prompt length is 131072 but the request contains 537812 tokens.", 537812, 131072],
    ["Invalid request: Your request exceeded model token limit: 131072 (requested: 140000)", 140000, 131072],
    ["prompt token count of 135234 exceeds the limit of 128000", 135234, 128000],
    ["This model's maximum context length is 4097 tokens, however you requested 5000 tokens", 5000, 4097],
    [
      "This model's maximum context length is 16384 tokens. However, your request has 20000 input tokens. Please reduce the length of the input messages.",
      20000,
      16384,
    ],
    ["Prompt exceeds max length"],
    ["Please reduce the length of the messages or completion."],
  ])("is understood: %s", (message, used?: number, limit?: number) => {
    expect(told("messages", message)).toContain("prompt is too long");
    expect(told("responses", message)).toContain("context_length_exceeded");
    if (used !== undefined) expect(overflowNumbers(message)).toEqual({ used, limit });
  });

  it("is understood by llama.cpp's type", () => {
    expect(told("messages", "no", { type: "exceed_context_size_error" })).toContain("prompt is too long");
    expect(told("messages", "no", { code: 400, type: "exceed_context_size_error" })).toContain(
      "prompt is too long",
    );
  });

  it("is not the answer that is too long", () => {
    const message =
      "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 16384 tokens and your request has 2000 input tokens (32000 > 16384 - 2000).";
    expect(told("messages", message)).not.toContain("prompt is too long");
    expect(told("responses", message)).not.toContain("context_length_exceeded");
  });

  it("is looked for without going astray in numbers", () => {
    // Where the time grows with the square, a test does not get to its end within its limit.
    expect(told("messages", `context length ${"1".repeat(1_000_000)}`)).toContain("context length");
    expect(overflowNumbers(`context size (${" ".repeat(1_000_000)}`)).toBeUndefined();
  });
});

describe("a finish_reason", () => {
  it.each([
    ["content_filter: PROHIBITED_CONTENT", "contentFilter"],
    ["content_filter: RECITATION", "contentFilter"],
    ["content_filter", "contentFilter"],
    ["SAFETY", "contentFilter"],
    ["sensitive", "contentFilter"],
    ["BLOCKLIST", "contentFilter"],
    ["SPII", "contentFilter"],
    ["refusal", "refusal"],
    ["function_call_filter: MALFORMED_FUNCTION_CALL", undefined],
    ["MALFORMED_FUNCTION_CALL", undefined],
    ["network_error", undefined],
    ["ERROR", undefined],
    ["error", undefined],
    ["abort", undefined],
    ["insufficient_system_resource", undefined],
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["tool_calls", "toolCalls"],
    ["something_new", "stop"],
  ])("%s", (reason, meaning) => {
    expect(stopFromChat(reason)).toBe(meaning);
  });
});
