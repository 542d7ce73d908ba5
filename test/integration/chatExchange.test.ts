import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AnswerPart, ChatAsk, ChatMessage, ChatPart } from "../../src/core/chat/parts";
import type { EngineProvider } from "../../src/core/config/engineConfig";
import { NO_FACTS } from "../../src/core/models/facts";
import type { WireProtocol } from "../../src/core/protocols/wire";
import { ChatAccessCache } from "../../src/vscode/chat/access";
import { ChatExchange, type ChatFailureError } from "../../src/vscode/chat/exchange";
import { PrivateClient } from "../../src/vscode/chat/privateClient";
import type { EngineLink } from "../../src/vscode/engine/link";
import { type ChatModel, chatModels } from "../../src/vscode/render/chatModel";
import { Engine, EngineClient, engineConfig, type Home, newHome } from "../support/engine";
import { PROVIDER_KEY } from "../support/gateway";
import { json, ReplayProvider, writeAll } from "../support/replayProvider";
import { Refusal } from "../support/scripted/refusal";
import { ScriptedProvider } from "../support/scriptedProvider";
import { eventually, within } from "../support/waiting";

const PROTOCOLS: readonly WireProtocol[] = ["chat", "responses", "messages"];
const MODEL: Record<WireProtocol, string> = {
  chat: "gpt-5.1",
  responses: "gpt-5.1",
  messages: "claude-sonnet-4-5",
};

let provider: ScriptedProvider;
let home: Home;
let engine: Engine;
let client: EngineClient;
let exchange: ChatExchange;
const log: string[] = [];
const write = (message: string): void => void log.push(message);
const quiet = { error: write, warn: write, info: write, debug: write, trace: write };

function providers(url: string): EngineProvider[] {
  return PROTOCOLS.map((id) => ({
    config: {
      id,
      type: id === "messages" ? "anthropic" : "openai",
      wireApi: id === "responses" ? "responses" : "completions",
      baseUrl: url,
      enabled: true,
      models: [{ id: MODEL[id] }, { id: "deepseek-r1" }],
    },
    credential: { kind: "apiKey", value: PROVIDER_KEY },
  }));
}

function model(protocol: WireProtocol, id = MODEL[protocol], url = provider.url): ChatModel {
  const [found] = chatModels([{ id, facts: NO_FACTS }], {
    id: protocol,
    name: `My ${protocol}`,
    type: protocol === "messages" ? "anthropic" : "openai",
    baseUrl: url,
    protocol,
  });
  if (!found) throw new Error("no model");
  return found;
}

const user = (...parts: (string | ChatPart)[]): ChatMessage => ({
  role: "user",
  parts: parts.map((part) => (typeof part === "string" ? { kind: "text", text: part } : part)),
});

const READ_FILE = {
  name: "read_file",
  description: "Reads a file",
  inputSchema: { type: "object", properties: { path: { type: "string" } }, required: ["path"] },
};

function asking(messages: readonly ChatMessage[], changes: Partial<ChatAsk> = {}): ChatAsk {
  return { messages, tools: [], toolRequired: false, options: {}, configuration: {}, ...changes };
}

async function run(
  asked: ChatModel,
  ask: ChatAsk,
  signal = new AbortController().signal,
  through = exchange,
): Promise<AnswerPart[]> {
  const parts: AnswerPart[] = [];
  const report = (part: AnswerPart): void => void parts.push(part);
  await within(
    through.run({ ask, model: asked, origin: {}, userAgent: "postern/test", signal, report }),
    "the end of the answer",
  );
  return parts;
}

async function failure(asked: ChatModel, ask: ChatAsk): Promise<ChatFailureError["failure"]> {
  const error = await run(asked, ask).then(
    () => undefined,
    (thrown: ChatFailureError) => thrown,
  );
  if (!error) throw new Error("it did not fail");
  return error.failure;
}

const textOf = (parts: readonly AnswerPart[]): string =>
  parts.map((part) => (part.kind === "text" ? part.text : "")).join("");

