import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conversationKey } from "../../../src/core/routing/affinity";
import { failureKind, retryAfterMs } from "../../../src/core/routing/failure";
import { RouteTable } from "../../../src/core/routing/routeTable";
import { orderedTargets } from "../../../src/core/routing/strategy";
import { matchesGlob } from "../../../src/core/text/glob";

describe("glob", () => {
  it.each([
    ["claude-*", "claude-opus", true],
    ["claude-*", "claude-", true],
    ["claude-*", "my-claude-opus", false],
    ["*", "", true],
    ["ollama/*", "ollama/a/b:c", true],
    ["gpt-4", "gpt-4o", false],
    ["*-mini", "gpt-mini-x", false],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "a-c-b", false],
    ["ab*ba", "aba", false],
    ["gpt.4", "gpt-4", false],
    ["a**b", "ab", true],
  ])("%s and %s", (pattern, text, fits) => expect(matchesGlob(pattern, text)).toBe(fits));

  it("fits whatever its stars are filled with", () => {
    const piece = fc.string({ maxLength: 5 }).map((text) => text.replaceAll(/[*?]/g, "x"));
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 5 }),
        fc.array(fc.string(), { minLength: 5 }),
        (pieces, fill) => {
          const text = pieces
            .map((part, index) => (index === 0 ? part : (fill[index] ?? "") + part))
            .join("");
          return matchesGlob(pieces.join("*"), text);
        },
      ),
    );
  });
});

describe("the table of routes", () => {
  const route = (fields: object) => ({
    strategy: "fallback" as const,
    affinity: true,
    targets: [{ model: "m" }],
    ...fields,
  });
  const table = new RouteTable([
    route({ match: "gpt-*" }),
    route({ match: "gpt-4*" }),
    route({ match: "gpt-4o" }),
    route({ name: "gpt-4o-mini" }),
    route({ match: "openrouter/*" }),
    route({ match: "*" }),
  ]);
  it.each([
    ["gpt-4o-mini", false, "gpt-4o-mini"],
    ["gpt-4o", false, "gpt-4o"],
    ["gpt-4-turbo", false, "gpt-*"],
    ["anything", false, "*"],
    ["openai/gpt-5", true, undefined],
    ["openrouter/x/y", true, "openrouter/*"],
  ])("%s", (id, isAddress, found) => {
    const route = table.find(id, isAddress);
    expect(route?.name ?? route?.match).toBe(found);
  });
});

describe("strategies", () => {
  const targets = ["a", "b", "c"].map((key, index) => ({ key, weight: index + 1 }));
  const inputs = { random: () => 0, turn: 0, latencyOf: () => undefined, priceOf: () => undefined };
  const order = (strategy: Parameters<typeof orderedTargets>[0], more: object) =>
    orderedTargets(strategy, targets, { ...inputs, ...more })
      .map(({ key }) => key)
      .join("");

  it("order the targets", () => {
    expect(order("fallback", {})).toBe("abc");
    expect(order("round-robin", { turn: 4 })).toBe("bca");
    const latency: Record<string, number> = { a: 300, c: 100 };
    expect(order("least-latency", { latencyOf: (key: string) => latency[key] })).toBe("bca");
    const price: Record<string, number> = { b: 2, c: 1 };
    expect(order("cheapest", { priceOf: (key: string) => price[key] })).toBe("cba");
  });

  it("by weight draw each target as often as its share says", () => {
    const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (let step = 0; step < 600; step += 1) {
      const [first] = orderedTargets("weighted", targets, { ...inputs, random: () => step / 600 });
      if (first) counts[first.key] = (counts[first.key] ?? 0) + 1;
    }
    expect(counts).toEqual({ a: 100, b: 200, c: 300 });
  });
});

