import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Answer, AnswerBlock, StopReason } from "../../../src/core/conversation/answer";
import { DroppedReport } from "../../../src/core/conversation/dropped";
import { answerToEvents, foldEvents } from "../../../src/core/conversation/foldAnswer";
import type { Destination } from "../../../src/core/conversation/quirks";
import type { Block, ConversationRequest, Message } from "../../../src/core/conversation/request";
import { unwrapSeal, wrapSeal } from "../../../src/core/conversation/seal";
import { createSequencer } from "../../../src/core/conversation/sequencer";
import { fittingToolId, originalToolId, safeToolId } from "../../../src/core/conversation/toolIds";
import { PosternError } from "../../../src/core/errors";
import type { JsonObject } from "../../../src/core/json/access";
import { decodeChatRequest } from "../../../src/core/protocols/chat/decodeRequest";
import { encodeChatRequest } from "../../../src/core/protocols/chat/encodeRequest";
import { decodeMessagesRequest } from "../../../src/core/protocols/messages/decodeRequest";
import { encodeMessagesRequest } from "../../../src/core/protocols/messages/encodeRequest";
import { decodeResponsesRequest } from "../../../src/core/protocols/responses/decodeRequest";
import { encodeResponsesRequest } from "../../../src/core/protocols/responses/encodeRequest";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { quirksOf } from "../../../src/core/providers/quirks";
import { createSseParser } from "../../../src/core/sse/parser";
import {
  ProviderAnswerError,
  translateError,
  translateRequest,
  translateResponse,
} from "../../../src/core/translation";
import {
  decodeAnswer,
  encodeAnswer,
  streamDecoder,
  streamEncoder,
} from "../../../src/core/translation/codecs";
import { fixedSurroundings, PLAIN_CONTEXT, PROVIDERS, translateStream } from "./support/translate";
import { inspectStream } from "./support/wellFormed";

const PROTOCOLS: readonly WireProtocol[] = ["chat", "responses", "messages"];
const pairs = PROTOCOLS.flatMap((from) =>
  PROTOCOLS.filter((to) => to !== from).map((to) => [from, to] as const),
);

/** Text with something in it: what is only white space, Anthropic refuses and we leave out. */
const text = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
  .filter((value) => value.trim() !== "");
const name = fc.stringMatching(/^[a-z][a-z_]{0,8}$/);
const id = fc.stringMatching(/^call_[a-zA-Z0-9]{4,12}$/);
const argumentsText = fc
  .dictionary(name, fc.oneof(fc.string(), fc.integer(), fc.boolean()))
  .map((value) => JSON.stringify(value));

describe("the event stream reader", () => {
  const events = fc.array(
    fc.record({
      event: fc.constantFrom("", "ping", "message"),
      data: fc.string({ unit: "grapheme", maxLength: 30 }),
    }),
    { maxLength: 8 },
  );
  const ends = fc.constantFrom("\n", "\r\n", "\r");

  it("reads what was written, with any line end and cut anywhere", () => {
    fc.assert(
      fc.property(
        events,
        ends,
        fc.boolean(),
        fc.boolean(),
        fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        (list, end, space, mark, cuts) => {
          const lines = list.flatMap(({ event, data }) => [
            ": comment",
            ...(event ? [`event:${space ? " " : ""}${event}`] : []),
            ...data
              .split(/\r\n|\r|\n/)
              .map((line) => `data:${space || line.startsWith(" ") ? " " : ""}${line}`),
            "",
          ]);
          const bytes = new TextEncoder().encode(
            (mark ? "\uFEFF" : "") + lines.map((line) => line + end).join(""),
          );
          const parser = createSseParser();
          const read: { event: string; data: string }[] = [];
          for (let at = 0; at < bytes.length; ) {
            const size = cuts.next().value ?? 1;
            read.push(...parser.push(bytes.subarray(at, at + size)));
            at += size;
          }
          read.push(...parser.end());
          expect(read).toEqual(
            list.map(({ event, data }) => ({ event, data: data.replace(/\r\n|\r/g, "\n") })),
          );
        },
      ),
    );
  });

  it("takes an event that was never closed, and refuses one without end", () => {
    const bytes = (value: string) => new TextEncoder().encode(value);
    const parser = createSseParser();
    expect(parser.push(bytes("data: a\ndata:b"))).toEqual([]);
    expect(parser.end()).toEqual([{ event: "", data: "a\nb" }]);
    const small = createSseParser(100);
    expect(() => {
      for (let count = 0; count < 20; count++) small.push(bytes("data: xxxxxxxxxx\n"));
    }).toThrow();
    const long = createSseParser(1000);
    for (let count = 0; count < 50; count++) long.push(bytes(`: ${"x".repeat(90)}\n`));
  });
});