/** An answer as VS Code's Chat brings it back: thinking joined to one part, with the metadata of the last. */
function joinedByChat(parts: readonly AnswerPart[]): ChatMessage {
  const thinking = parts.filter((part) => part.kind === "thinking");
  const metadata = thinking.findLast((part) => part.metadata)?.metadata ?? {};
  const thought: ChatPart[] =
    thinking.length === 0
      ? []
      : [{ kind: "thinking", text: thinking.map(({ text }) => text).join(""), metadata }];
  const calls = parts.filter((part) => part.kind === "toolCall");
  return { role: "assistant", parts: [{ kind: "text", text: textOf(parts) }, ...thought, ...calls] };
}

/** An answer as an extension brings it back that keeps every part it got. */
function asItCame(parts: readonly AnswerPart[]): ChatMessage {
  return {
    role: "assistant",
    parts: parts.flatMap((part): ChatPart[] => {
      if (part.kind === "usage") return [];
      return [part.kind === "thinking" ? { ...part, metadata: part.metadata ?? {} } : part];
    }),
  };
}

async function configure(to: EngineClient, url: string): Promise<void> {
  await to.request("configure", { ...engineConfig(url), providers: providers(url) });
}

beforeAll(async () => {
  provider = await ScriptedProvider.start(() => ({ text: "unset" }));
  home = newHome();
  engine = new Engine(home);
  client = await EngineClient.join(home);
  await configure(client, provider.url);
});
afterAll(async () => {
  client?.close();
  await engine?.end();
  await provider?.stop();
  home?.remove();
});
beforeEach(() => {
  log.length = 0;
  exchange = new ChatExchange(new PrivateClient(() => client.request("chatAccess", {})), quiet);
});
afterEach(() => expect(provider.refusals).toEqual([]));