describe("failures", () => {
  it.each([
    [429, "", "limited"],
    [401, "", "credential"],
    [402, "Insufficient Balance", "credential"],
    [403, "", "credential"],
    [500, "", "unwell"],
    [529, "overloaded_error", "unwell"],
    [408, "", "unwell"],
    [400, '{"error":{"code":"context_length_exceeded"}}', "tooLong"],
    [400, "prompt is too long: 210000 tokens > 200000 maximum", "tooLong"],
    [400, "This model's maximum context length is 8192 tokens", "tooLong"],
    [413, "", "tooLong"],
    [404, "", "unknownModel"],
    [400, "gpt-9 is not a valid model ID", "unknownModel"],
    [400, "messages.0: content is required", "request"],
    [422, "temperature out of range", "request"],
  ])("%d %s", (status, body, kind) => expect(failureKind(status, body)).toBe(kind));

  it("say when to come again, in seconds, milliseconds or as a date", () => {
    const now = Date.parse("2026-11-20T12:00:00Z");
    const waitOf = (headers: Record<string, string>) => retryAfterMs((name) => headers[name], now);
    expect(waitOf({ "retry-after": "2" })).toBe(2000);
    expect(waitOf({ "retry-after": "0.5" })).toBe(500);
    expect(waitOf({ "retry-after-ms": "150", "retry-after": "9" })).toBe(150);
    expect(waitOf({ "retry-after": "Fri, 20 Nov 2026 12:00:05 GMT" })).toBe(5000);
    expect(waitOf({ "retry-after": "Fri, 20 Nov 2026 11:00:00 GMT" })).toBe(0);
    expect(waitOf({ "retry-after": "-3" })).toBeUndefined();
    expect(waitOf({ "retry-after-ms": "", "retry-after": "9" })).toBe(9000);
    expect(waitOf({ "retry-after": "1795176000" })).toBeUndefined();
    expect(waitOf({ "retry-after": "Fri, 20 Nov 2099 12:00:00 GMT" })).toBeUndefined();
    // The provider's clock is an hour behind.
    const date = "Fri, 20 Nov 2026 11:00:00 GMT";
    expect(waitOf({ "retry-after": "Fri, 20 Nov 2026 11:00:30 GMT", date })).toBe(30_000);
    expect(waitOf({ "retry-after": "soon" })).toBeUndefined();
    expect(waitOf({})).toBeUndefined();
  });
});

describe("the name of a conversation", () => {
  const key = (headers: Record<string, string>, body: object) =>
    conversationKey({
      header: (name) => headers[name],
      member: (name) => {
        const value = (body as Record<string, unknown>)[name];
        return value === undefined ? undefined : JSON.stringify(value);
      },
    });
  const user = (content: string) => ({ role: "user", content });
  const answer = { role: "assistant", content: "…" };

  it("stays the same while it grows, in each protocol", () => {
    expect(key({}, { messages: [user("a")] })).toBe(key({}, { messages: [user("a"), answer, user("b")] }));
    expect(key({}, { input: [user("a")] })).toBe(
      key({}, { input: [user("a"), { type: "reasoning", summary: [] }, answer, user("b")] }),
    );
    expect(key({}, { system: "s", messages: [user("a")] })).not.toBe(
      key({}, { system: "t", messages: [user("a")] }),
    );
    expect(key({}, { messages: [user("a")] })).not.toBe(key({}, { messages: [user("b")] }));
  });

  it("stays the same with the next question of VS Code Chat, which has another x-interaction-id", () => {
    const conversation = { messages: [user("a")] };
    const grown = { messages: [user("a"), answer, user("b")] };
    expect(key({ "x-interaction-id": "1" }, conversation)).toBe(key({ "x-interaction-id": "2" }, grown));
  });

  it("is the agent's own, where it has one", () => {
    expect(key({ session_id: "1" }, { messages: [user("a")] })).toBe(
      key({ session_id: "1" }, { messages: [user("z")] }),
    );
    expect(key({}, { prompt_cache_key: "k", input: "a" })).toBe(
      key({}, { prompt_cache_key: "k", input: "b" }),
    );
    expect(key({}, { metadata: { user_id: "u_session_1" } })).not.toBe(
      key({}, { metadata: { user_id: "u_session_2" } }),
    );
  });

  it("is not there where nothing tells it", () => expect(key({}, { model: "m" })).toBeUndefined());
});