describe("whatever a provider sends", () => {
  const hints: Record<WireProtocol, string[]> = {
    chat: ["choices", "delta", "tool_calls", "usage"],
    responses: [
      "response.created",
      "response.output_item.added",
      "response.output_item.done",
      "response.output_text.delta",
      "response.function_call_arguments.delta",
      "response.reasoning_summary_text.delta",
      "response.completed",
      "error",
    ],
    messages: [
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
      "error",
    ],
  };
  /** Objects with the protocol's own words in them, so that more than the first look at them is tested. */
  const near = (protocol: WireProtocol) => {
    const leaf = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.integer({ min: -1, max: 3 }),
      fc.constantFrom(
        null,
        true,
        [],
        {},
        "text",
        "tool_use",
        "thinking",
        "function_call",
        "message",
        "reasoning",
        "text_delta",
        "input_json_delta",
        "stop",
      ),
    );
    const keys = fc.constantFrom(
      "type",
      "index",
      "delta",
      "content_block",
      "message",
      "usage",
      "id",
      "name",
      "input",
      "text",
      "partial_json",
      "choices",
      "finish_reason",
      "tool_calls",
      "function",
      "arguments",
      "content",
      "response",
      "item",
      "output_index",
      "content_index",
      "output",
      "status",
      "summary",
      "input_tokens",
      "prompt_tokens",
      "stop_reason",
      "error",
      "__proto__",
      "constructor",
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        leaf,
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(keys, tie("value"), { maxKeys: 5 }),
      ),
    }));
    return fc
      .tuple(fc.constantFrom(...hints[protocol]), fc.dictionary(keys, value, { maxKeys: 7 }))
      .map(([type, body]) =>
        protocol === "chat"
          ? { id: "x", choices: [{ index: 0, delta: body, ...body }], ...body }
          : { ...body, type },
      );
  };

  it.each(pairs)("arbitrary bytes from %s end well for %s", (from, to) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.boolean(), (pieces, broken) => {
        const { text: out } = translateStream(from, to, pieces, { broken });
        const { faults, ending } = inspectStream(to, out);
        expect(faults).toEqual([]);
        expect(ending).toBe("error");
      }),
    );
  });

  it.each(pairs)("arbitrary events from %s end well for %s", (from, to) => {
    fc.assert(
      fc.property(fc.array(near(from), { maxLength: 12 }), fc.boolean(), (events, broken) => {
        const stream = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
        const { text: out, translator } = translateStream(from, to, [stream], { broken });
        const { faults, ending } = inspectStream(to, out);
        expect(faults).toEqual([]);
        expect(ending).not.toBe("none");
        expect(translator.finished()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each(pairs)("an arbitrary answer from %s is an answer or an error for %s", (from, to) => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), near(from)), (body) => {
        try {
          JSON.parse(
            translateResponse({ from, to, body, context: PLAIN_CONTEXT, ...fixedSurroundings() }).body,
          );
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(ProviderAnswerError);
        }
      }),
    );
  });

  it("an arbitrary error is an error", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...pairs),
        fc.integer({ min: 400, max: 599 }),
        fc.oneof(fc.json(), fc.string()),
        ([from, to], status, body) => {
          const { error } = JSON.parse(translateError({ from, to, status, body, headers: {} }).body);
          expect(error.message.length).toBeGreaterThan(0);
        },
      ),
    );
  });

  it("nested without end is an error, and does not overflow", () => {
    const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
    const block = `{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":${deep}}}`;
    const stop = '{"type":"content_block_stop","index":0}';
    const { text: out } = translateStream("messages", "chat", [`data: ${block}\n\ndata: ${stop}\n\n`]);
    expect(inspectStream("chat", out)).toEqual({ faults: [], ending: "error" });
  });
});

