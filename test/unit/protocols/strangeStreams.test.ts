import { describe, expect, it } from "vitest";
import { createSequencer } from "../../../src/core/conversation/sequencer";
import type { WireProtocol } from "../../../src/core/protocols/wire";
import { createStreamTranslator, isEventStream, translateResponse } from "../../../src/core/translation";
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

type Event = { type: string } & Record<string, unknown>;
const CREATED: Event = { type: "response.created", response: { id: "resp_1", model: "m" } };
const completed = (...output: object[]): Event => ({
  type: "response.completed",
  response: { id: "resp_1", status: "completed", output },
});
const added = (item: object, rest: object = {}): Event => ({
  type: "response.output_item.added",
  item,
  ...rest,
});
const done = (item: object, rest: object = {}): Event => ({
  type: "response.output_item.done",
  item,
  ...rest,
});
const message = (text: string, id = "msg_1") => ({
  id,
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});
const functionCall = (callId: string, name: string, args: string) => ({
  id: `fc_${callId}`,
  type: "function_call",
  call_id: callId,
  name,
  arguments: args,
});
const textDelta = (delta: string, rest: object = {}): Event => ({
  type: "response.output_text.delta",
  delta,
  ...rest,
});
const argumentsDelta = (delta: string, rest: object = {}): Event => ({
  type: "response.function_call_arguments.delta",
  delta,
  ...rest,
});

/** What a client of Messages reads: blocks and the end. */
async function seen(...events: Event[]) {
  const { text, translator } = translateStream("responses", "messages", [namedStream(CREATED, ...events)]);
  const { faults, ending } = inspectStream("messages", text);
  return {
    faults,
    ending,
    view: ending === "success" ? await readStream("messages", text) : undefined,
    failure: translator.failure(),
  };
}

