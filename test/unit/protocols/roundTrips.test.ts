import { describe, expect, it } from "vitest";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import {
  createStreamTranslator,
  ProviderAnswerError,
  type ResponseContext,
  translateError,
  translateResponse,
  withoutForeignSeals,
} from "../../../src/core/translation";
import { seenEvents } from "./support/sse";
import {
  call,
  chatStream,
  DONE,
  delta,
  fixedSurroundings,
  namedStream,
  PLAIN_CONTEXT,
  PROVIDERS,
  translated,
  translateStream,
} from "./support/translate";
import { readStream } from "./support/views";
import { inspectStream } from "./support/wellFormed";

const schema = { type: "object", properties: {} };
const user = (content: unknown) => ({ role: "user", content });

/** A provider's answer to a client's first request, and what the provider gets with the client's second. */
function answered(from: WireProtocol, to: WireProtocol, first: object, stream: string) {
  const { context } = translated(from, to, first);
  const translator = createStreamTranslator({ from: to, to: from, context, ...fixedSurroundings() });
  return translator.push(new TextEncoder().encode(stream)) + translator.end();
}

const thinking = namedStream(
  { type: "message_start", message: { id: "msg_1", usage: { input_tokens: 1, output_tokens: 1 } } },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Grüße, hm" } },
  { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } },
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "redacted_thinking", data: "cmVk" } },
  { type: "content_block_stop", index: 1 },
  {
    type: "content_block_start",
    index: 2,
    content_block: { type: "tool_use", id: "toolu_1", name: "run", input: {} },
  },
  { type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: '{"a":1}' } },
  { type: "content_block_stop", index: 2 },
  { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 5 } },
  { type: "message_stop" },
);