describe.each(PROTOCOLS)("a model of a provider of %s", (protocol) => {
  it("answers in pieces, in the provider's own protocol, and says what it used", async () => {
    provider.play(() => ({ text: "Hello from the model." }));
    const parts = await run(model(protocol), asking([user("Hi")]));
    expect(textOf(parts)).toBe("Hello from the model.");
    expect(parts.filter(({ kind }) => kind === "text").length).toBeGreaterThan(1);
    expect([...provider.asked]).toEqual([protocol]);
    expect(provider.last).toMatchObject({ model: MODEL[protocol], stream: true });
    const usage = parts.at(-1);
    expect(usage).toMatchObject({
      kind: "usage",
      usage: {
        prompt_tokens: 100,
        completion_tokens: 25,
        total_tokens: 125,
        prompt_tokens_details: { cached_tokens: 40 },
      },
    });
    expect(log).toEqual([]);
  });

  it.each([
    ["joined by VS Code's Chat", joinedByChat],
    ["kept part by part", asItCame],
  ])("calls a tool, and gets back what it had thought (%s)", async (_, brought) => {
    const reasoner = protocol === "chat" ? model(protocol, "deepseek-r1") : model(protocol);
    provider.play((seen) =>
      seen.answersResult
        ? { text: `It says: ${seen.results.at(-1)?.text}` }
        : {
            reasoning: "I must read it first.",
            text: "Reading.",
            calls: [{ name: "read_file", input: '{"path":"a.txt"}' }],
          },
    );
    const configuration = { reasoningEffort: "medium" };
    const tools = [READ_FILE];
    const first = await run(reasoner, asking([user("What is in a.txt?")], { tools, configuration }));
    const thought = first.filter((part) => part.kind === "thinking");
    expect(thought.map(({ text }) => text).join("")).toBe("I must read it first.");
    const call = first.find((part) => part.kind === "toolCall");
    expect(call).toMatchObject({ name: "read_file", input: { path: "a.txt" } });
    if (call?.kind !== "toolCall") throw new Error("no call");
    const second = await run(
      reasoner,
      asking(
        [
          user("What is in a.txt?"),
          brought(first),
          user({ kind: "toolResult", id: call.id, parts: [{ kind: "text", text: "42" }], isError: false }),
        ],
        { tools, configuration },
      ),
    );
    expect(textOf(second)).toBe("It says: 42");
    expect(provider.last.thinking).toEqual(["I must read it first."]);
    expect(provider.last.reasoning).toBe(true);
    expect(log).toEqual([]);
    expect(provider.last.calls).toMatchObject([{ name: "read_file", input: '{"path":"a.txt"}' }]);
    expect(provider.last.tools).toEqual([{ name: "read_file", custom: false }]);
  });

  it("gets images, also in a tool's result, and instructions", async () => {
    provider.play(() => ({ text: "Seen." }));
    const image: ChatPart = { kind: "data", mimeType: "image/png", data: PNG };
    const call: ChatPart = { kind: "toolCall", id: "call_1", name: "read_file", input: {} };
    await run(
      model(protocol),
      asking(
        [
          { role: "system", parts: [{ kind: "text", text: "Be brief." }] },
          user("Look", image),
          { role: "assistant", parts: [call] },
          user({ kind: "toolResult", id: "call_1", parts: [image], isError: false }),
        ],
        { tools: [READ_FILE] },
      ),
    );
    const data = `data:image/png;base64,${Buffer.from(PNG).toString("base64")}`;
    expect(provider.last.images).toEqual([data, data]);
    expect(provider.last.system).toEqual(["Be brief."]);
  });

  it("gets nothing of what VS Code keeps for itself", async () => {
    provider.play(() => ({ text: "ok" }));
    const own = Object.fromEntries(
      ["_conversationId", "_telemetryTurn", "_otelTraceContext", "_capturingTokenCorrelationId"].map(
        (key) => [key, "canary-7f3"],
      ),
    );
    const bookkeeping = ["stateful_marker", "thinking", "context_management", "phase_data", "usage"].map(
      (mimeType): ChatPart => ({ kind: "data", mimeType, data: new TextEncoder().encode("canary-7f3") }),
    );
    await run(
      model(protocol),
      asking([user("Hi", ...bookkeeping)], {
        options: { ...own, _other: { x: "canary-7f3" }, max_tokens: 99 },
      }),
    );
    const { body, rawHeaders } = provider.wire.last;
    expect(`${await body} ${rawHeaders.join(" ")}`).not.toContain("canary-7f3");
    expect(JSON.stringify(provider.last.body)).toContain("99");
    expect(log).toEqual([]);
  });

  it("is ended at the provider when the person cancels", async () => {
    const slow = await ReplayProvider.start(async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      await writeAll(response, [FIRST_EVENT[protocol]]);
    });
    await configure(client, slow.url);
    const abort = new AbortController();
    const parts: AnswerPart[] = [];
    const running = exchange.run({
      ask: asking([user("Count")]),
      model: model(protocol),
      origin: {},
      userAgent: "postern/test",
      signal: abort.signal,
      report: (part) => void parts.push(part),
    });
    await eventually(() => parts.some(({ kind }) => kind === "text"), "the first words");
    abort.abort();
    await within(running, "the end");
    expect(await within(slow.last.closed, "the provider's end")).toEqual({ early: true });
    await configure(client, provider.url);
    await slow.stop();
  });

  it("makes a call that was cut no call, and says so", async () => {
    const cut = await ReplayProvider.start(async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(CUT_CALL[protocol]);
    });
    await configure(client, cut.url);
    const parts: AnswerPart[] = [];
    const running = exchange.run({
      ask: asking([user("Read")], { tools: [READ_FILE] }),
      model: model(protocol),
      origin: {},
      userAgent: "postern/test",
      signal: new AbortController().signal,
      report: (part) => void parts.push(part),
    });
    await expect(running).rejects.toThrow(/length limit in the middle of a tool call/);
    expect(parts.filter(({ kind }) => kind === "toolCall")).toEqual([]);
    await configure(client, provider.url);
    await cut.stop();
  });

  it("that has thought up to its length limit and said nothing is not silent about it", async () => {
    provider.play(() => ({ reasoning: "Let me see", length: true }));
    const found = await failure(model(protocol), asking([user("Hi")]));
    expect(found.message).toMatch(/reached its length limit before it had said anything/);
    provider.play(() => ({ text: "Half", length: true }));
    expect(textOf(await run(model(protocol), asking([user("Hi")])))).toBe("Half");
  });

  it("has to call a tool where one is required, and is told how hard to think", async () => {
    provider.play(() => ({ text: "ok" }));
    const ask = asking([user("Hi")], {
      tools: [READ_FILE],
      toolRequired: true,
      ...(protocol === "messages" ? {} : { configuration: { reasoningEffort: "high" } }),
    });
    await run(model(protocol), ask);
    const { body } = provider.last;
    if (protocol === "chat")
      expect(body).toMatchObject({ tool_choice: "required", reasoning_effort: "high" });
    if (protocol === "responses")
      expect(body).toMatchObject({ tool_choice: "required", reasoning: { effort: "high", summary: "auto" } });
    if (protocol === "messages") expect(body).toMatchObject({ tool_choice: { type: "any" } });
  });

  it.each([
    [401, "The key is wrong.", "NoPermissions", /^My \w+: The key is wrong\. .*"Postern: Replace Key"/],
    [402, "Insufficient balance", "Unknown", /no credit left/],
    [404, "There is no such model.", "NotFound", /Refresh Models/],
    [429, "Slow down", "Unknown", /try again in 7 s/],
    [400, "prompt is too long: 300000 tokens > 200000 maximum", "Unknown", /start a new chat/],
    [500, "Oops", "Unknown", /Try again in a moment/],
  ])("says what to do about HTTP %i", async (status, message, kind, sentence) => {
    provider.play(() => {
      throw new Refusal(message, { status, headers: { "retry-after": "7" } });
    });
    const found = await failure(model(protocol), asking([user("Hi")]));
    expect(found.kind).toBe(kind);
    expect(found.message).toMatch(sentence);
  });

  it("says what to do where Postern itself refuses", async () => {
    const gone = { ...model(protocol), target: { ...model(protocol).target, id: `${protocol}/gone` } };
    const found = await failure(gone, asking([user("Hi")]));
    expect(found).toMatchObject({
      kind: "NotFound",
      message: expect.stringMatching(/^The model .*gone.* is not known/),
    });
  });

  it("fails where the provider breaks off, with what had come", async () => {
    provider.play(() => ({ text: "Half of what was to be said.", cut: true }));
    const parts: AnswerPart[] = [];
    const running = exchange.run({
      ask: asking([user("Hi")]),
      model: model(protocol),
      origin: {},
      userAgent: "postern/test",
      signal: new AbortController().signal,
      report: (part) => void parts.push(part),
    });
    await expect(running).rejects.toThrow(/before/);
    expect(textOf(parts)).not.toBe("");
  });
});