describe("Responses items", () => {
  const items = (rest: object): Event[] => [
    added({ id: "rs_1", type: "reasoning", summary: [] }, rest),
    { type: "response.reasoning_summary_text.delta", delta: "hm", ...rest },
    done({ id: "rs_1", type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] }, rest),
    added({ id: "msg_1", type: "message", content: [] }, rest),
    textDelta("Answer", rest),
    done(message("Answer"), rest),
    added(functionCall("call_1", "run", ""), rest),
    argumentsDelta('{"a":1}', rest),
    done(functionCall("call_1", "run", '{"a":1}'), rest),
  ];
  it.each([
    ["without output_index", {}],
    ["with the same output_index", { output_index: 0 }],
  ])("are told apart %s", async (_, rest) => {
    const result = await seen(...items(rest), completed());
    expect(result).toMatchObject({ faults: [], ending: "success" });
    expect(result.view).toMatchObject({
      text: "Answer",
      tools: [{ name: "run", args: { a: 1 } }],
      stop: "tools",
    });
  });

  it.each([[{}], [{ output_index: 0 }]])("that only come whole all count (%j)", async (rest) => {
    const result = await seen(
      done(functionCall("call_1", "a", "{}"), rest),
      done(functionCall("call_2", "b", "{}"), rest),
      completed(),
    );
    expect(result.view?.tools.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it.each([[{}], [{ output_index: 0 }]])(
    "that are written at the same time keep their arguments (%j)",
    async (rest) => {
      const result = await seen(
        added(functionCall("call_1", "a", ""), rest),
        added(functionCall("call_2", "b", ""), rest),
        argumentsDelta('{"n":1}', { ...rest, item_id: "fc_call_1" }),
        argumentsDelta('{"n":2}', { ...rest, item_id: "fc_call_2" }),
        done(functionCall("call_1", "a", '{"n":1}'), rest),
        done(functionCall("call_2", "b", '{"n":2}'), rest),
        completed(),
      );
      expect(result.view?.tools).toMatchObject([
        { name: "a", args: { n: 1 } },
        { name: "b", args: { n: 2 } },
      ]);
    },
  );

  it("are the same where their id changes with every event", async () => {
    const result = await seen(
      added(message("", "x1"), { output_index: 0 }),
      textDelta("Hel", { output_index: 0, item_id: "x2" }),
      textDelta("lo", { output_index: 0, item_id: "x3" }),
      done(message("Hello", "x4"), { output_index: 0 }),
      added({ ...functionCall("call_1", "run", ""), id: "x5" }, { output_index: 1 }),
      argumentsDelta("{}", { output_index: 1, item_id: "x6" }),
      done({ ...functionCall("call_1", "run", "{}"), id: "x7" }, { output_index: 1 }),
      completed({ ...functionCall("call_1", "run", "{}"), id: "x8" }, message("Hello", "x9")),
    );
    expect(result.view?.text).toBe("Hello");
    expect(result.view?.tools).toHaveLength(1);
  });

  it("that are only in the whole response are not lost", async () => {
    const result = await seen(
      textDelta("Let me see.", { output_index: 0 }),
      completed(message("Let me see."), functionCall("call_1", "run", '{"a":1}')),
    );
    expect(result.view).toMatchObject({
      text: "Let me see.",
      tools: [{ name: "run", args: { a: 1 } }],
      stop: "tools",
    });
  });

  it("are written once where the whole response has them in another order", async () => {
    const result = await seen(
      textDelta("Hello", { output_index: 0 }),
      added(functionCall("call_1", "run", ""), { output_index: 1 }),
      argumentsDelta("{}", { output_index: 1 }),
      completed(functionCall("call_1", "run", "{}"), message("Hello")),
    );
    expect(result.view).toMatchObject({ text: "Hello", stop: "tools" });
    expect(result.view?.tools).toHaveLength(1);
  });

  it("that the whole response lists apart are not written again", async () => {
    const result = await seen(
      textDelta("One. ", { output_index: 0 }),
      textDelta("Two.", { output_index: 0 }),
      completed(message("One. "), message("Two.", "msg_2"), message("Three.", "msg_3")),
    );
    expect(result.view?.text).toBe("One. Two.Three.");
  });

  it("that are calls without a call_id get one, and keep their arguments", async () => {
    const result = await seen(
      added({ id: "fc_1", type: "function_call", name: "run" }, { output_index: 0 }),
      argumentsDelta('{"a":1}', { output_index: 0 }),
      completed(),
    );
    expect(result.view).toMatchObject({ tools: [{ name: "run", args: { a: 1 } }], stop: "tools" });
  });

  it("that are calls no event announced get their name from the whole response", async () => {
    const result = await seen(
      argumentsDelta('{"a":1}', { output_index: 0 }),
      completed(functionCall("call_1", "run", '{"a":1}')),
    );
    expect(result.view?.tools).toMatchObject([{ name: "run", args: { a: 1 } }]);
  });

  it("that are arguments of no call are an error", async () => {
    const result = await seen(
      textDelta("Well", { output_index: 0 }),
      argumentsDelta('{"a":1}', { output_index: 1 }),
      completed(),
    );
    expect(result).toMatchObject({ faults: [], ending: "error" });
  });

  it("without end are no answer", async () => {
    const many = Array.from({ length: 60_000 }, (_, at) =>
      added(functionCall(`call_${at}`, "run", ""), { output_index: at }),
    );
    expect((await seen(...many, completed())).ending).toBe("error");
  });
});

const PROTOCOLS = ["chat", "responses", "messages"] as const;
const nested = (depth: number) => JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`);
const deepJson = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const translator = (from: WireProtocol, to: WireProtocol, context = {}) =>
  createStreamTranslator({ from, to, context: { ...PLAIN_CONTEXT, ...context }, ...fixedSurroundings() });
const bytes = (text: string) => new TextEncoder().encode(text);

describe("what is nested without end", () => {
  it("fails the answer, be it JSON or a stream", () => {
    const body = `{"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"f","arguments":{"a":${deepJson(20_000)}}}}]},"finish_reason":"tool_calls"}]}`;
    for (const to of PROTOCOLS) {
      const { text, translator } = translateStream("chat", to, [body]);
      expect(inspectStream(to, text)).toEqual({ faults: [], ending: "error" });
      expect(translator.failure()?.code).toBe("provider_malformed");
    }
  });

  it("in a request is refused where an answer would repeat it", () => {
    const body = { model: "m", input: "x", metadata: { a: nested(20_000) } };
    expect(() => translated("responses", "messages", body, { provider: PROVIDERS.messages })).toThrow(
      "nested too deeply",
    );
  });

  it("in what an answer repeats ends in an error, and throws nowhere", () => {
    const echo = { metadata: { a: nested(20_000) } };
    for (const act of [
      (it: ReturnType<typeof translator>) => it.keepAlive(),
      (it: ReturnType<typeof translator>) => it.push(bytes(chatStream(delta({ content: "x" })))),
      (it: ReturnType<typeof translator>) => it.fail({ status: 502, message: "broke" }),
      (it: ReturnType<typeof translator>) => it.end(),
    ]) {
      const failing = translator("chat", "responses", { echo });
      const events = seenEvents(act(failing));
      expect(events.at(-1)?.name).toBe("error");
      expect(failing.finished()).toBe(true);
      expect(failing.keepAlive()).toBe("");
    }
  });
});

