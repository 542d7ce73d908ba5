import { describe, expect, it } from "vitest";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { createStreamTranslator } from "../../../src/core/translation";
import { seenEvents } from "./support/sse";
import {
  call,
  chatStream,
  DONE,
  delta,
  fixedSurroundings,
  namedStream,
  PLAIN_CONTEXT,
  translateStream,
} from "./support/translate";
import { readStream } from "./support/views";
import { inspectStream } from "./support/wellFormed";

/** What a client of Messages gets of these chat chunks: its blocks, put together again. */
function blocksOf(text: string) {
  const blocks: { type: string; id?: string; name?: string; text: string; signature?: string }[] = [];
  for (const { json } of seenEvents(text)) {
    if (json?.type === "content_block_start") {
      const { type, id, name } = json.content_block;
      blocks.push({ type, ...(id ? { id, name } : {}), text: "" });
    }
    const block = blocks.at(-1);
    if (json?.type === "content_block_delta" && block) {
      block.text += json.delta.text ?? json.delta.thinking ?? json.delta.partial_json ?? "";
      if (json.delta.signature) block.signature = json.delta.signature;
    }
  }
  return blocks;
}
const toMessages = (...pieces: string[]) => translateStream("chat", "messages", pieces).text;
const toResponses = (...pieces: string[]) => translateStream("chat", "responses", pieces).text;
const last = (text: string) => seenEvents(text).at(-1);

