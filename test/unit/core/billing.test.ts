import { describe, expect, it } from "vitest";
import { costOf } from "../../../src/core/governance/cost";
import { usageOfBody, usageOfEnds } from "../../../src/core/lane/bodyUsage";
import { reportedUsage } from "../../../src/core/lane/reportedUsage";
import { StreamTap } from "../../../src/core/lane/streamTap";
import { createChatDecoder } from "../../../src/core/protocols/chat/decodeStream";
import { createMessagesDecoder } from "../../../src/core/protocols/messages/decodeStream";
import { createResponsesDecoder } from "../../../src/core/protocols/responses/decodeStream";
import type { WireProtocol } from "../../../src/core/protocols/wire";

const bytes = (text: string) => new TextEncoder().encode(text);
const frame = (data: object, event = "") =>
  bytes(`${event === "" ? "" : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`);

function tapped(protocol: WireProtocol, ...frames: Uint8Array[]) {
  const tap = new StreamTap(protocol, false);
  for (const one of frames) tap.onFrame(one);
  return tap.usage();
}

const chatUsage = { prompt_tokens: 9, completion_tokens: 5 };
const responsesUsage = { input_tokens: 9, output_tokens: 5, total_tokens: 14 };
const plain = { inputTokens: 9, outputTokens: 5 };
const flex = { ...plain, serviceTier: "flex" };

describe("the service tier that an answer was billed in", () => {
  it("stands beside the usage in Chat Completions and Responses", () => {
    expect(usageOfBody("chat", { service_tier: "flex", usage: chatUsage })).toEqual(flex);
    expect(tapped("chat", frame({ choices: [], usage: chatUsage, service_tier: "flex" }))).toEqual(flex);
    const response = { usage: responsesUsage, service_tier: "flex" };
    expect(usageOfBody("responses", response)).toEqual(flex);
    // Asked for at the beginning, not given at the end.
    const created = frame({ type: "response.created", response: { service_tier: "flex", usage: null } });
    const completed = (tier: string) =>
      frame({ type: "response.completed", response: { ...response, service_tier: tier } });
    expect(tapped("responses", created, completed("flex"))).toEqual(flex);
    expect(tapped("responses", created, completed("default"))).toEqual(plain);
  });

  it("stands with the usage in the last choice, where Moonshot may have put it", () => {
    const choice = { index: 0, delta: {}, finish_reason: "stop", usage: chatUsage };
    expect(tapped("chat", frame({ choices: [choice] }))).toEqual(plain);
    // Told twice, the chunk's own is the whole stream's.
    const other = { ...choice, usage: { prompt_tokens: 1, completion_tokens: 1 } };
    expect(tapped("chat", frame({ choices: [other], usage: chatUsage }))).toEqual(plain);
  });

  it("is read from an answer too large to be parsed, as its usage is", () => {
    const tail = bytes(`x","usage":${JSON.stringify(chatUsage)},"service_tier":"flex"}`);
    expect(usageOfEnds("chat", bytes("{"), tail)).toEqual(flex);
  });

  it("stands in the usage in Messages, where only some reports have it", () => {
    const start = { type: "message_start", message: { usage: { input_tokens: 9, service_tier: "batch" } } };
    const delta = { type: "message_delta", usage: { output_tokens: 5 } };
    const expected = { ...plain, serviceTier: "batch" };
    expect(tapped("messages", frame(start, "message_start"), frame(delta, "message_delta"))).toEqual(
      expected,
    );
    expect(reportedUsage("messages", { ...responsesUsage, service_tier: "batch" })).toEqual(expected);
  });

  it("is not told where it is the ordinary one", () => {
    for (const tier of ["default", "standard", "auto", "on_demand", "", null, 7])
      expect(usageOfBody("chat", { service_tier: tier, usage: chatUsage })).toEqual(plain);
  });

  it("survives a translation's reading", () => {
    const newId = (prefix: string) => `${prefix}1`;
    const usages = (events: readonly { readonly type: string }[]) =>
      events.flatMap((event) => ("usage" in event ? [event.usage] : []));
    const chat = createChatDecoder(newId);
    const chunk = JSON.stringify({ choices: [], usage: chatUsage, service_tier: "flex" });
    expect(usages(chat.event(chunk, ""))).toEqual([flex]);
    const responses = createResponsesDecoder(newId);
    const completed = {
      type: "response.completed",
      response: { output: [], usage: responsesUsage, service_tier: "flex" },
    };
    expect(usages(responses.event(JSON.stringify(completed), "response.completed"))).toContainEqual(flex);
    const messages = createMessagesDecoder(newId);
    const usage = { input_tokens: 9, output_tokens: 5, service_tier: "batch" };
    const start = { type: "message_start", message: { id: "m", model: "m", usage } };
    expect(usages(messages.event(JSON.stringify(start), "message_start"))).toContainEqual({
      ...plain,
      serviceTier: "batch",
    });
  });
});