describe("an error before the first content", () => {
  it.each(PROTOCOLS)("still has its status: from %s", (from) => {
    const starts = {
      chat: chatStream(delta({ role: "assistant", content: "" })),
      responses: namedStream(CREATED),
      messages: namedStream({ type: "message_start", message: { id: "msg_1", usage: { input_tokens: 1 } } }),
    };
    const error = { type: "error", error: { type: "rate_limit_error", message: "slow down", code: "429" } };
    const failed = namedStream(error);
    for (const to of PROTOCOLS.filter((protocol) => protocol !== from)) {
      const { text, translator } = translateStream(from, to, [starts[from], failed]);
      expect(translator.failedBeforeContent()).toMatchObject({ status: 429, message: "slow down" });
      expect(inspectStream(to, text)).toEqual({ faults: [], ending: "error" });
    }
  });

  it("has none where a keep-alive went out", () => {
    const waiting = translator("chat", "messages");
    expect(waiting.push(bytes(chatStream(delta({ role: "assistant", content: "" }))))).toBe("");
    const text = waiting.keepAlive();
    expect(seenEvents(text).map(({ name }) => name)).toEqual(["message_start", "ping"]);
    waiting.end();
    expect(waiting.failedBeforeContent()).toBeUndefined();
  });
});

describe("odd words of providers", () => {
  it.each(PROTOCOLS)("blank data is nothing: from %s", (from) => {
    const to = from === "chat" ? "messages" : "chat";
    const answers = {
      chat: chatStream(delta({ content: "fine" }, "stop")) + DONE,
      responses: namedStream(CREATED, textDelta("fine"), completed()),
      messages: namedStream(
        { type: "message_start", message: { id: "msg_1" } },
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "fine" } },
        { type: "message_stop" },
      ),
    };
    const { text } = translateStream(from, to, ["event: ping\ndata:\n\n", answers[from], "data: \n\n"]);
    expect(inspectStream(to, text)).toEqual({ faults: [], ending: "success" });
  });

  it("Groq's error beside a finish reason is an error", () => {
    const chunk = { ...delta({}, "stop"), x_groq: { id: "req", error: "over capacity" } };
    const { text, translator } = translateStream("chat", "messages", [
      chatStream(delta({ content: "half" }), chunk),
      DONE,
    ]);
    expect(inspectStream("messages", text)).toEqual({ faults: [], ending: "error" });
    expect(translator.failure()?.message).toBe("over capacity");
  });

  it("a status in words is a status", () => {
    const error = 'data: {"error":{"message":"slow","code":"429"}}\n\n';
    expect(translateStream("chat", "messages", [error]).translator.failedBeforeContent()?.status).toBe(429);
  });

  it.each(PROTOCOLS)("an error in plain words is told: from %s", (from) => {
    const to = from === "chat" ? "messages" : "chat";
    const { translator } = translateStream(from, to, ["event: error\ndata: upstream timed out\n\n"]);
    expect(translator.failedBeforeContent()).toEqual({ status: 502, message: "upstream timed out" });
    const other = translateStream(from, to, ["event: note\ndata: upstream timed out\n\n"]);
    expect(other.translator.failure()?.code).toBe("provider_malformed");
  });

  it("a list with an error is that error", () => {
    const { translator } = translateStream("chat", "messages", [
      '[{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}]',
    ]);
    expect(translator.failedBeforeContent()).toMatchObject({ status: 429, message: "quota" });
  });

  it("an answer that said why it stopped is whole, though its connection breaks", () => {
    const stopped = chatStream(delta({ content: "fine" }), delta({}, "stop"));
    const { text } = translateStream("chat", "messages", [stopped], { broken: true });
    expect(inspectStream("messages", text)).toEqual({ faults: [], ending: "success" });
    const half = translateStream("chat", "messages", [chatStream(delta({ content: "ha" }))], {
      broken: true,
    });
    expect(inspectStream("messages", half.text).ending).toBe("error");
    expect(half.translator.failure()?.message).toBe("the connection broke");
  });
});