describe("tool calls in pieces (pitfalls 14, 15, 10)", () => {
  const finish = chatStream(delta({}, "tool_calls")) + DONE;
  const cases: Record<string, object[]> = {
    "id and name first": [
      { index: 0, id: "call_1", type: "function", function: { name: "run", arguments: "" } },
      { index: 0, function: { arguments: '{"a":1}' } },
    ],
    "the name before the id": [
      { index: 0, function: { name: "run", arguments: '{"a"' } },
      { index: 0, id: "call_1", function: { arguments: ":1}" } },
    ],
    "the id late and empty before": [
      { index: 0, id: "", function: { name: "run" } },
      { index: 0, id: null, function: { arguments: '{"a":' } },
      { index: 0, id: "call_1", function: { arguments: "1}" } },
    ],
    "id and name with every piece": [
      { index: 0, id: "call_1", function: { name: "run", arguments: '{"a"' } },
      { index: 0, id: "call_1", function: { name: "run", arguments: ":1}" } },
    ],
    "empty id and name on continuations": [
      { index: 0, id: "call_1", function: { name: "run", arguments: '{"a"' } },
      { index: 0, id: "", function: { name: "", arguments: ":1}" } },
    ],
    "no index": [
      { id: "call_1", function: { name: "run", arguments: '{"a"' } },
      { function: { arguments: ":1}" } },
    ],
    "arguments as an object": [{ index: 0, id: "call_1", function: { name: "run", arguments: { a: 1 } } }],
    "one piece": [{ index: 0, id: "call_1", function: { name: "run", arguments: '{"a":1}' } }],
  };
  it.each(Object.entries(cases))("come whole with %s", (_, pieces) => {
    const text = toMessages(chatStream(...pieces.map(call)), finish);
    expect(inspectStream("messages", text)).toEqual({ faults: [], ending: "success" });
    expect(blocksOf(text)).toEqual([{ type: "tool_use", id: "call_1", name: "run", text: '{"a":1}' }]);
    expect(inspectStream("responses", toResponses(chatStream(...pieces.map(call)), finish)).faults).toEqual(
      [],
    );
  });

  it("get an id where the provider gives none, and another where it gives the same twice", () => {
    const text = toMessages(
      chatStream(
        call({ index: 0, function: { name: "a", arguments: "{}" } }),
        call({ index: 1, id: "same", function: { name: "b", arguments: "{}" } }),
        call({ index: 2, id: "same", function: { name: "c", arguments: "{}" } }),
      ),
      finish,
    );
    const ids = blocksOf(text).map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
    expect(ids).toContain("same");
    expect(inspectStream("messages", text).faults).toEqual([]);
  });

  it("stay apart where every call has the index 0", () => {
    const text = toMessages(
      chatStream(
        call({ index: 0, id: "x", function: { name: "a", arguments: '{"n":1}' } }),
        call({ index: 0, id: "y", function: { name: "b", arguments: '{"n":2}' } }),
      ),
      finish,
    );
    expect(blocksOf(text).map(({ id, text: args }) => [id, args])).toEqual([
      ["x", '{"n":1}'],
      ["y", '{"n":2}'],
    ]);
  });

  it("are written one after another where the provider writes them at the same time", () => {
    const pieces = chatStream(
      call({ index: 0, id: "x", function: { name: "a", arguments: '{"n"' } }),
      call({ index: 1, id: "y", function: { name: "b", arguments: '{"m"' } }),
      call({ index: 0, function: { arguments: ":1}" } }),
      delta({ content: "and text" }),
      call({ index: 1, function: { arguments: ":2}" } }),
    );
    const text = toMessages(pieces, finish);
    expect(inspectStream("messages", text)).toEqual({ faults: [], ending: "success" });
    expect(blocksOf(text).map((block) => block.text)).toEqual(['{"n":1}', '{"m":2}', "and text"]);
  });

  it("have arguments that parse where the model gave none", async () => {
    const messages = namedStream(
      {
        type: "message_start",
        message: { id: "msg_1", model: "m", usage: { input_tokens: 1, output_tokens: 1 } },
      },
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "tool_use", id: "t", name: "list", input: {} },
      },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 2 } },
      { type: "message_stop" },
    );
    const { text } = translateStream("messages", "chat", [messages]);
    const args = seenEvents(text).flatMap(({ json }) => json?.choices?.[0]?.delta.tool_calls ?? []);
    expect(args.map((piece) => piece.function.arguments).join("")).toBe("{}");
    expect(
      (await readStream("responses", translateStream("messages", "responses", [messages]).text)).tools,
    ).toEqual([{ name: "list", args: {} }]);
  });

  it("come from a Responses provider that sends its arguments only at the end, beside text", () => {
    const item = { id: "fc", type: "function_call", call_id: "c1", name: "run" };
    const text = translateStream("responses", "messages", [
      namedStream(
        { type: "response.created", response: { id: "resp_1", model: "m" } },
        { type: "response.output_text.delta", output_index: 0, content_index: 0, delta: "I run it." },
        { type: "response.output_item.added", output_index: 1, item: { ...item, arguments: "" } },
        { type: "response.function_call_arguments.done", output_index: 1, arguments: '{"a":1}' },
        { type: "response.output_item.done", output_index: 1, item: { ...item, arguments: '{"a":1}' } },
        { type: "response.completed", response: { id: "resp_1", status: "completed", output: [] } },
      ),
    ]).text;
    expect(blocksOf(text)).toEqual([
      { type: "text", text: "I run it." },
      { type: "tool_use", id: "c1", name: "run", text: '{"a":1}' },
    ]);
    expect(inspectStream("messages", text).faults).toEqual([]);
  });

  it("come from a Responses provider that only sends the whole response", () => {
    const output = [{ id: "fc", type: "function_call", call_id: "c1", name: "run", arguments: "{}" }];
    const completed = { type: "response.completed", response: { id: "r", status: "completed", output } };
    const { text } = translateStream("responses", "messages", [namedStream(completed)]);
    expect(blocksOf(text)).toEqual([{ type: "tool_use", id: "c1", name: "run", text: "{}" }]);
  });

  it("let a client act on them where the provider says stop", () => {
    const text = toMessages(
      chatStream(call({ index: 0, id: "x", function: { name: "a", arguments: "{}" } }), delta({}, "stop")),
      DONE,
    );
    expect(text).toContain('"stop_reason":"tool_use"');
    // And do not say there is a call where there is none.
    expect(toMessages(chatStream(delta({ content: "x" }), delta({}, "tool_calls")), DONE)).toContain(
      '"stop_reason":"end_turn"',
    );
  });
});