describe("cache writes for an hour", () => {
  it("are told apart from those for five minutes", () => {
    const usage = {
      input_tokens: 10,
      cache_read_input_tokens: 70,
      cache_creation_input_tokens: 20,
      cache_creation: { ephemeral_5m_input_tokens: 15, ephemeral_1h_input_tokens: 5 },
      output_tokens: 3,
    };
    const expected = {
      inputTokens: 100,
      cachedInputTokens: 70,
      cacheWriteTokens: 20,
      cacheWrite1hTokens: 5,
      outputTokens: 3,
    };
    expect(reportedUsage("messages", usage)).toEqual(expected);
    const start = { type: "message_start", message: { usage: { ...usage, output_tokens: 1 } } };
    const delta = { type: "message_delta", usage: { output_tokens: 3 } };
    expect(tapped("messages", frame(start, "message_start"), frame(delta, "message_delta"))).toEqual(
      expected,
    );
  });
});

describe("a conversation that Anthropic compacted before it answered", () => {
  const zero = { cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const compacted = {
    ...zero,
    input_tokens: 23_000,
    output_tokens: 1_000,
    iterations: [
      { ...zero, type: "compaction", input_tokens: 190_000, output_tokens: 3_500 },
      { ...zero, type: "message", input_tokens: 23_000, output_tokens: 1_000 },
    ],
  };

  it("is counted with what the compaction read and wrote, which the sums leave out", () => {
    const counted = { inputTokens: 213_000, outputTokens: 4_500 };
    expect(reportedUsage("messages", compacted)).toMatchObject(counted);
    const message = { usage: { ...zero, input_tokens: 190_000, output_tokens: 5 } };
    const start = frame({ type: "message_start", message }, "message_start");
    const delta = frame({ type: "message_delta", usage: compacted }, "message_delta");
    expect(tapped("messages", start, delta)).toMatchObject(counted);
  });

  it("is priced by the length of each context, not of both together", () => {
    const price = { input: 5, output: 25, tiers: [{ aboveInput: 200_000, input: 10, output: 37.5 }] };
    const biller = { baseUrl: "https://api.anthropic.com" };
    const cost = (usage: object) =>
      costOf(reportedUsage("messages", usage) ?? {}, "reported", { price, source: "config" }, biller)
        ?.microUsd;
    expect(cost(compacted)).toBe(213_000 * 5 + 4_500 * 25);
    const [compaction, answer] = compacted.iterations;
    const long = { ...compacted, iterations: [{ ...compaction, input_tokens: 250_000 }, answer] };
    expect(cost(long)).toBe(250_000 * 10 + 3_500 * 37.5 + 23_000 * 5 + 1_000 * 25);
  });
});

describe("what is billed beside the tokens", () => {
  const price = { input: 5, cachedInput: 0.5, cacheWrite: 6.25, output: 25 };
  const priced = { price, source: "catalogue" };
  const cost = (protocol: WireProtocol, report: object, baseUrl: string) =>
    costOf(reportedUsage(protocol, report) ?? {}, "reported", priced, { baseUrl });
  const anthropic = "https://api.anthropic.com";
  const openai = "https://api.openai.com/v1";
  const read = { input_tokens: 1_000, output_tokens: 100 };

  it("is added where the fee is known: Anthropic's searches and its inference in the US", () => {
    const searched = { ...read, server_tool_use: { web_search_requests: 3, web_fetch_requests: 2 } };
    // 1,000 × 5 + 100 × 25 = 7,500; three searches at 10 dollars a thousand
    expect(cost("messages", searched, anthropic)).toEqual({
      microUsd: 37_500,
      basis: "reported",
      priceSource: "catalogue",
    });
    const inUs = { ...searched, inference_geo: "us" };
    expect(cost("messages", inUs, anthropic)).toMatchObject({ microUsd: 38_250, basis: "reported" });
    // The discount of a batch is one on tokens.
    expect(cost("messages", { ...inUs, service_tier: "batch" }, anthropic)?.microUsd).toBe(34_125);
    const start = { type: "message_start", message: { usage: { ...read, inference_geo: "us" } } };
    const delta = { type: "message_delta", usage: { server_tool_use: { web_search_requests: 1 } } };
    expect(tapped("messages", frame(start, "message_start"), frame(delta, "message_delta"))).toMatchObject({
      extras: { "inference_geo us": 1, web_search_requests: 1 },
    });
  });

  it.each<[string, WireProtocol, object, string]>([
    [
      "somebody else's searches",
      "messages",
      { ...read, server_tool_use: { web_search_requests: 1 } },
      openai,
    ],
    ["running code", "messages", { ...read, server_tool_use: { code_execution_requests: 1 } }, anthropic],
    ["the fast mode", "messages", { ...read, speed: "fast" }, anthropic],
    ["inference elsewhere", "messages", { ...read, inference_geo: "eu" }, anthropic],
    ["sound that was read", "chat", { ...chatUsage, prompt_tokens_details: { audio_tokens: 4 } }, openai],
    ["sound that was made", "chat", { ...chatUsage, completion_tokens_details: { audio_tokens: 4 } }, openai],
    [
      "images that were made",
      "chat",
      { ...chatUsage, completion_tokens_details: { image_tokens: 4 } },
      openai,
    ],
    ["xAI's live search", "chat", { ...chatUsage, num_sources_used: 2 }, "https://api.x.ai/v1"],
  ])("makes the cost an estimate where its fee is not known: %s", (_, protocol, report, baseUrl) => {
    expect(cost(protocol, report, baseUrl)?.basis).toBe("estimated");
  });

  it("is nothing where the report says that there was none of it", () => {
    const none = { web_search_requests: 0, web_fetch_requests: 4 };
    for (const geo of ["global", "not_available", "", null]) {
      const report = { ...read, server_tool_use: none, inference_geo: geo, speed: "standard" };
      expect(cost("messages", report, anthropic)).toMatchObject({ microUsd: 7_500, basis: "reported" });
    }
    const details = { prompt_tokens_details: { audio_tokens: 0, image_tokens: 7 }, num_sources_used: 0 };
    expect(cost("chat", { ...chatUsage, ...details }, openai)?.basis).toBe("reported");
  });

  it("is seen in the calls that Responses has among its output", () => {
    const called = ["web_search_call", "file_search_call", "code_interpreter_call", "image_generation_call"];
    const response = (type: string) => ({ output: [{ type }, { type: "message" }], usage: responsesUsage });
    const seen = (type: string) => {
      const text = JSON.stringify(response(type));
      const decoder = createResponsesDecoder((prefix) => `${prefix}1`);
      const completed = { type: "response.completed", response: response(type) };
      const told = decoder.event(JSON.stringify(completed), "").find((event) => event.type === "usage");
      return [
        usageOfBody("responses", response(type)),
        usageOfEnds("responses", bytes("{"), bytes(text)),
        tapped("responses", frame(completed)),
        // Too large to be kept whole.
        tapped("responses", bytes(`data: {"type":"response.completed","response":…${text}}\n\n`)),
        told?.type === "usage" ? told.usage : undefined,
      ].map((usage) => usage?.extras);
    };
    for (const type of called) expect(seen(type), type).toEqual(Array(5).fill({ [type]: 1 }));
    expect(seen("function_call")).toEqual(Array(5).fill(undefined));
    const usage = { inputTokens: 1, outputTokens: 1, extras: { web_search_call: 1 } };
    expect(costOf(usage, "reported", priced, { baseUrl: openai })?.basis).toBe("estimated");
  });
});

describe("an answer in which another model of Anthropic took part", () => {
  const zero = { cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const told = { ...zero, input_tokens: 412, output_tokens: 531 };
  const advised = {
    ...told,
    iterations: [
      { ...told, type: "message" },
      { ...zero, type: "advisor_message", model: "claude-opus-4-6", input_tokens: 823, output_tokens: 1_612 },
    ],
  };
  const sonnet = { price: { input: 3, output: 15 }, source: "catalogue" };
  const opus = { price: { input: 5, output: 25 }, source: "config" };
  const cost = (report: object, other?: typeof opus) =>
    costOf(
      reportedUsage("messages", report) ?? {},
      "reported",
      sonnet,
      { baseUrl: "https://api.anthropic.com" },
      (model) => (model === "claude-opus-4-6" ? other : undefined),
    );

  it("is charged for the advisor at its own rates, beside the sums", () => {
    expect(reportedUsage("messages", advised)).toMatchObject({ inputTokens: 1_235, outputTokens: 2_143 });
    // 412 × 3 + 531 × 15 = 9,201; 823 × 5 + 1,612 × 25 = 44,415
    expect(cost(advised, opus)).toEqual({
      microUsd: 53_616,
      basis: "reported",
      priceSource: "config, catalogue",
    });
  });

  it("is an estimate at the asked model's rates where the advisor's price is not known", () => {
    // 1,235 × 3 + 2,143 × 15
    expect(cost(advised)).toEqual({ microUsd: 35_850, basis: "estimated", priceSource: "catalogue" });
  });

  it("is charged at the rates of the fallback that gave it, and never as if all of it were known", () => {
    const fallback = {
      ...told,
      iterations: [
        { ...told, type: "message", output_tokens: 1 },
        { ...told, type: "fallback_message", model: "claude-opus-4-6" },
      ],
    };
    // 412 × 5 + 531 × 25
    expect(cost(fallback, opus)).toEqual({ microUsd: 15_335, basis: "estimated", priceSource: "config" });
  });
});

describe("reasoning", () => {
  // As xAI reports it for grok-3-mini, with what it charged: 117.65 micro-dollars.
  const apart = {
    prompt_tokens: 12,
    completion_tokens: 1,
    total_tokens: 241,
    prompt_tokens_details: { cached_tokens: 2 },
    completion_tokens_details: { reasoning_tokens: 228 },
  };

  it("that a provider counts beside the answer is paid for as output", () => {
    const usage = reportedUsage("chat", apart) ?? {};
    expect(usage).toMatchObject({ inputTokens: 12, outputTokens: 229, reasoningTokens: 228 });
    const price = { input: 0.3, cachedInput: 0.075, output: 0.5 };
    const biller = { baseUrl: "https://api.x.ai/v1" };
    expect(costOf(usage, "reported", { price, source: "config" }, biller)?.microUsd).toBe(118);
  });

  it("that Gemini counts in the total alone is paid for as output", () => {
    const gemini = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 105 };
    expect(reportedUsage("chat", gemini)).toMatchObject({ inputTokens: 9, outputTokens: 96 });
    const chunk = (usage: object) => frame({ choices: [{ index: 0, delta: { content: "1" } }], usage });
    const chunks = [{ ...gemini, completion_tokens: 1, total_tokens: 103 }, gemini].map(chunk);
    expect(tapped("chat", ...chunks)).toMatchObject({ inputTokens: 9, outputTokens: 96 });
  });

  it("is not made of what a total counts for the second time", () => {
    const cached = { prompt_tokens_details: { cached_tokens: 90 } };
    const twice = { prompt_tokens: 100, completion_tokens: 5, total_tokens: 195, ...cached };
    expect(reportedUsage("chat", twice)).toMatchObject({ inputTokens: 100, outputTokens: 5 });
    const embedded = { prompt_tokens: 8, total_tokens: 8 };
    expect(reportedUsage("chat", embedded)).toEqual({ inputTokens: 8 });
  });

  it.each([
    ["the total says so", { ...apart, completion_tokens: 229, total_tokens: 241 }],
    ["there is no total", { ...apart, completion_tokens: 229, total_tokens: undefined }],
    ["the total is something else", { ...apart, completion_tokens: 229, total_tokens: 500 }],
  ])("is counted once where it is in the answer's tokens and %s", (_, usage) => {
    expect(reportedUsage("chat", usage)).toMatchObject({ outputTokens: 229, reasoningTokens: 228 });
  });
});

describe("what was read from a cache", () => {
  const told = { prompt_tokens: 1_336, completion_tokens: 31, total_tokens: 1_367 };
  it.each([
    ["OpenAI", { prompt_tokens_details: { cached_tokens: 1_280 } }],
    ["DeepSeek", { prompt_cache_hit_tokens: 1_280 }],
    ["Moonshot", { cached_tokens: 1_280 }],
    ["Moonshot, in both places", { cached_tokens: 1_280, prompt_tokens_details: { cached_tokens: 1_280 } }],
  ])("is known where %s tells it", (_, fields) => {
    const usage = reportedUsage("chat", { ...told, ...fields });
    expect(usage).toMatchObject({ inputTokens: 1_336, cachedInputTokens: 1_280, outputTokens: 31 });
  });
});

describe("what a provider says that it charges", () => {
  it.each<[object, number | undefined]>([
    [{ cost: 0.00014 }, 0.00014],
    [{ cost: 0 }, 0],
    [{ cost: 0.01, is_byok: true, cost_details: { upstream_inference_cost: 0.5 } }, 0.51],
    [{ cost: 0.01, is_byok: false, cost_details: { upstream_inference_cost: 0.5 } }, 0.01],
    // What is paid to the provider behind it is most of it.
    [{ cost: 0.01, is_byok: true, cost_details: {} }, undefined],
    [{ cost: -1 }, undefined],
    [{ cost: "0.1" }, undefined],
    [{ cost: { total_cost: 0.1 } }, undefined],
  ])("%j", (fields, expected) => {
    expect(reportedUsage("chat", { ...chatUsage, ...fields })?.reportedUsd).toBe(expected);
  });
});