describe("calls of Chat Completions at one index", () => {
  const run = (...pieces: object[]) =>
    translateStream("chat", "messages", [chatStream(...pieces.map(call), delta({}, "tool_calls")), DONE])
      .text;
  const toolsOf = async (...pieces: object[]) => {
    const text = run(...pieces);
    expect(inspectStream("messages", text)).toEqual({ faults: [], ending: "success" });
    return (await readStream("messages", text)).tools.map(({ name, args }) => [name, args]);
  };

  it("stay apart without ids, by their names and where their arguments are whole", async () => {
    const piece = (name: string | undefined, args: string) => ({
      index: 0,
      function: { name, arguments: args },
    });
    const two = [
      ["a", { n: "}" }],
      ["a", { n: 2 }],
    ];
    expect(await toolsOf(piece("a", '{"n":"}"}'), piece("a", '{"n":2}'))).toEqual(two);
    expect(
      await toolsOf(
        piece("a", ""),
        piece(undefined, '{"n":"}"}'),
        piece("a", ""),
        piece(undefined, '{"n":2}'),
      ),
    ).toEqual(two);
    expect(await toolsOf(piece("a", ""), piece("b", '{"n":2}'))).toEqual([
      ["a", {}],
      ["b", { n: 2 }],
    ]);
    // A name that only comes again with every piece.
    expect(await toolsOf(piece("a", '{"n"'), piece("a", ":1}"), piece("a", ""))).toEqual([["a", { n: 1 }]]);
  });

  it("without end are no answer", () => {
    for (const extra of [{}, { id: "x" }]) {
      const many = Array.from({ length: 60_000 }, (_, index) => ({
        index,
        ...extra,
        function: { name: "a", arguments: "{}" },
      }));
      expect(inspectStream("messages", run(...many)).ending).toBe("error");
    }
  });
});

describe("the sequencer", () => {
  it("keeps blocks whole and in the order in which they began", () => {
    const sequence = createSequencer();
    const start = (number: number) =>
      ({ type: "toolStart", call: number, id: `${number}`, name: "f", custom: false }) as const;
    const text = (value: string) => ({ type: "textDelta", text: value }) as const;
    const end = (number: number) => ({ type: "toolEnd", call: number }) as const;
    const piece = (number: number, value: string) =>
      ({ type: "toolArguments", call: number, text: value }) as const;
    const before = [start(1), start(2), text("a"), start(3), piece(3, "3"), text("b"), piece(2, "2"), end(3)];
    const after = [piece(1, "1"), end(1), piece(2, "2"), end(2), { type: "stop", reason: "stop" } as const];
    expect([...before, ...after].flatMap(sequence)).toEqual([
      ...[start(1), piece(1, "1"), end(1)],
      ...[start(2), piece(2, "2"), piece(2, "2"), end(2), text("a")],
      ...[start(3), piece(3, "3"), end(3), text("b"), { type: "stop", reason: "stop" }],
    ]);
  });

  it("lets no more wait than its limit, be it events without a text", () => {
    const sequence = createSequencer(10_000);
    sequence({ type: "toolStart", call: 0, id: "0", name: "f", custom: false });
    const events = Array.from({ length: 1_000 }, () => sequence({ type: "textEnd" })).flat();
    expect(events.map(({ type }) => type)).toEqual(["error"]);
  });
});