describe("a provider with habits of its own", () => {
  it("may answer in one piece", async () => {
    const whole = await ReplayProvider.start(
      json({
        id: "c",
        object: "chat.completion",
        created: 1,
        model: "m",
        choices: [
          { index: 0, message: { role: "assistant", content: "All at once." }, finish_reason: "stop" },
        ],
      }),
    );
    await configure(client, whole.url);
    expect(await run(model("chat", "deepseek-r1"), asking([user("Hi")]))).toEqual([
      { kind: "text", text: "All at once." },
    ]);
    await configure(client, provider.url);
    await whole.stop();
  });

  it("is asked without a summary of the reasoning where it gives none to this account", async () => {
    let refused = 0;
    provider.play((seen) => {
      const { summary } = (seen.body.reasoning ?? {}) as { summary?: string };
      if (summary === undefined) return { text: "Done." };
      refused += 1;
      throw new Refusal("Your organization must be verified to generate reasoning summaries.", {
        status: 400,
      });
    });
    const ask = asking([user("Hi")], { configuration: { reasoningEffort: "low" } });
    expect(textOf(await run(model("responses"), ask))).toBe("Done.");
    expect(textOf(await run(model("responses"), ask))).toBe("Done.");
    expect(refused).toBe(1);
  });

  it("is given marks for its cache in an agent's conversation, where VS Code sets none", async () => {
    provider.play(() => ({ text: "ok" }));
    const marks = (): number => JSON.stringify(provider.last.body).match(/"cache_control"/g)?.length ?? 0;
    const system: ChatMessage = { role: "system", parts: [{ kind: "text", text: "You are an agent." }] };
    await run(model("messages"), asking([system, user("Hi")], { tools: [READ_FILE] }));
    expect(marks()).toBe(3);
    await run(model("messages"), asking([system, user("Hi")]));
    expect(marks()).toBe(0);
    const own: ChatPart = {
      kind: "data",
      mimeType: "cache_control",
      data: new TextEncoder().encode("ephemeral"),
    };
    await run(model("messages"), asking([system, user("Hi", own)], { tools: [READ_FILE] }));
    expect(marks()).toBe(1);
  });

  it("does not get another's thinking", async () => {
    provider.play(() => ({ reasoning: "A secret of the first.", text: "Well." }));
    const configuration = { reasoningEffort: "medium" };
    const first = await run(model("responses"), asking([user("Hi")], { configuration }));
    const history = [user("Hi"), joinedByChat(first), user("And now?")];
    provider.play(() => ({ text: "Fine." }));
    expect(textOf(await run(model("messages"), asking(history, { configuration })))).toBe("Fine.");
    expect(provider.last.thinking).toEqual([]);
    expect(JSON.stringify(provider.last.body)).not.toContain("A secret of the first");
  });
});

