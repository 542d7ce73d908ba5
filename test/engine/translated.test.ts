import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import OpenAI from "openai";
import { zodFunction, zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry } from "../support/gateway";
import {
  cutStream,
  type Exchange,
  json,
  type Player,
  ReplayProvider,
  stream,
} from "../support/replayProvider";
import { ownStream } from "../unit/protocols/support/recordings";
import { namedStream } from "../unit/protocols/support/translate";
import { inspectStream } from "../unit/protocols/support/wellFormed";

/** Clients of one protocol on providers of another, through the whole gateway. */
let provider: ReplayProvider;
let gateway: Gateway;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url, { id: "chat", models: [{ id: "m" }] }),
      providerEntry(provider.url, { id: "responses", wireApi: "responses", models: [{ id: "m" }] }),
      providerEntry(provider.url, { id: "messages", type: "anthropic", models: [{ id: "m" }] }),
    ],
  });
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: GATEWAY_KEY, maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: gateway.url, apiKey: GATEWAY_KEY, maxRetries: 0 });
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const requestOf = async (exchange: Exchange) => JSON.parse((await exchange.body).toString("utf8"));
const events = (text: string) => stream(text.split(/(?<=\n\n)/));
const hello = [{ role: "user" as const, content: "hello" }];

/** A provider of any protocol that calls the tool `add` once, and then says what came of it. */
const calculator: Player = async (exchange) => {
  const text = (await exchange.body).toString("utf8");
  const protocol = /chat\/completions/.test(exchange.path)
    ? "chat"
    : exchange.path.includes("responses")
      ? "responses"
      : "messages";
  const done = /"role":"tool"|function_call_output|tool_result/.test(text);
  const answer = done ? `It is ${/[^\d](42)[^\d]/.exec(text)?.[1] ?? "lost"}.` : undefined;
  await json(answers[protocol](answer))(exchange);
};
const add = '{"a":40,"b":2}';
const answers = {
  chat: (answer?: string) => ({
    id: "c1",
    choices: [
      answer === undefined
        ? {
            message: {
              role: "assistant",
              tool_calls: [{ id: "call_1", type: "function", function: { name: "add", arguments: add } }],
            },
            finish_reason: "tool_calls",
          }
        : { message: { role: "assistant", content: answer }, finish_reason: "stop" },
    ],
    usage: { prompt_tokens: 9, completion_tokens: 3 },
  }),
  responses: (answer?: string) => ({
    id: "resp_1",
    status: "completed",
    output: [
      answer === undefined
        ? { id: "fc_1", type: "function_call", call_id: "call_1", name: "add", arguments: add }
        : {
            id: "msg_1",
            type: "message",
            role: "assistant",
            content: [{ type: "output_text", text: answer }],
          },
    ],
    usage: { input_tokens: 9, output_tokens: 3 },
  }),
  messages: (answer?: string) => ({
    id: "msg_1",
    content: [
      answer === undefined
        ? { type: "tool_use", id: "toolu_1", name: "add", input: JSON.parse(add) }
        : { type: "text", text: answer },
    ],
    stop_reason: answer === undefined ? "tool_use" : "end_turn",
    usage: { input_tokens: 9, output_tokens: 3 },
  }),
};

describe("official SDKs on foreign providers", () => {
  it.each(["responses", "messages"])("openai's chat tool runner on %s", async (id) => {
    provider.play = calculator;
    const runner = openai.chat.completions.runTools({
      model: `${id}/m`,
      messages: hello,
      tools: [
        zodFunction({
          name: "add",
          parameters: z.object({ a: z.number(), b: z.number() }),
          function: ({ a, b }) => String(a + b),
        }),
      ],
    });
    expect(await runner.finalContent()).toBe("It is 42.");
  });

  it.each(["chat", "responses"])(
    "Anthropic's tool runner on %s, which goes on without threads",
    async (id) => {
      provider.play = calculator;
      const tool = betaZodTool({
        name: "add",
        description: "adds",
        inputSchema: z.object({ a: z.number(), b: z.number() }),
        run: ({ a, b }) => String(a + b),
      });
      const final = await anthropic.beta.messages.toolRunner({
        model: `${id}/m`,
        max_tokens: 100,
        messages: hello,
        tools: [tool],
      });
      expect(final.content).toMatchObject([{ type: "text", text: "It is 42." }]);
    },
  );

  it("structured output helpers on every other provider", async () => {
    const shape = z.object({ city: z.string() });
    const body = '{"city":"Wien"}';
    provider.play = json(answers.messages(body));
    const chat = await openai.chat.completions.parse({
      model: "messages/m",
      messages: hello,
      response_format: zodResponseFormat(shape, "place"),
    });
    expect(chat.choices[0]?.message.parsed).toEqual({ city: "Wien" });
    expect((await requestOf(provider.last)).output_config.format.type).toBe("json_schema");
    const response = await openai.responses.parse({
      model: "messages/m",
      input: "x",
      text: { format: zodTextFormat(shape, "place") },
    });
    expect(response.output_parsed).toEqual({ city: "Wien" });
    provider.play = json(answers.responses(body));
    const other = await openai.chat.completions.parse({
      model: "responses/m",
      messages: hello,
      response_format: zodResponseFormat(shape, "place"),
    });
    expect(other.choices[0]?.message.parsed).toEqual({ city: "Wien" });
  });

  it("stream helpers on every other provider", async () => {
    provider.play = events(ownStream("chat-reasoning-tools.sse").toString());
    const message = await anthropic.messages
      .stream({ model: "chat/m", max_tokens: 100, messages: hello })
      .finalMessage();
    expect(message.content.map(({ type }) => type)).toEqual(["thinking", "text", "tool_use", "tool_use"]);
    expect(message.usage).toMatchObject({
      input_tokens: 20,
      cache_read_input_tokens: 100,
      output_tokens: 30,
    });
    provider.play = events(ownStream("messages-thinking-tools.sse").toString());
    const completion = await openai.chat.completions
      .stream({ model: "messages/m", messages: hello })
      .finalChatCompletion();
    expect(
      completion.choices[0]?.message.tool_calls?.map(
        (call) => call.type === "function" && call.function.arguments,
      ),
    ).toEqual(['{"path": "a.txt"}', "{}"]);
    const response = await openai.responses.stream({ model: "messages/m", input: "x" }).finalResponse();
    expect(response.output.map(({ type }) => type)).toEqual([
      "reasoning",
      "message",
      "function_call",
      "function_call",
    ]);
    expect(response.usage).toMatchObject({ input_tokens: 127, output_tokens: 30 });
  });
});