describe("the end of a stream (pitfalls 2, 3, 17, 30)", () => {
  const answer = chatStream(delta({ role: "assistant" }), delta({ content: "fine" }), delta({}, "stop"));
  const usage = chatStream({
    choices: [],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
  });

  it("waits for a late usage chunk, and lets nothing follow the terminal event", () => {
    for (const tail of [usage + DONE, DONE + usage, usage + DONE + answer + usage + DONE]) {
      for (const to of ["messages", "responses"] as const) {
        const { text } = translateStream("chat", to, [answer, tail]);
        expect(inspectStream(to, text)).toEqual({ faults: [], ending: "success" });
      }
    }
    const text = toMessages(answer, usage, DONE);
    expect(text).toContain('"output_tokens":2');
    expect(seenEvents(text).filter(({ name }) => name === "message_stop")).toHaveLength(1);
  });

  it("does without [DONE], and a Responses provider without it too", () => {
    expect(inspectStream("messages", toMessages(answer)).ending).toBe("success");
    const completed = namedStream({
      type: "response.completed",
      response: { id: "r", status: "completed", output: [] },
    });
    expect(inspectStream("chat", translateStream("responses", "chat", [completed]).text).ending).toBe(
      "success",
    );
  });

  it("takes [DONE] without a finish_reason for an end only if there was an answer", () => {
    expect(inspectStream("messages", toMessages(chatStream(delta({ content: "x" })), DONE)).ending).toBe(
      "success",
    );
    expect(inspectStream("messages", toMessages(chatStream(delta({ role: "assistant" })), DONE)).ending).toBe(
      "error",
    );
  });

  it("is an error where the provider breaks off, also after everything but the end", () => {
    for (const to of ["messages", "responses"] as const) {
      const { text, translator } = translateStream("chat", to, [chatStream(delta({ content: "half" }))]);
      expect(inspectStream(to, text)).toEqual({ faults: [], ending: "error" });
      expect(translator.failedBeforeContent()).toBeUndefined();
      expect(translator.failure()?.code).toBe("provider_incomplete");
    }
    expect(last(toResponses(chatStream(delta({ content: "half" }))))?.name).toBe("response.failed");
  });

  it("tells of an error in the first event before anything is written", () => {
    const error = `data: {"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}\n\n`;
    const { translator } = translateStream("chat", "messages", [error]);
    expect(translator.failedBeforeContent()).toMatchObject({ status: 429, message: "slow down" });
    const overloaded = namedStream({
      type: "error",
      error: { type: "overloaded_error", message: "busy" },
    });
    expect(translateStream("messages", "chat", [overloaded]).translator.failedBeforeContent()).toMatchObject({
      status: 503,
      message: "busy",
    });
    expect(translateStream("chat", "messages", []).translator.failedBeforeContent()?.status).toBe(502);
  });

  it.each([
    ["OpenAI's", { error: { message: "boom", code: "server_error" } }],
    ["a bare string", { error: "boom" }],
    [
      "OpenRouter's in a choice",
      { id: "x", choices: [{ index: 0, delta: {}, error: { message: "boom", code: 502 } }] },
    ],
    ["vLLM's", { object: "error", message: "boom", code: 400 }],
    ["FastAPI's", { detail: "boom" }],
  ])("is an error after the first words, too: %s", (_, event) => {
    const { text } = translateStream("chat", "responses", [
      chatStream(delta({ content: "so far" })),
      `data: ${JSON.stringify(event)}\n\n`,
    ]);
    expect(inspectStream("responses", text)).toEqual({ faults: [], ending: "error" });
    expect(last(text)?.json.response.error.message).toBe("boom");
  });

  it("is an error where the stream turns malformed", () => {
    for (const from of ["chat", "responses", "messages"] as const) {
      const to = from === "chat" ? "messages" : "chat";
      const { text } = translateStream(from, to, ["data: {oh no\n\n", answer]);
      expect(inspectStream(to, text)).toEqual({ faults: [], ending: "error" });
    }
  });

  it("reads JSON instead of a stream, be it an answer or an error", () => {
    const body = JSON.stringify({
      id: "x",
      choices: [{ message: { content: "fine" }, finish_reason: "stop" }],
    });
    const { text } = translateStream("chat", "messages", [body.slice(0, 9), body.slice(9)]);
    expect(inspectStream("messages", text)).toEqual({ faults: [], ending: "success" });
    expect(blocksOf(text)).toEqual([{ type: "text", text: "fine" }]);
    const { translator } = translateStream("chat", "messages", [
      '{"error":{"message":"no","code":"invalid_api_key"}}',
    ]);
    expect(translator.failedBeforeContent()?.status).toBe(401);
    expect(translateStream("chat", "messages", ['{"id":']).translator.failure()).toBeDefined();
  });

  it("survives chunks without choices, and Azure's filter results", () => {
    const odd = chatStream(
      { choices: [], prompt_filter_results: [] },
      { id: "", choices: null, usage: null },
    );
    expect(blocksOf(toMessages(odd, answer, usage, DONE))).toEqual([{ type: "text", text: "fine" }]);
  });
});