describe("reasoning through a foreign protocol (pitfall 21)", () => {
  const first = {
    model: "m",
    input: "x",
    reasoning: { effort: "high", summary: "auto" },
    tools: [{ type: "function", name: "run", parameters: schema }],
  };
  const text = answered("responses", "messages", first, thinking);
  const items = seenEvents(text)
    .filter(({ name }) => name === "response.output_item.done")
    .map(({ json }) => json.item);
  const second = {
    ...first,
    input: [user("x"), ...items, { type: "function_call_output", call_id: "toolu_1", output: "y" }],
  };

  it("comes back word for word to the provider that issued it", () => {
    const { json, dropped } = translated("responses", "messages", second);
    expect(json.messages[1].content).toEqual([
      { type: "thinking", thinking: "Grüße, hm", signature: "c2ln" },
      { type: "redacted_thinking", data: "cmVk" },
      { type: "tool_use", id: "toolu_1", name: "run", input: { a: 1 } },
    ]);
    expect(json.thinking.type).toBe("enabled");
    expect(dropped).toEqual([]);
  });

  it("does so also where the client changed what it shows of it", () => {
    const shown = second.input.map((item) => ("summary" in item ? { ...item, summary: [] } : item));
    const { json } = translated("responses", "messages", { ...second, input: shown });
    expect(json.messages[1].content[0]).toEqual({
      type: "thinking",
      thinking: "Grüße, hm",
      signature: "c2ln",
    });
  });

  it("is left out for another provider, and thinking is not asked of a turn that lacks it", () => {
    const other = { type: "anthropic", baseUrl: "https://claude.example.com" };
    const { json, dropped } = translated("responses", "messages", second, { provider: other });
    expect(json.messages[1].content).toEqual([
      { type: "tool_use", id: "toolu_1", name: "run", input: { a: 1 } },
    ]);
    expect(json.thinking).toBeUndefined();
    expect(dropped).toEqual(["thinking", "reasoning"]);
    expect(translated("responses", "chat", second).dropped).toContain("thinking");
  });

  it("carries OpenAI's encrypted content in Anthropic's signature", () => {
    const request = {
      model: "m",
      max_tokens: 9000,
      messages: [user("x")],
      thinking: { type: "enabled", budget_tokens: 2000 },
    };
    const item = {
      id: "rs_9",
      type: "reasoning",
      summary: [{ type: "summary_text", text: "hm" }],
      encrypted_content: "gAAA",
    };
    const stream = namedStream(
      { type: "response.created", response: { id: "resp_1" } },
      { type: "response.output_item.added", output_index: 0, item: { ...item, summary: [] } },
      { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: 0, delta: "hm" },
      { type: "response.output_item.done", output_index: 0, item },
      { type: "response.output_text.delta", output_index: 1, content_index: 0, delta: "so" },
      { type: "response.completed", response: { id: "resp_1", status: "completed", output: [] } },
    );
    const deltas = seenEvents(answered("messages", "responses", request, stream)).map(
      ({ json }) => json.delta,
    );
    const signature = deltas.find((piece) => piece?.type === "signature_delta").signature;
    const history = [
      user("x"),
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature },
          { type: "text", text: "so" },
        ],
      },
      user("y"),
    ];
    expect(translated("messages", "responses", { ...request, messages: history }).json.input[1]).toEqual(
      item,
    );
    // Nothing follows it: OpenAI would refuse the item.
    const alone = [
      user("x"),
      { role: "assistant", content: [{ type: "thinking", thinking: "hm", signature }] },
      user("y"),
    ];
    expect(translated("messages", "responses", { ...request, messages: alone }).json.input).toHaveLength(2);
    expect(translated("messages", "chat", { ...request, messages: history }).json.messages[1]).toEqual({
      role: "assistant",
      content: "so",
    });
  });

  it("gives a provider of Chat Completions its own back while the tools are at work", () => {
    const request = {
      model: "m",
      max_tokens: 9000,
      messages: [user("x")],
      tools: [{ name: "run", input_schema: schema }],
    };
    const details = { type: "reasoning.encrypted", data: "ZW5j", index: 1 };
    const stream =
      chatStream(
        delta({ reasoning_content: "hm", reasoning_details: [details] }),
        call({
          index: 0,
          id: "call_1",
          function: { name: "run", arguments: "{}" },
          extra_content: { google: { thought_signature: "ts" } },
        }),
        delta({}, "tool_calls"),
      ) + DONE;
    const text = answered("messages", "chat", request, stream);
    expect(inspectStream("messages", text)).toEqual({ faults: [], ending: "success" });
    const content: Record<string, unknown>[] = [];
    for (const { json } of seenEvents(text)) {
      if (json.type === "content_block_start") content.push(json.content_block);
      const block = content.at(-1);
      if (json.delta?.type === "thinking_delta" && block) block.thinking += json.delta.thinking;
      if (json.delta?.type === "signature_delta" && block) block.signature = json.delta.signature;
    }
    const results = [{ type: "tool_result", tool_use_id: "call_1", content: "y" }];
    const inLoop = { ...request, messages: [user("x"), { role: "assistant", content }, user(results)] };
    expect(translated("messages", "chat", inLoop).json.messages[1]).toEqual({
      role: "assistant",
      content: null,
      reasoning_content: "hm",
      reasoning_details: [details],
      tool_calls: [
        {
          id: "call_1",
          type: "function",
          function: { name: "run", arguments: "{}" },
          extra_content: { google: { thought_signature: "ts" } },
        },
      ],
    });
    const later = {
      ...inLoop,
      messages: [...inLoop.messages, { role: "assistant", content: "so" }, user("z")],
    };
    expect(translated("messages", "chat", later).json.messages[1].reasoning_content).toBeUndefined();
  });

  it("is taken out of a request that goes to a provider of the client's own protocol", () => {
    const signature = seenEvents(
      translateStream("chat", "messages", [
        chatStream(delta({ reasoning_content: "hm" }), delta({ content: "so" }), delta({}, "stop")),
      ]).text,
    ).find(({ json }) => json.delta?.type === "signature_delta")?.json.delta.signature;
    const own = { type: "thinking", thinking: "own", signature: "c2ln" };
    const foreign = { type: "thinking", thinking: "hm", signature };
    const body = {
      model: "m",
      messages: [
        user("x"),
        { role: "assistant", content: [foreign] },
        { role: "assistant", content: [own, foreign] },
      ],
    };
    expect(withoutForeignSeals("messages", body)).toEqual({
      model: "m",
      messages: [user("x"), { role: "assistant", content: [own] }],
    });
    const input = { input: [user("x"), items[0], { type: "reasoning", encrypted_content: "gAAA" }] };
    expect(withoutForeignSeals("responses", input)).toEqual({
      input: [user("x"), { type: "reasoning", encrypted_content: "gAAA" }],
    });
  });
});