describe("whatever a client sends", () => {
  const keys = fc.constantFrom(
    "messages",
    "input",
    "role",
    "content",
    "type",
    "text",
    "tools",
    "function",
    "name",
    "tool_calls",
    "id",
    "tool_call_id",
    "call_id",
    "output",
    "system",
    "parameters",
    "input_schema",
    "tool_choice",
    "thinking",
    "max_tokens",
    "stop",
    "image_url",
    "url",
    "source",
    "data",
    "response_format",
    "json_schema",
    "schema",
    "__proto__",
  );
  const words = fc.constantFrom(
    "user",
    "assistant",
    "system",
    "tool",
    "text",
    "function",
    "function_call",
    "input_text",
    "tool_result",
    "tool_use",
    "image",
    "document",
    "auto",
    "x",
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "medium" },
      words,
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(keys, tie("value"), { maxKeys: 6 }),
    ),
  }));
  const messages = fc.array(
    fc.record({ role: words, content: value, tool_calls: value, type: words }, { requiredKeys: ["role"] }),
    { maxLength: 5 },
  );

  it.each(pairs)("from %s to %s is translated or refused", (from, to) => {
    fc.assert(
      fc.property(fc.dictionary(keys, value), messages, fc.boolean(), (rest, list, real) => {
        const body = { ...rest, model: "m", ...(real ? { messages: list, input: list } : {}) };
        try {
          const result = translateRequest({
            from,
            to,
            body,
            model: "m",
            headers: {},
            provider: PROVIDERS[to],
          });
          expect(JSON.parse(result.body).model).toBe("m");
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(PosternError);
          expect((thrown as PosternError).status).toBe(400);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("ids and seals", () => {
  it("are reversible where they come back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (value) => {
        expect(safeToolId(value)).toMatch(/^[a-zA-Z0-9_-]+$/);
        expect(originalToolId(safeToolId(value))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), (value) => {
        const seal = { protocol: "chat" as const, value: JSON.parse(JSON.stringify(value)) };
        expect(unwrapSeal(wrapSeal("abc", seal))).toEqual({ issuer: "abc", ...seal });
      }),
    );
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(unwrapSeal(`postern1.${value}`)).toBeUndefined();
      }),
    );
  });

  it("fit their rule, and do so again", () => {
    const rules = PROTOCOLS.map((protocol) => quirksOf(PROVIDERS[protocol], protocol, "m").toolId);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.constantFrom(...rules), (value, rule) => {
        const fitted = fittingToolId(value, rule);
        expect(fitted.length).toBeLessThanOrEqual(rule.maxLength);
        expect(fittingToolId(fitted, rule)).toBe(fitted);
      }),
    );
  });
});

/** Conversations inside what a protocol can say, in the form in which its decoder gives them. */
function conversations(protocol: WireProtocol): fc.Arbitrary<ConversationRequest> {
  const detail = protocol === "responses" ? { detail: "auto" } : {};
  const image = fc.constantFrom<Block[]>(
    { kind: "image", source: { kind: "base64", mediaType: "image/png", data: "AAAA" }, ...detail },
    { kind: "image", source: { kind: "url", url: "https://x.example/a.png" }, ...detail },
  );
  const said: fc.Arbitrary<Block> = text.map((value) => ({ kind: "text", text: value }));
  const userTurn: fc.Arbitrary<Message> = fc
    .oneof(fc.tuple(said), fc.tuple(said, image), fc.tuple(image, said))
    .map((blocks) => ({ role: "user", blocks }));
  const calls = fc.uniqueArray(
    fc.record({
      kind: fc.constant("toolCall" as const),
      id,
      name,
      argumentsText,
      custom: fc.constant(false),
    }),
    {
      selector: (call) => call.id,
      maxLength: 3,
    },
  );
  const exchange = fc.record({ user: userTurn, said: text, calls, output: text, isError: fc.boolean() });
  return fc
    .record({
      system: fc.option(text),
      exchanges: fc.array(exchange, { maxLength: 3 }),
      last: userTurn,
      maxTokens: fc.option(fc.integer({ min: 16, max: 9000 })),
      temperature: fc.option(fc.constantFrom(0, 0.5, 1)),
      stop: fc.array(text, { maxLength: 3 }),
      parallel: fc.boolean(),
      choice: fc.constantFrom("auto", "none", "required"),
      stream: fc.boolean(),
      user: fc.option(name),
    })
    .map(
      ({
        system,
        exchanges,
        last,
        maxTokens,
        temperature,
        stop,
        parallel,
        choice,
        stream,
        user,
      }): ConversationRequest => {
        let count = 0;
        const messages: Message[] = [];
        for (const one of exchanges) {
          // An id stands for one call in a conversation.
          const unique = one.calls.map((call) => ({ ...call, id: `${call.id}_${count++}` }));
          messages.push(one.user, {
            role: "assistant",
            blocks: [{ kind: "text", text: one.said }, ...unique],
          });
          const isError = protocol === "messages" && one.isError;
          const results: Block[] = unique.map((call) => ({
            kind: "toolResult",
            id: call.id,
            blocks: [{ kind: "text", text: one.output }],
            isError,
          }));
          if (results.length > 0) messages.push({ role: "user", blocks: results });
        }
        const schema = { type: "object", properties: { a: { type: "string" } } };
        const tool = { kind: "function" as const, name: "tool", description: "d", schema };
        const single = parallel ? {} : { parallelToolCalls: false };
        return {
          system: system === null ? [] : [{ kind: "text", text: system }],
          messages: [...messages, last],
          tools: [protocol === "responses" ? { ...tool, strict: false } : tool],
          toolChoice: { mode: choice as "auto" },
          ...(protocol === "messages" && choice === "none" ? {} : single),
          maxTokens: maxTokens ?? 100,
          stop: protocol === "responses" ? [] : stop,
          sampling: temperature === null ? {} : { temperature },
          stream,
          includeUsage: protocol === "chat" ? stream : true,
          ...(user === null ? {} : { user }),
          ...(protocol === "responses" ? { store: false } : {}),
          native: { protocol, fields: {} },
        };
      },
    );
}