describe("failures in Codex's words (pitfall 5)", () => {
  it.each([
    [
      { message: "This model's maximum context length is 8 tokens", code: "context_length_exceeded" },
      "context_length_exceeded",
    ],
    [
      { message: "prompt is too long: 9 tokens > 8 maximum", type: "invalid_request_error" },
      "context_length_exceeded",
    ],
    [{ message: "no money", code: "insufficient_quota" }, "insufficient_quota"],
    [{ message: "Rate limit. Please try again in 7s.", type: "rate_limit_error" }, "rate_limit_exceeded"],
    [{ message: "busy", type: "overloaded_error" }, "server_is_overloaded"],
    [{ message: "odd", type: "constructor" }, "server_error"],
  ])("%o", (error, code) => {
    const { text } = translateStream("messages", "responses", [
      namedStream(
        { type: "message_start", message: { id: "m", usage: {} } },
        {
          type: "error",
          error,
        },
      ),
    ]);
    expect(last(text)?.json.response.error).toEqual({ code, message: error.message });
  });
});

describe("usage (pitfalls 16, 18)", () => {
  const chunk = (usage: object) =>
    chatStream(delta({ content: "x" }), delta({}, "stop"), { choices: [], usage }) + DONE;

  it("leaves the cached tokens out of Anthropic's input, and never goes below zero", () => {
    const text = toMessages(
      chunk({
        prompt_tokens: 100,
        completion_tokens: 7,
        prompt_tokens_details: { cached_tokens: 80, cache_write_tokens: 5 },
      }),
    );
    const { usage } = seenEvents(text).find(({ name }) => name === "message_delta")?.json ?? {};
    expect(usage).toMatchObject({
      input_tokens: 15,
      cache_read_input_tokens: 80,
      cache_creation_input_tokens: 5,
      output_tokens: 7,
    });
    expect(
      toMessages(chunk({ prompt_tokens: 5, completion_tokens: 1, prompt_cache_hit_tokens: 9 })),
    ).toContain('"input_tokens":0');
  });

  it("adds the cached tokens to OpenAI's input, from cumulative reports that may correct each other", () => {
    const { text, translator } = translateStream("messages", "responses", [
      namedStream(
        {
          type: "message_start",
          message: { id: "m", usage: { input_tokens: 0, cache_read_input_tokens: null, output_tokens: 1 } },
        },
        {
          type: "message_delta",
          delta: { stop_reason: "end_turn" },
          usage: {
            input_tokens: 10,
            cache_read_input_tokens: 90,
            cache_creation_input_tokens: 20,
            output_tokens: 7,
            output_tokens_details: { thinking_tokens: 3 },
          },
        },
        { type: "message_stop" },
      ),
    ]);
    expect(translator.usage()).toEqual({
      inputTokens: 120,
      cachedInputTokens: 90,
      cacheWriteTokens: 20,
      outputTokens: 7,
      reasoningTokens: 3,
    });
    expect(last(text)?.json.response.usage).toMatchObject({
      input_tokens: 120,
      input_tokens_details: { cached_tokens: 90, cache_write_tokens: 20 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 3 },
      total_tokens: 127,
    });
  });

  it("gives a client of Chat Completions the chunk only if it asked, and is known to us either way", () => {
    const messages = namedStream(
      { type: "message_start", message: { id: "m", usage: { input_tokens: 4, output_tokens: 1 } } },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } },
      { type: "message_stop" },
    );
    const asked = translateStream("messages", "chat", [messages]);
    expect(asked.text).toContain('"total_tokens":6');
    const unasked = translateStream("messages", "chat", [messages], { context: { includeUsage: false } });
    expect(unasked.text).not.toContain("total_tokens");
    expect(unasked.translator.usage()).toEqual({ inputTokens: 4, outputTokens: 2 });
  });

  it("is kept of a stream that was cut, and not invented where nothing was reported", () => {
    const { translator } = translateStream(
      "messages",
      "chat",
      [
        namedStream({
          type: "message_start",
          message: { id: "m", usage: { input_tokens: 4, output_tokens: 1 } },
        }),
      ],
      { broken: true },
    );
    expect(translator.usage()).toEqual({ inputTokens: 4, outputTokens: 1 });
    expect(
      translateStream("chat", "messages", [chatStream(delta({}, "stop"))]).translator.usage(),
    ).toBeUndefined();
  });

  it.each([
    ["Groq's", { choices: [], x_groq: { usage: { prompt_tokens: 2, completion_tokens: 1 } } }],
    ["Moonshot's", { choices: [{ index: 0, delta: {}, usage: { prompt_tokens: 2, completion_tokens: 1 } }] }],
  ])("is found where %s is", (_, at) => {
    const { translator } = translateStream("chat", "messages", [
      chatStream(delta({ content: "x" }), at, delta({}, "stop")),
      DONE,
    ]);
    expect(translator.usage()).toEqual({ inputTokens: 2, outputTokens: 1 });
  });
});