describe("what cannot be sent", () => {
  it("is said to the model and in the log", async () => {
    provider.play(() => ({ text: "ok" }));
    const sound: ChatPart = { kind: "data", mimeType: "audio/wav", data: new Uint8Array(10) };
    await run(model("chat"), asking([user("Listen", sound)], { options: { logit_banana: 1 } }));
    expect(JSON.stringify(provider.last.texts)).toMatch(/Something of type audio\/wav stood here/);
    expect(log.join("\n")).toMatch(/audio\/wav, modelOptions\.logit_banana/);
  });
});

describe("an engine that is replaced", () => {
  it("leaves the next request to its successor", async () => {
    provider.play(() => ({ text: "Still here." }));
    const place = newHome();
    const first = new Engine(place);
    const before = await EngineClient.join(place);
    await configure(before, provider.url);
    // As the supervisor does: whoever asks while there is no engine waits for the next.
    let link = Promise.resolve(before);
    const access = new ChatAccessCache(() => link as Promise<unknown> as Promise<EngineLink>);
    const through = new ChatExchange(new PrivateClient(() => access.get()), quiet);
    expect(textOf(await run(model("chat"), asking([user("Hi")]), undefined, through))).toBe("Still here.");
    await before.request("drain", {});
    const answer = run(model("chat"), asking([user("Hi")]), undefined, through);
    await within(first.exited, "the first engine's end");
    const second = new Engine(place);
    link = EngineClient.join(place);
    await configure(await link, provider.url);
    expect(textOf(await answer)).toBe("Still here.");
    before.close();
    (await link).close();
    await second.end();
    place.remove();
  });

  it("that dies is named, and the answer does not look whole", async () => {
    const place = newHome();
    const mortal = new Engine(place);
    const window = await EngineClient.join(place);
    const slow = await ReplayProvider.start(async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      await writeAll(response, [FIRST_EVENT.chat]);
    });
    await configure(window, slow.url);
    const through = new ChatExchange(new PrivateClient(() => window.request("chatAccess", {})), quiet);
    const parts: AnswerPart[] = [];
    const running = through.run({
      ask: asking([user("Hi")]),
      model: model("chat"),
      origin: {},
      userAgent: "postern/test",
      signal: new AbortController().signal,
      report: (part) => void parts.push(part),
    });
    const ended = expect(running).rejects.toThrow(/engine went away before the answer was complete/);
    await eventually(() => parts.length > 0, "the first words");
    await mortal.end("SIGKILL");
    await ended;
    window.close();
    await slow.stop();
    place.remove();
  });
});