describe("a translated request", () => {
  it("goes to the provider's own route, with its own key and none of the client's headers", async () => {
    provider.play = json(answers.chat("fine"));
    const answer = await gateway.post(
      "/v1/messages?beta=true",
      { model: "chat/m", max_tokens: 5, messages: hello, top_k: 3 },
      { "anthropic-beta": "x-1", "anthropic-version": "2023-06-01" },
    );
    expect(answer.status).toBe(200);
    expect(answer.headers.get("x-postern-dropped")).toBe("top_k");
    expect(answer.headers.get("x-postern-provider")).toBe("chat");
    const { path, headers } = provider.last;
    expect(path).toBe("/v1/chat/completions");
    expect(headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    expect(headers["anthropic-beta"]).toBeUndefined();
    expect((await requestOf(provider.last)).model).toBe("m");
    expect(await answer.json()).toMatchObject({
      type: "message",
      model: "chat/m",
      usage: { input_tokens: 9, output_tokens: 3 },
    });
  });

  it("that no translation can carry is refused before the provider is asked", async () => {
    const asked = provider.requests.length;
    const answer = await gateway.post("/v1/responses", {
      model: "chat/m",
      input: "x",
      previous_response_id: "resp_1",
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: "previous_response_not_found" } });
    expect(provider.requests.length).toBe(asked);
  });

  it("to a provider of the client's own protocol loses only what another provider had signed", async () => {
    provider.play = events(ownStream("chat-reasoning-tools.sse").toString());
    const { content } = await anthropic.messages
      .stream({ model: "chat/m", max_tokens: 100, messages: hello })
      .finalMessage();
    provider.play = json(answers.messages("fine"));
    const history = [...hello, { role: "assistant", content: content.slice(0, 2) }, ...hello];
    await gateway.post("/v1/messages", { model: "messages/m", max_tokens: 5, messages: history });
    expect((await requestOf(provider.last)).messages[1].content).toMatchObject([
      { type: "text", text: "I look." },
    ]);
  });
});

describe("a translated failure", () => {
  const streamed = { model: "messages/m", stream: true, messages: hello };

  it("keeps status, message and what to wait for", async () => {
    provider.play = json({ type: "error", error: { type: "overloaded_error", message: "busy" } }, 529, {
      "retry-after": "3",
    });
    const answer = await gateway.post("/v1/chat/completions", streamed);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "3"]);
    expect(await answer.json()).toMatchObject({ error: { message: "busy" } });
  });

  it("that is the first event of a stream has a status", async () => {
    provider.play = events(
      namedStream({ type: "error", error: { type: "rate_limit_error", message: "slow" } }),
    );
    const answer = await gateway.post("/v1/chat/completions", streamed);
    expect(answer.status).toBe(429);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toMatchObject({ error: { message: "slow" } });
  });

  it.each(["fin", "reset"] as const)(
    "in the middle of a stream (%s) is an error event, and no success",
    async (how) => {
      const frames = ownStream("messages-thinking-tools.sse")
        .toString()
        .split(/(?<=\n\n)/);
      provider.play = cutStream(frames.slice(0, 4), how);
      for (const [path, protocol, body] of [
        ["/v1/chat/completions", "chat", streamed],
        ["/v1/responses", "responses", { model: "messages/m", stream: true, input: "x" }],
      ] as const) {
        const text = await (await gateway.post(path, body)).text();
        expect(inspectStream(protocol, text)).toEqual({ faults: [], ending: "error" });
      }
    },
  );

  it("of the client's is told to the provider", async () => {
    const frames = ownStream("messages-thinking-tools.sse")
      .toString()
      .split(/(?<=\n\n)/);
    provider.play = async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(frames.slice(0, 4).join(""));
    };
    const asked = provider.next();
    const leaving = new AbortController();
    const answer = await gateway.fetch("/v1/chat/completions", {
      method: "POST",
      body: JSON.stringify(streamed),
      headers: { "content-type": "application/json" },
      signal: leaving.signal,
    });
    await answer.body?.getReader().read();
    leaving.abort();
    expect(await (await asked).closed).toEqual({ early: true });
  });
});