describe("reasoning", () => {
  it.each([
    ["reasoning_content", { reasoning_content: "hm" }],
    ["reasoning", { reasoning: "hm" }],
    ["reasoning_details", { reasoning_details: [{ type: "reasoning.text", text: "hm", index: 0 }] }],
    ["parts of the content", { content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }],
  ])("comes from %s, with a signature that clients want", (_, field) => {
    const text = toMessages(chatStream(delta(field), delta({ content: "so" }), delta({}, "stop")), DONE);
    expect(blocksOf(text)).toEqual([
      { type: "thinking", text: "hm", signature: expect.stringMatching(/^postern1\./) },
      { type: "text", text: "so" },
    ]);
    expect(inspectStream("messages", text).faults).toEqual([]);
  });

  it("leaves <think> in the text as it is", () => {
    const text = toMessages(chatStream(delta({ content: "<think>hm</think>so" }), delta({}, "stop")), DONE);
    expect(blocksOf(text)).toEqual([{ type: "text", text: "<think>hm</think>so" }]);
  });

  it("keeps a signature without text", () => {
    const { text } = translateStream("messages", "responses", [
      namedStream(
        { type: "message_start", message: { id: "m", usage: {} } },
        {
          type: "content_block_start",
          index: 0,
          content_block: { type: "thinking", thinking: "", signature: "" },
        },
        {
          type: "content_block_delta",
          index: 0,
          delta: { type: "signature_delta", signature: "sig" },
        },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } },
        { type: "message_stop" },
      ),
    ]);
    const item = seenEvents(text).find(({ name }) => name === "response.output_item.done")?.json.item;
    expect(item).toMatchObject({
      type: "reasoning",
      summary: [],
      encrypted_content: expect.stringMatching(/^postern1\./),
    });
  });
});