describe("arguments without a call", () => {
  it("are an error from a Messages provider", () => {
    const { text } = translateStream("messages", "chat", [
      namedStream(
        { type: "message_start", message: { id: "msg_1" } },
        {
          type: "content_block_delta",
          index: 0,
          delta: { type: "input_json_delta", partial_json: '{"a":1}' },
        },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: "tool_use" } },
        { type: "message_stop" },
      ),
    ]);
    expect(inspectStream("chat", text)).toEqual({ faults: [], ending: "error" });
  });
});

describe("a call that was cut", () => {
  const cut = (reason: string, ...more: object[]) =>
    chatStream(
      call({ index: 0, id: "call_1", function: { name: "run", arguments: '{"a' } }),
      ...more,
      delta({}, reason),
    ) + DONE;
  const statuses = (text: string) => {
    expect(inspectStream("responses", text)).toEqual({ faults: [], ending: "success" });
    return seenEvents(text)
      .filter(({ name }) => name === "response.output_item.done")
      .map(({ json }) => json.item.status);
  };

  it("is incomplete in a stream, and the calls before it are not", () => {
    const second = call({ index: 1, id: "call_2", function: { name: "run", arguments: '{"a' } });
    expect(statuses(translateStream("chat", "responses", [cut("length")]).text)).toEqual(["incomplete"]);
    expect(statuses(translateStream("chat", "responses", [cut("length", second)]).text)).toEqual([
      "completed",
      "incomplete",
    ]);
    expect(statuses(translateStream("chat", "responses", [cut("tool_calls")]).text)).toEqual(["completed"]);
  });

  it("is incomplete in a whole answer", () => {
    const tool_calls = [{ id: "call_1", function: { name: "run", arguments: '{"a' } }];
    const { body } = translateResponse({
      from: "chat",
      to: "responses",
      body: { choices: [{ message: { tool_calls }, finish_reason: "length" }] },
      context: PLAIN_CONTEXT,
      ...fixedSurroundings(),
    });
    expect(JSON.parse(body)).toMatchObject({ status: "incomplete", output: [{ status: "incomplete" }] });
  });
});

describe("log probabilities without a text", () => {
  const token = (text: string) => ({ token: text, logprob: -1, bytes: [1], top_logprobs: [] });
  const chunk = (content: string, ...tokens: string[]) => ({
    choices: [
      { index: 0, delta: { content }, logprobs: { content: tokens.map(token) }, finish_reason: null },
    ],
  });

  it("are kept, before and after it", () => {
    const stream = chatStream(chunk("", "a"), chunk("x", "b"), chunk("", "c"), delta({}, "stop")) + DONE;
    const toResponses = translateStream("chat", "responses", [stream]).text;
    expect(inspectStream("responses", toResponses).faults).toEqual([]);
    const [item] = seenEvents(toResponses).at(-1)?.json.response.output ?? [];
    expect(item.content[0].logprobs.map((entry: { token: string }) => entry.token)).toEqual(["a", "b", "c"]);
  });
});

describe("a stream that nobody asked for", () => {
  const answer = (body: string) =>
    translateResponse({ from: "chat", to: "messages", body, context: PLAIN_CONTEXT, ...fixedSurroundings() });

  it("is an answer", () => {
    const text = `: hello\n\n${chatStream(delta({ content: "fi" }), delta({ content: "ne" }, "stop"))}${DONE}`;
    expect(isEventStream(text)).toBe(true);
    expect(isEventStream("<html>a: b</html>")).toBe(false);
    expect(JSON.parse(answer(text).body).content).toMatchObject([{ type: "text", text: "fine" }]);
  });

  it("is an error where it does not end", () => {
    expect(() => answer(chatStream(delta({ content: "fi" })))).toThrow("before it was complete");
    expect(() => answer("no stream")).toThrow("before it was complete");
  });
});