const codecs = {
  chat: { encode: encodeChatRequest, decode: decodeChatRequest },
  responses: { encode: encodeResponsesRequest, decode: decodeResponsesRequest },
  messages: { encode: encodeMessagesRequest, decode: decodeMessagesRequest },
};

describe("decoding what was encoded", () => {
  it.each(PROTOCOLS)("gives the same request of %s", (protocol) => {
    const destination: Destination = {
      model: "m",
      issuer: "i",
      quirks: quirksOf(PROVIDERS[protocol], protocol, "m"),
    };
    fc.assert(
      fc.property(conversations(protocol), (request) => {
        const dropped = new DroppedReport();
        const body = JSON.parse(
          JSON.stringify(codecs[protocol].encode(request, destination, dropped)),
        ) as JsonObject;
        expect(codecs[protocol].decode(body, dropped)).toEqual(request);
        expect(dropped.list()).toEqual([]);
      }),
    );
  });

  /** Answers inside what a protocol can say. */
  function answers(protocol: WireProtocol): fc.Arbitrary<Answer> {
    const seal = (value: string) => {
      if (protocol === "messages")
        return { seal: { protocol, value: { signature: "c2ln", thinking: value } } } as const;
      return protocol === "chat"
        ? ({ seal: { protocol, value: { field: "reasoning_content" } } } as const)
        : {};
    };
    const thinking = fc
      .option(text)
      .map((value): AnswerBlock[] =>
        value === null ? [] : [{ kind: "thinking", text: value, ...seal(value) }],
      );
    const said = fc
      .option(text)
      .map((value): AnswerBlock[] => (value === null ? [] : [{ kind: "text", text: value }]));
    const calls = fc.uniqueArray(
      fc.record({
        kind: fc.constant("toolCall" as const),
        id,
        name,
        argumentsText,
        custom: fc.constant(false),
      }),
      {
        selector: (call) => call.id,
        maxLength: 3,
      },
    );
    const count = fc.integer({ min: 0, max: 1_000_000 });
    const prefix = { chat: "chatcmpl-", responses: "resp_", messages: "msg_" }[protocol];
    const early: StopReason[] =
      protocol === "messages" ? ["length", "refusal", "pause", "contextWindow"] : ["length", "contentFilter"];
    return fc
      .record({
        thinking,
        said,
        calls,
        cached: count,
        written: count,
        fresh: count,
        output: count,
        reasoning: count,
        early: fc.option(fc.constantFrom(...early)),
      })
      .map(
        (made): Answer => ({
          id: `${prefix}1`,
          model: PLAIN_CONTEXT.model,
          blocks: [...made.thinking, ...made.said, ...made.calls],
          usage: {
            inputTokens: made.cached + made.written + made.fresh,
            cachedInputTokens: made.cached,
            cacheWriteTokens: made.written,
            outputTokens: made.output,
            reasoningTokens: made.reasoning,
          },
          stop: made.early ?? (made.calls.length > 0 ? "toolCalls" : "stop"),
        }),
      );
  }
  /** Our own wrapping of what had no seal is nothing that the answer had. */
  const unsealed = (answer: Answer | undefined) =>
    answer && {
      ...answer,
      blocks: answer.blocks.map((block) =>
        "seal" in block && block.seal?.protocol === "responses"
          ? { kind: block.kind, text: "text" in block ? block.text : "" }
          : block,
      ),
    };

  it.each(PROTOCOLS)("gives the same answer of %s, whole and streamed", (protocol) => {
    fc.assert(
      fc.property(answers(protocol), (answer) => {
        const around = fixedSurroundings();
        const body = JSON.parse(JSON.stringify(encodeAnswer(protocol, answer, PLAIN_CONTEXT, around)));
        expect(unsealed(decodeAnswer(protocol, body, around) as Answer)).toEqual(answer);

        const encoder = streamEncoder(protocol, PLAIN_CONTEXT, around);
        const stream = answerToEvents(answer).map(encoder.encode).join("");
        expect(inspectStream(protocol, stream)).toEqual({ faults: [], ending: "success" });
        const decoder = streamDecoder(protocol, around);
        const parser = createSseParser();
        const events = [...parser.push(new TextEncoder().encode(stream)), ...parser.end()];
        const decoded = [
          ...events.flatMap(({ data, event }) => decoder.event(data, event)),
          ...decoder.end(),
        ];
        expect(unsealed(foldEvents(decoded.flatMap(createSequencer())))).toEqual(answer);
      }),
    );
  });
});