/** One pixel. */
const PNG = new Uint8Array(
  Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  ),
);

const FIRST_EVENT: Record<WireProtocol, string> = {
  chat: `data: ${JSON.stringify({
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta: { role: "assistant", content: "One" }, finish_reason: null }],
  })}\n\n`,
  responses: [
    {
      type: "response.created",
      sequence_number: 0,
      response: { id: "r", status: "in_progress", output: [] },
    },
    {
      type: "response.output_item.added",
      sequence_number: 1,
      output_index: 0,
      item: { type: "message", id: "m", role: "assistant", status: "in_progress", content: [] },
    },
    {
      type: "response.content_part.added",
      sequence_number: 2,
      item_id: "m",
      output_index: 0,
      content_index: 0,
      part: { type: "output_text", text: "", annotations: [] },
    },
    {
      type: "response.output_text.delta",
      sequence_number: 3,
      item_id: "m",
      output_index: 0,
      content_index: 0,
      delta: "One",
    },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join(""),
  messages: [
    {
      type: "message_start",
      message: {
        id: "m",
        type: "message",
        role: "assistant",
        model: "m",
        content: [],
        usage: { input_tokens: 1 },
      },
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "One" } },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join(""),
};

const named = (events: readonly { readonly type: string }[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
const chunk = (delta: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({
    id: "c",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [{ index: 0, delta, finish_reason }],
  })}\n\n`;
const HALF = '{"path":"/etc/pas';
const CALL_ITEM = { type: "function_call", id: "f", call_id: "call_1", name: "read_file" };

/** A tool call whose arguments reached the answer's limit. */
const CUT_CALL: Record<WireProtocol, string> = {
  chat:
    chunk({
      role: "assistant",
      tool_calls: [
        { index: 0, id: "call_1", type: "function", function: { name: "read_file", arguments: HALF } },
      ],
    }) +
    chunk({}, "length") +
    "data: [DONE]\n\n",
  responses: named([
    { type: "response.created", ...{ response: { id: "r", status: "in_progress", output: [] } } },
    {
      type: "response.output_item.added",
      ...{ output_index: 0, item: { ...CALL_ITEM, status: "in_progress", arguments: "" } },
    },
    { type: "response.function_call_arguments.delta", ...{ item_id: "f", output_index: 0, delta: HALF } },
    {
      type: "response.output_item.done",
      ...{ output_index: 0, item: { ...CALL_ITEM, status: "incomplete", arguments: HALF } },
    },
    {
      type: "response.incomplete",
      ...{
        response: {
          id: "r",
          status: "incomplete",
          incomplete_details: { reason: "max_output_tokens" },
          output: [{ ...CALL_ITEM, status: "incomplete", arguments: HALF }],
        },
      },
    },
  ]),
  messages: named([
    {
      type: "message_start",
      ...{ message: { id: "m", type: "message", role: "assistant", model: "m", content: [], usage: {} } },
    },
    {
      type: "content_block_start",
      ...{ index: 0, content_block: { type: "tool_use", id: "toolu_1", name: "read_file", input: {} } },
    },
    { type: "content_block_delta", ...{ index: 0, delta: { type: "input_json_delta", partial_json: HALF } } },
    { type: "content_block_stop", ...{ index: 0 } },
    { type: "message_delta", ...{ delta: { stop_reason: "max_tokens" }, usage: { output_tokens: 9 } } },
    { type: "message_stop" },
  ]),
};
