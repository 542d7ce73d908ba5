import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY } from "../support/gateway";
import { InProcessEngine } from "../support/inProcess";
import { type Protocol, recording } from "../support/recordings";
import { json, type Player, ReplayProvider } from "../support/replayProvider";
import { within } from "../support/waiting";

const SILENCE_MS = 40;
/** Long enough for two words, also on a busy machine. */
const PAUSE_MS = 110;
const SAMPLE: Record<Protocol, string> = {
  chat: "chat-tools.sse",
  responses: "responses-tools.sse",
  messages: "messages-tools.sse",
};
const protocols = Object.keys(SAMPLE) as Protocol[];
const pairs = protocols.flatMap((client) => protocols.map((spoken) => [client, spoken] as const));

let provider: ReplayProvider;
let engine: InProcessEngine;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  engine = await InProcessEngine.start(provider.url, { silenceMs: SILENCE_MS });
});

afterAll(async () => {
  await engine?.close();
  await provider?.stop();
});
afterEach(() => {
  provider.play = json({});
});

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const textOf = (protocol: Protocol) => recording(SAMPLE[protocol]).toString();
const framesOf = (protocol: Protocol) => textOf(protocol).split(/(?<=\n\n)/);

/** Sends pieces, and is silent after each of those that are named. */
const pausing =
  (pieces: readonly string[], after: readonly number[]): Player =>
  async ({ response, body }) => {
    await body;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    for (const [index, piece] of ["", ...pieces].entries()) {
      if (piece !== "") response.write(piece);
      if (after.includes(index)) await wait(PAUSE_MS);
    }
    response.end();
  };

const WORD: Record<Protocol, RegExp> = {
  chat: /^: keep-alive\n\n$/,
  messages: /^event: ping\ndata: \{"type":"ping"\}\n\n$/,
  responses: /^(: keep-alive|event: response\.(created|in_progress)\ndata: .*)\n\n$/,
};
const options = (client: Protocol) =>
  client === "chat" ? { stream: true, stream_options: { include_usage: true } } : { stream: true };

describe("while a provider is silent", () => {
  it.each(protocols)("%s: words stand between whole events, and the rest is as it was", async (protocol) => {
    const frames = framesOf(protocol);
    const middle = Math.floor(frames.length / 2);
    const pieces = [
      ...frames.slice(0, middle),
      (frames[middle] ?? "").slice(0, 9),
      (frames[middle] ?? "").slice(9),
    ];
    provider.play = pausing([...pieces, ...frames.slice(middle + 1)], [0, 1, middle + 1]);
    const answer = await engine.ask(protocol, protocol, options(protocol));
    expect(answer.status).toBe(200);
    const got = (await within(answer.text(), "the end")).split(/(?<=\n\n)/);
    const added = [...got];
    for (const frame of frames) added.splice(added.indexOf(frame), 1);
    expect(added.length).toBeGreaterThanOrEqual(4);
    for (const word of added) expect(word).toMatch(WORD[protocol]);
    expect(got.filter((frame) => !added.includes(frame)).join("")).toBe(textOf(protocol));
  });

  it.each(protocols)("%s: the headers go out before the provider has said anything", async (protocol) => {
    let goOn = () => {};
    const released = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    provider.play = async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      await released;
      response.end(textOf(protocol));
    };
    const answer = await within(engine.ask(protocol, protocol, options(protocol)), "the headers");
    goOn();
    expect((await answer.text()).endsWith(textOf(protocol))).toBe(true);
  });

  it.each(pairs)("%s at %s: nothing follows the terminal event", async (client, spoken) => {
    const frames = framesOf(spoken);
    provider.play = pausing(frames, [frames.length]);
    const text = await (await engine.ask(client, spoken, options(client))).text();
    const last = { chat: "data: [DONE]\n\n", messages: "message_stop", responses: "response.completed" }[
      client
    ];
    expect(text.slice(text.lastIndexOf(last))).not.toMatch(/keep-alive|ping|in_progress/);
    expect(text.trimEnd().split("\n\n").at(-1)).toContain(last.trimEnd());
  });

  it("within an event too large to hold nothing is said", async () => {
    const huge = `data: {"choices":[{"delta":{"content":"${"x".repeat(9 * 1024 * 1024)}`;
    const rest = '"}}]}\n\ndata: {"choices":[{"finish_reason":"stop","delta":{}}]}\n\ndata: [DONE]\n\n';
    provider.play = pausing([huge, rest], [1]);
    const text = await (await engine.ask("chat", "chat", options("chat"))).text();
    // Before it something may be said, on a machine that is slow to take it in.
    expect(text.replace(/^(: [^\n]*\n\n)+/, "") === huge + rest).toBe(true);
  });

  it("a plain answer gets no word, and still fails with its status", async () => {
    const slow: Player = async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
      await wait(PAUSE_MS);
      response.end(recording("chat.json"));
    };
    for (const client of ["chat", "messages"] as const) {
      provider.play = slow;
      const answer = await engine.ask(client, "chat");
      expect((await answer.text()).startsWith("{")).toBe(true);
    }
    provider.play = async ({ response, body }) => {
      await body;
      await wait(PAUSE_MS);
      response.writeHead(429, { "content-type": "application/json" });
      response.end('{"error":{"message":"slow down"}}');
    };
    for (const client of protocols)
      expect((await engine.ask(client, "chat", options(client))).status).toBe(429);
  });
});

describe("official SDKs read on over the words", () => {
  const pauses = (spoken: Protocol) =>
    Array.from({ length: framesOf(spoken).length }, (_, index) => index).filter(
      (index) => index < 2 || index % 3 === 0,
    );

  it.each(protocols)("openai, Chat, at %s", async (spoken) => {
    provider.play = pausing(framesOf(spoken), pauses(spoken));
    const client = new OpenAI({ apiKey: GATEWAY_KEY, baseURL: `${engine.url}/v1`, maxRetries: 0 });
    const completion = await client.chat.completions
      .stream({ model: `${spoken}/model-a`, messages: [{ role: "user", content: "hi" }] })
      .finalChatCompletion();
    expect(completion.choices[0]?.message.tool_calls?.length).toBeGreaterThan(0);
  });

  it.each(protocols)("openai, Responses, at %s", async (spoken) => {
    provider.play = pausing(framesOf(spoken), pauses(spoken));
    const client = new OpenAI({ apiKey: GATEWAY_KEY, baseURL: `${engine.url}/v1`, maxRetries: 0 });
    const run = client.responses.stream({ model: `${spoken}/model-a`, input: "hi" });
    const numbers: number[] = [];
    run.on("event", (event) => {
      numbers.push((event as { sequence_number: number }).sequence_number);
    });
    const final = await run.finalResponse();
    expect(final.output.some(({ type }) => type === "function_call")).toBe(true);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it.each(protocols)("@anthropic-ai/sdk at %s", async (spoken) => {
    provider.play = pausing(framesOf(spoken), pauses(spoken));
    const client = new Anthropic({ baseURL: engine.url, apiKey: GATEWAY_KEY, maxRetries: 0 });
    const message = await client.messages
      .stream({ model: `${spoken}/model-a`, max_tokens: 100, messages: [{ role: "user", content: "hi" }] })
      .finalMessage();
    expect(message.content.some(({ type }) => type === "tool_use")).toBe(true);
  });
});