describe("tools in the client's terms (pitfalls 9, 28)", () => {
  const context: Partial<ResponseContext> = {
    tools: new Map([
      ["apply_patch", { name: "apply_patch", custom: true }],
      ["crm__find", { name: "find", namespace: "crm", custom: false }],
      ["long_hash", { name: "a very long name", custom: false }],
    ]),
  };
  const calls = chatStream(
    call({ index: 0, id: "c1", function: { name: "apply_patch", arguments: '{"input":"*** Be' } }),
    call({ index: 0, function: { arguments: 'gin\\n"}' } }),
    call({ index: 1, id: "c2", function: { name: "crm__find", arguments: '{"q":1}' } }),
    call({ index: 2, id: "c3", function: { name: "long_hash", arguments: "" } }),
    delta({}, "tool_calls"),
  );

  it("come back as free text, with their namespaces and names", () => {
    const { text } = translateStream("chat", "responses", [calls], { context });
    expect(inspectStream("responses", text)).toEqual({ faults: [], ending: "success" });
    expect(seenEvents(text).at(-1)?.json.response.output).toMatchObject([
      { type: "custom_tool_call", call_id: "c1", name: "apply_patch", input: "*** Begin\n" },
      { type: "function_call", call_id: "c2", name: "find", namespace: "crm", arguments: '{"q":1}' },
      { type: "function_call", call_id: "c3", name: "a very long name", arguments: "{}" },
    ]);
  });

  it("are free text for a chat client, too, and what the model wrote wrongly is not lost", () => {
    const odd = chatStream(
      call({ index: 0, id: "c1", function: { name: "apply_patch", arguments: "*** Begin" } }),
      delta({}, "tool_calls"),
    );
    const { text } = translateStream("chat", "responses", [odd], { context });
    expect(seenEvents(text).at(-1)?.json.response.output[0].input).toBe("*** Begin");
    const messages = translateStream("chat", "responses", [calls], { context }).text;
    const back = translateStream("responses", "chat", [messages], {
      context: { tools: new Map([["apply_patch", { name: "apply_patch", custom: true }]]) },
    });
    const pieces = seenEvents(back.text).flatMap(({ json }) => json?.choices?.[0]?.delta.tool_calls ?? []);
    expect(pieces[0]).toMatchObject({ type: "custom", custom: { name: "apply_patch" } });
  });

  it("are a function with one string for a client that knows no free text", () => {
    const item = {
      id: "ctc",
      type: "custom_tool_call",
      call_id: "c1",
      name: "apply_patch",
      input: 'a "b"\n',
    };
    const completed = {
      type: "response.completed",
      response: { id: "r", status: "completed", output: [item] },
    };
    const { text } = translateStream("responses", "messages", [namedStream(completed)]);
    const json = seenEvents(text)
      .map(({ json: event }) => event.delta?.partial_json ?? "")
      .join("");
    expect(JSON.parse(json)).toEqual({ input: 'a "b"\n' });
  });

  it("have ids that Anthropic's clients take, and that come back as they were", () => {
    const id = "call:1/ä";
    const { text } = translateStream("chat", "messages", [
      chatStream(call({ index: 0, id, function: { name: "f", arguments: "{}" } }), delta({}, "tool_calls")),
    ]);
    const block = seenEvents(text).find(({ name }) => name === "content_block_start")?.json.content_block;
    expect(block.id).toMatch(/^[a-zA-Z0-9_-]+$/);
    const next = [
      user("x"),
      { role: "assistant", content: [block] },
      user([{ type: "tool_result", tool_use_id: block.id, content: "y" }]),
    ];
    const { messages } = translated(
      "messages",
      "chat",
      { model: "m", max_tokens: 1, messages: next },
      { provider: PROVIDERS.chat },
    ).json;
    // The provider itself gets an id within its limits back; this one is within 40 characters but not ASCII.
    expect(messages[2].tool_call_id).toBe(messages[1].tool_calls[0].id);
    const plain = "call:1/a";
    const again = translateStream("chat", "messages", [
      chatStream(
        call({ index: 0, id: plain, function: { name: "f", arguments: "{}" } }),
        delta({}, "tool_calls"),
      ),
    ]);
    const safe = seenEvents(again.text).find(({ name }) => name === "content_block_start")?.json
      .content_block;
    const history = [
      user("x"),
      { role: "assistant", content: [safe] },
      user([{ type: "tool_result", tool_use_id: safe.id, content: "y" }]),
    ];
    expect(
      translated("messages", "chat", { model: "m", max_tokens: 1, messages: history }).json.messages[1]
        .tool_calls[0].id,
    ).toBe(plain);
  });
});

describe("a structured answer by way of a forced tool", () => {
  it("is the text of the answer", async () => {
    const request = {
      model: "m",
      messages: [user("x")],
      response_format: { type: "json_schema", json_schema: { name: "a", schema } },
    };
    const { context } = translated("chat", "messages", request, { model: "claude-3-haiku-20240307" });
    const stream = thinking.replace('"name":"run"', `"name":"${context.structuredTool}"`);
    const { text } = translateStream("messages", "chat", [stream], { context });
    const view = await readStream("chat", text);
    expect(view).toMatchObject({ text: '{"a":1}', tools: [], stop: "stop" });
    const body = {
      id: "msg_1",
      content: [{ type: "tool_use", id: "t", name: context.structuredTool, input: { a: 1 } }],
      stop_reason: "tool_use",
    };
    const whole = translateResponse({ from: "messages", to: "chat", body, context, ...fixedSurroundings() });
    expect(JSON.parse(whole.body).choices[0]).toMatchObject({
      message: { content: '{"a":1}' },
      finish_reason: "stop",
    });
  });
});