describe("keep-alives (pitfalls 11, 23)", () => {
  const open = (from: WireProtocol, to: WireProtocol) =>
    createStreamTranslator({ from, to, context: PLAIN_CONTEXT, ...fixedSurroundings() });

  it("are a comment, a ping or an event with data, as each client needs it", () => {
    expect(open("messages", "chat").keepAlive()).toMatch(/^: /);
    expect(open("chat", "messages").keepAlive()).toBe('event: ping\ndata: {"type":"ping"}\n\n');
    const events = seenEvents(open("chat", "responses").keepAlive());
    expect(events.map(({ name }) => name)).toEqual(["response.created", "response.in_progress"]);
  });

  it("leave the stream well-formed wherever they come", () => {
    const frames = [
      chatStream(delta({ reasoning_content: "hm" })),
      chatStream(delta({ content: "x" })),
      chatStream(delta({}, "stop")),
      DONE,
    ];
    for (const to of ["messages", "responses"] as const) {
      const translator = open("chat", to);
      let text = translator.keepAlive();
      for (const frame of frames)
        text += translator.push(new TextEncoder().encode(frame)) + translator.keepAlive();
      text += translator.end() + translator.keepAlive();
      expect(inspectStream(to, text)).toEqual({ faults: [], ending: "success" });
    }
  });
});

describe("stop reasons and refusals", () => {
  const chatStop = (reason: string, text = "x") =>
    toMessages(chatStream(delta({ content: text }), delta({}, reason)), DONE);
  it("come across", () => {
    expect(chatStop("length")).toContain('"stop_reason":"max_tokens"');
    expect(chatStop("content_filter")).toContain('"stop_reason":"refusal"');
    expect(chatStop("eos")).toContain('"stop_reason":"end_turn"');
    expect(chatStop("constructor")).toContain('"stop_reason":"end_turn"');
    expect(inspectStream("messages", chatStop("error")).ending).toBe("error");
    expect(inspectStream("messages", chatStop("insufficient_system_resource")).ending).toBe("error");
  });

  it("say that a refusal is one", () => {
    const refusal = chatStream(delta({ refusal: "No." }), delta({}, "stop")) + DONE;
    expect(toMessages(refusal)).toContain('"stop_reason":"refusal"');
    const response = last(toResponses(refusal))?.json.response;
    expect(response.output[0].content).toEqual([{ type: "refusal", refusal: "No." }]);
    expect(response.status).toBe("completed");
  });

  it("say in Responses why an answer is not whole", () => {
    const { text } = translateStream("chat", "responses", [
      chatStream(delta({ content: "x" }), delta({}, "length")),
      DONE,
    ]);
    expect(last(text)?.json).toMatchObject({
      type: "response.incomplete",
      response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    });
  });
});

describe("log probabilities", () => {
  it("come from Chat Completions to Responses and back", () => {
    const logprobs = { content: [{ token: "x", logprob: -0.1, bytes: [120], top_logprobs: [] }] };
    const chunk = { choices: [{ index: 0, delta: { content: "x" }, logprobs, finish_reason: null }] };
    const text = toResponses(chatStream(chunk, delta({}, "stop")), DONE);
    expect(last(text)?.json.response.output[0].content[0].logprobs).toEqual(logprobs.content);
    const back = translateStream("responses", "chat", [text]).text;
    expect(
      seenEvents(back).find(({ json }) => json?.choices?.[0]?.logprobs)?.json.choices[0].logprobs.content,
    ).toEqual(logprobs.content);
  });
});
