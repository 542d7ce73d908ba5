import { describe, expect, it } from "vitest";
import { spliced } from "../../../src/core/json/splice";
import { scanTopLevel } from "../../../src/core/json/topLevel";
import { usageOfBody, usageOfEnds } from "../../../src/core/lane/bodyUsage";
import { reportedUsage } from "../../../src/core/lane/reportedUsage";
import { type EditOptions, requestEdits } from "../../../src/core/lane/requestEdits";
import { StreamTap } from "../../../src/core/lane/streamTap";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { FrameSplitter } from "../../../src/core/sse/frameSplitter";

const bytes = (text: string) => Buffer.from(text);
const event = (data: unknown, name?: string) =>
  `${name ? `event: ${name}\n` : ""}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;

function edited(body: string, options: Partial<EditOptions> = {}) {
  const raw = bytes(body);
  const { splices, usageInjected } = requestEdits(raw, scanTopLevel(raw), {
    model: "up",
    includeUsage: false,
    ...options,
  });
  return { body: Buffer.concat(spliced(raw, splices)).toString("utf8"), usageInjected };
}

describe("requestEdits", () => {
  it("changes the model's value and not a byte more", () => {
    expect(edited('{ "b":1e400 ,"model" : "p/up","x":[ 1 ] }').body).toBe(
      '{ "b":1e400 ,"model" : "up","x":[ 1 ] }',
    );
    expect(edited('{"model":"up"}').body).toBe('{"model":"up"}');
    expect(edited('{"messages":[{"model":"p/up"}],"model":"p/up"}').body).toBe(
      '{"messages":[{"model":"p/up"}],"model":"up"}',
    );
  });

  it("asks for the usage of a stream, and notes when it was the one who asked", () => {
    expect(edited('{"model":"up"}', { includeUsage: true })).toEqual({
      body: '{"model":"up","stream_options":{"include_usage":true}}',
      usageInjected: true,
    });
    expect(edited('{"model":"up","stream_options":null}', { includeUsage: true })).toEqual({
      body: '{"model":"up","stream_options":{"include_usage":true}}',
      usageInjected: true,
    });
    expect(
      edited('{"model":"up","stream_options":{"x":1,"include_usage":false}}', { includeUsage: true }),
    ).toEqual({
      body: '{"model":"up","stream_options":{"x":1,"include_usage":true}}',
      usageInjected: true,
    });
    const asked = '{"model":"up","stream_options":{"include_usage":true}}';
    expect(edited(asked, { includeUsage: true })).toEqual({ body: asked, usageInjected: false });
  });

  it("does not ask where asking is refused, not even for a client", () => {
    const refused = (body: string) => edited(body, { includeUsage: "refused" });
    for (const body of ['{"model":"up"}', '{"model":"up","stream_options":{"x":1}}'])
      expect(refused(body)).toEqual({ body, usageInjected: false });
    expect(refused('{"model":"up","stream_options":{"include_usage":true}}').body).toBe(
      '{"model":"up","stream_options":null}',
    );
    expect(refused('{"model":"up","stream_options": {"include_usage":true,"x":1} }').body).toBe(
      '{"model":"up","stream_options": {"x":1} }',
    );
  });

  it("renames a field that the model knows under another name, in its place", () => {
    const renames = { max_tokens: "max_completion_tokens" };
    expect(edited('{"model":"up", "max_tokens" :\n 5,"x":{"max_tokens":6}}', { renames }).body).toBe(
      '{"model":"up", "max_completion_tokens" :\n 5,"x":{"max_tokens":6}}',
    );
    for (const body of [
      '{"model":"up","max_tokens":5,"max_completion_tokens":6}',
      '{"model":"up","max\\u005ftokens":5}',
      '{"model":"up"}',
    ])
      expect(edited(body, { renames }).body).toBe(body);
  });

  it("adds a provider's extra fields where the client has not set them, and the model where the path named it", () => {
    expect(edited('{"model":"up","a":1}', { extraBody: { a: 2, b: { c: 3 } } }).body).toBe(
      '{"model":"up","a":1,"b":{"c":3}}',
    );
    expect(edited("{}", { extraBody: { model: "other" } }).body).toBe('{"model":"up"}');
  });
});

describe("reportedUsage", () => {
  it.each<[WireProtocol, unknown, unknown]>([
    [
      "chat",
      {
        prompt_tokens: 10,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 4 },
        completion_tokens_details: { reasoning_tokens: 2 },
      },
      { inputTokens: 10, cachedInputTokens: 4, outputTokens: 5, reasoningTokens: 2 },
    ],
    ["chat", { prompt_tokens: 10, prompt_cache_hit_tokens: 3 }, { inputTokens: 10, cachedInputTokens: 3 }],
    [
      "responses",
      {
        input_tokens: 10,
        output_tokens: 5,
        input_tokens_details: { cached_tokens: 4 },
        output_tokens_details: { reasoning_tokens: 1 },
      },
      { inputTokens: 10, cachedInputTokens: 4, outputTokens: 5, reasoningTokens: 1 },
    ],
    [
      "messages",
      { input_tokens: 10, cache_read_input_tokens: 4, cache_creation_input_tokens: 3, output_tokens: 5 },
      { inputTokens: 17, cachedInputTokens: 4, cacheWriteTokens: 3, outputTokens: 5 },
    ],
    ["messages", { output_tokens: 5 }, { outputTokens: 5 }],
    ["chat", { prompt_tokens: 0 }, { inputTokens: 0 }],
    ["chat", { prompt_tokens: -1, completion_tokens: "5" }, undefined],
    ["chat", null, undefined],
    ["chat", [], undefined],
  ])("%s %j", (protocol, usage, expected) => {
    expect(reportedUsage(protocol, usage)).toEqual(expected);
  });
});

describe("bodies", () => {
  it("reads the usage of a whole body and of the ends of a large one", () => {
    expect(usageOfBody("chat", { usage: { prompt_tokens: 1 } })).toEqual({ inputTokens: 1 });
    for (const protocol of ["chat", "responses", "messages"] as const)
      expect(usageOfBody(protocol, { output: [] })).toBeUndefined();
    const tail = bytes(
      '"content":"\\"usage\\": {\\"prompt_tokens\\": 99}"}],"usage": {"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":2}},"x":1}',
    );
    expect(usageOfEnds("chat", bytes("{"), tail)).toEqual({ inputTokens: 7, cachedInputTokens: 2 });
    expect(usageOfEnds("chat", bytes('{"usage":{"prompt_tokens":3},"data":['), bytes("0.1]}"))).toEqual({
      inputTokens: 3,
    });
    expect(usageOfEnds("chat", bytes("{"), bytes('"usage":null}'))).toBeUndefined();
  });
});

function tapped(protocol: WireProtocol, frames: readonly string[], dropUsage = false) {
  const tap = new StreamTap(protocol, dropUsage);
  return { tap, kept: frames.filter((frame) => tap.onFrame(bytes(frame))) };
}

describe("StreamTap", () => {
  const chunk = (fields: object) => event({ id: "c", object: "chat.completion.chunk", ...fields });

  it("takes the usage-only chunk out of a Chat stream only when the client had not asked for it", () => {
    const usage = chunk({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } });
    const frames = [
      chunk({ choices: [], prompt_filter_results: [] }),
      chunk({ choices: [{ delta: { content: "[]" } }], usage: null }),
      chunk({ choices: [{ delta: {}, finish_reason: "stop" }] }),
      usage,
      event("[DONE]"),
    ];
    const dropped = tapped("chat", frames, true);
    expect(dropped.kept).toEqual(frames.filter((frame) => frame !== usage));
    expect(dropped.tap.usage()).toEqual({ inputTokens: 3, outputTokens: 4 });
    const kept = tapped("chat", frames);
    expect(kept.kept).toEqual(frames);
    expect(kept.tap.usage()).toEqual({ inputTokens: 3, outputTokens: 4 });
    expect(tapped("chat", [usage.replace('"choices":[]', '"choices": [ ]')], true).kept).toEqual([]);
  });

  it("adds up a Messages stream from its two ends, the later report winning", () => {
    const { tap } = tapped("messages", [
      event(
        {
          type: "message_start",
          message: { usage: { input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 1 } },
        },
        "message_start",
      ),
      ...Array.from({ length: 50 }, () =>
        event({ type: "content_block_delta", index: 0, delta: {} }, "content_block_delta"),
      ),
      event(
        { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 42 } },
        "message_delta",
      ),
      event({ type: "ping" }, "ping"),
      event({ type: "ping" }, "ping"),
      event({ type: "message_stop" }, "message_stop"),
    ]);
    expect(tap.usage()).toEqual({ inputTokens: 15, cachedInputTokens: 5, outputTokens: 42 });
    expect(tap.isTerminated()).toBe(true);
  });

  describe.each([
    ["few and long", 3, 1_000],
    ["all of the same length", 200, 40],
    ["many and short", 500, 3],
  ])("content that comes in events that are %s", (_, count, length) => {
    const text = "x".repeat(length);
    const forms: [WireProtocol, string, string][] = [
      [
        "chat",
        chunk({ choices: [{ delta: { role: "assistant" } }] }),
        chunk({ choices: [{ delta: { content: text } }], obfuscation: "abcdefg" }),
      ],
      [
        "responses",
        event({ type: "response.created", response: { id: "r" } }, "response.created"),
        event({ type: "response.output_text.delta", delta: text }, "response.output_text.delta"),
      ],
      [
        "messages",
        event({ type: "message_start", message: {} }, "message_start"),
        event(
          { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
          "content_block_delta",
        ),
      ],
    ];
    it.each(forms)("is counted, where nobody reports it: %s", (protocol, begin, content) => {
      const { tap } = tapped(protocol, [begin, ...Array.from({ length: count }, () => content)]);
      expect(tap.contentChars() / (count * length)).toBeGreaterThan(0.9);
      expect(tap.contentChars() / (count * length)).toBeLessThan(1.1);
      expect(tapped(protocol, [begin]).tap.contentChars()).toBe(0);
    });
  });

  it.each<[WireProtocol, string]>([
    ["chat", event({ error: { message: "secret", code: "overloaded" } })],
    [
      "responses",
      event({ type: "response.failed", response: { status: "failed", error: { code: "overloaded" } } }),
    ],
    ["messages", event({ type: "error", error: { type: "overloaded", message: "secret" } }, "error")],
  ])("knows a stream that ended with an error from one that ended well: %s", (protocol, error) => {
    expect(tapped(protocol, [error]).tap.failed()).toEqual({ status: 529, code: "overloaded" });
    const good = [
      chunk({ choices: [{ delta: {}, finish_reason: "stop" }] }),
      event({ type: "response.completed", response: { error: null } }),
      event({ type: "message_stop" }),
    ];
    expect(tapped(protocol, good).tap.failed()).toBeUndefined();
  });

  it("reads a Messages stream behind any number of comments", () => {
    const { tap } = tapped("messages", [
      ...Array.from({ length: 5 }, () => ": waiting\n\n"),
      event({ type: "message_start", message: { usage: { input_tokens: 10 } } }, "message_start"),
      event({ type: "message_delta", usage: { output_tokens: 3 } }, "message_delta"),
    ]);
    expect(tap.usage()).toEqual({ inputTokens: 10, outputTokens: 3 });
  });

  it("does not lose the cached part where the last report leaves it out", () => {
    const { tap } = tapped("messages", [
      event(
        { type: "message_start", message: { usage: { input_tokens: 100, cache_read_input_tokens: 900 } } },
        "message_start",
      ),
      event({ type: "message_delta", usage: { input_tokens: 100, output_tokens: 3 } }, "message_delta"),
    ]);
    expect(tap.usage()).toEqual({ inputTokens: 1000, cachedInputTokens: 900, outputTokens: 3 });
  });

  it("knows a terminal event too large to hold, and its usage", () => {
    const splitter = new FrameSplitter();
    const tap = new StreamTap("responses", false);
    const image = Buffer.alloc(9 * 1024 * 1024, "A");
    for (const named of ["event: response.completed\n", ""]) {
      const chunks = [
        bytes(`${named}data: {"type":"response.completed","response":{"output":[{"result":"`),
        image,
        bytes('"}],"usage":{"input_tokens":5,"output_tokens":6}}}\n\n'),
      ];
      let sent = 0;
      for (const chunk of chunks)
        for (const piece of splitter.push(chunk, (frame) => tap.onFrame(frame))) sent += piece.length;
      expect(sent).toBe(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
      expect(tap.isTerminated()).toBe(true);
      expect(tap.usage()).toEqual({ inputTokens: 5, outputTokens: 6 });
    }
  });

  it.each<[WireProtocol, string, boolean]>([
    ["chat", event("[DONE]"), true],
    ["chat", event({ choices: [{ finish_reason: "tool_calls" }] }), true],
    ["chat", event({ error: { message: "x" } }), true],
    ["chat", event({ choices: [{ delta: {}, finish_reason: null }] }), false],
    ["messages", event({ type: "message_stop" }, "message_stop"), true],
    ["messages", event({ type: "error", error: {} }, "error"), true],
    [
      "messages",
      event({ type: "message_delta", delta: { stop_reason: "end_turn" } }, "message_delta"),
      false,
    ],
    ["responses", event({ type: "response.completed" }, "response.completed"), true],
    ["responses", event({ type: "response.incomplete" }), true],
    ["responses", event({ type: "response.failed" }), true],
    ["responses", event({ type: "error" }, "error"), true],
    ["responses", event({ type: "response.output_text.delta" }, "response.output_text.delta"), false],
  ])("%s: %j ends the stream: %s", (protocol, frame, terminal) => {
    expect(tapped(protocol, [frame]).tap.isTerminated()).toBe(terminal);
  });

  it("fails a Responses stream with the response it began and the next number", () => {
    const { tap } = tapped("responses", [
      event(
        {
          type: "response.created",
          sequence_number: 0,
          response: { id: "resp_1", output: [], status: "in_progress" },
        },
        "response.created",
      ),
      event(
        { type: "response.output_text.delta", sequence_number: 7, delta: "x" },
        "response.output_text.delta",
      ),
    ]);
    const failure = tap.failure({ status: 502, message: "cut" });
    expect(failure.startsWith("event: response.failed\n")).toBe(true);
    expect(JSON.parse(failure.split("data: ")[1] ?? "")).toEqual({
      type: "response.failed",
      sequence_number: 8,
      response: {
        id: "resp_1",
        output: [],
        status: "failed",
        error: { code: "server_error", message: "cut" },
      },
    });
  });
});