describe("functions of the time before tools", () => {
  it("come back as a function_call", () => {
    const context = { legacyFunctions: true };
    const { text } = translateStream("messages", "chat", [thinking], { context });
    const choices = seenEvents(text).flatMap(({ json }) => json?.choices ?? []);
    expect(choices.map(({ delta: piece }) => piece.function_call?.arguments ?? "").join("")).toBe('{"a":1}');
    expect(choices.at(-1).finish_reason).toBe("function_call");
    const body = {
      content: [{ type: "tool_use", id: "t", name: "run", input: { a: 1 } }],
      stop_reason: "tool_use",
    };
    const whole = translateResponse({
      from: "messages",
      to: "chat",
      body,
      context: { ...PLAIN_CONTEXT, ...context },
      ...fixedSurroundings(),
    });
    expect(JSON.parse(whole.body).choices[0].message.function_call).toEqual({
      name: "run",
      arguments: '{"a":1}',
    });
  });
});

describe("errors (pitfall 26)", () => {
  const error = (from: WireProtocol, to: WireProtocol, status: number, body: unknown, headers = {}) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const result = translateError({ from, to, status, body: text, headers });
    return { ...result, json: JSON.parse(result.body) };
  };
  const openAi = (message: string, code: string | null = null) => ({
    error: { message, type: "x", param: null, code },
  });
  const anthropic = (type: string, message: string) => ({ type: "error", error: { type, message } });

  it("keep message, status and what to wait for", () => {
    const limited = error("messages", "chat", 429, anthropic("rate_limit_error", "slow"), {
      "retry-after": "7",
      "anthropic-ratelimit-requests-remaining": "0",
      "content-length": "9",
    });
    expect(limited).toMatchObject({
      status: 429,
      headers: { "retry-after": "7", "anthropic-ratelimit-requests-remaining": "0" },
      json: { error: { message: "slow", type: "rate_limit_error" } },
    });
    expect(limited.headers).not.toHaveProperty("content-length");
    for (const [status, type] of [
      [401, "authentication_error"],
      [403, "permission_error"],
      [404, "not_found_error"],
      [413, "request_too_large"],
      [500, "api_error"],
    ] as const) {
      expect(error("chat", "messages", status, openAi("why"))).toMatchObject({
        status,
        json: { error: { type, message: "why" } },
      });
    }
  });

  it("say overloaded as each side says it", () => {
    expect(error("messages", "chat", 529, anthropic("overloaded_error", "busy")).status).toBe(503);
    expect(error("chat", "messages", 503, openAi("busy"))).toMatchObject({
      status: 529,
      json: { error: { type: "overloaded_error" } },
    });
  });

  it("say that a conversation is too long in the words that clients act on", () => {
    const { json, status } = error(
      "chat",
      "messages",
      400,
      openAi(
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130001 tokens.",
        "context_length_exceeded",
      ),
    );
    expect(status).toBe(400);
    expect(json.error.message).toMatch(/^prompt is too long: 130001 tokens > 128000 maximum/);
    expect(json.error.message).toContain("This model's maximum context length");
    expect(
      error(
        "responses",
        "messages",
        400,
        openAi("Your input exceeds the context window of this model.", "context_length_exceeded"),
      ).json.error.message,
    ).toMatch(/^prompt is too long/);
    const back = error(
      "messages",
      "responses",
      400,
      anthropic("invalid_request_error", "prompt is too long: 9 tokens > 8 maximum"),
    );
    expect(back.json.error).toMatchObject({
      code: "context_length_exceeded",
      message: "prompt is too long: 9 tokens > 8 maximum",
    });
  });

  it.each([
    [{ detail: "nope" }, "nope"],
    [{ detail: [{ msg: "field required" }] }, "field required"],
    [{ error: "nope" }, "nope"],
    [{ message: "nope" }, "nope"],
    [[{ error: { message: "nope" } }], "nope"],
    ["plain words", "plain words"],
    ["<html>secret page</html>", "The provider answered with HTTP 502 and no readable error."],
    ["", "The provider answered with HTTP 502 and no readable error."],
    [null, "null"],
  ])("are found in %o", (body, message) => {
    expect(error("chat", "messages", 502, body).json.error.message).toBe(message);
  });

  it("inside a 200 are errors", () => {
    const translate = (body: unknown) => () =>
      translateResponse({
        from: "chat",
        to: "messages",
        body,
        context: PLAIN_CONTEXT,
        ...fixedSurroundings(),
      });
    for (const body of [
      { error: { message: "no", code: 402 } },
      { detail: "no" },
      { choices: [] },
      "text",
      null,
      [],
    ]) {
      expect(translate(body)).toThrow(ProviderAnswerError);
    }
    try {
      translate({ error: { message: "no money", code: "insufficient_quota" } })();
    } catch (thrown) {
      expect((thrown as ProviderAnswerError).error).toMatchObject({
        status: 429,
        message: "no money",
        code: "insufficient_quota",
      });
    }
  });
});
