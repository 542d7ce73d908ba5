import { afterAll, beforeAll, expect, it } from "vitest";
import { InProcessEngine } from "../support/inProcess";
import { recording } from "../support/recordings";
import { cutStream, json, type Player, ReplayProvider, stream } from "../support/replayProvider";

let provider: ReplayProvider;
let engine: InProcessEngine;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  engine = await InProcessEngine.start(provider.url);
});

afterAll(async () => {
  await engine?.close();
  await provider?.stop();
});

/** What a call adds to the day's counts: requests, and those without a report. */
async function adds(play: Player, call: () => Promise<Response>): Promise<[number, number]> {
  provider.play = play;
  const before = engine.service.status().usage;
  await (await call()).text().catch(() => {});
  const deadline = performance.now() + 2_000;
  while (engine.service.running > 0 && performance.now() < deadline)
    await new Promise((r) => setTimeout(r, 5));
  const after = engine.service.status().usage;
  return [after.requests - before.requests, after.unreported - before.unreported];
}
const chat = (more = {}) => engine.ask("chat", "chat", more);

it("counting tokens is no request to a model, nor is asking for a kept response", async () => {
  const body = { model: "chat/model-a", messages: [] };
  const path = "/v1/messages/count_tokens";
  expect(await adds(json({}), () => engine.post(path, body))).toEqual([0, 0]);
  const own = { ...body, model: "messages/model-a" };
  expect(await adds(json({ input_tokens: 3 }), () => engine.post(path, own))).toEqual([0, 0]);
  expect(await adds(json({}, 404), () => engine.post(path, own))).toEqual([0, 0]);
  expect(await adds(json({}, 500), () => engine.post(path, own))).toEqual([0, 0]);
  const kept = json({ id: "resp_1", usage: { input_tokens: 5, output_tokens: 5 } });
  expect(await adds(kept, () => engine.post("/v1/responses/resp_1/cancel", {}))).toEqual([0, 0]);
});

it("a call that failed is a request, but no report of it is missing", async () => {
  const stuck: Player = ({ socket }) => socket.destroy();
  for (const play of [json({ error: {} }, 500), json({ error: {} }, 429), stuck]) {
    expect(await adds(play, () => chat())).toEqual([1, 0]);
    expect(await adds(play, () => engine.ask("messages", "chat"))).toEqual([1, 0]);
  }
  const cut = cutStream(['data: {"choices":[{"delta":{"content":"a"}}]}\n\n'], "fin");
  expect(await adds(cut, () => chat({ stream: true }))).toEqual([1, 0]);
  expect(await adds(cut, () => engine.ask("messages", "chat", { stream: true }))).toEqual([1, 0]);
});

it("a good answer without a report is one, with a report it is not", async () => {
  const silent =
    '{"id":"x","object":"chat.completion","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"a"}}]}';
  expect(await adds(json(silent), () => chat())).toEqual([1, 1]);
  expect(await adds(json(silent), () => engine.ask("messages", "chat"))).toEqual([1, 1]);
  expect(await adds(stream([recording("chat-text.sse")]), () => chat({ stream: true }))).toEqual([1, 0]);
});

it("what was not carried over is named on answers, streams and errors alike", async () => {
  const more = { seed: 7, logit_bias: { "1": 1 }, temperature: 0.5 };
  const dropped = async (play: Player, stream: boolean) => {
    provider.play = play;
    const answer = await engine.ask("chat", "messages", { ...more, stream });
    await answer.text();
    return [answer.status, answer.headers.get("x-postern-dropped")];
  };
  const names = "seed, logit_bias";
  expect(await dropped(json(recording("messages.json").toString()), false)).toEqual([200, names]);
  expect(await dropped(stream([recording("messages-tools.sse")]), true)).toEqual([200, names]);
  const error = { type: "error", error: { type: "overloaded_error", message: "busy" } };
  expect(await dropped(json(error, 529), false)).toEqual([503, names]);
  expect(await dropped(json(error, 529), true)).toEqual([503, names]);
  expect(await dropped(stream([`event: error\ndata: ${JSON.stringify(error)}\n\n`]), true)).toEqual([
    503,
    names,
  ]);
  expect(await dropped(({ socket }) => socket.destroy(), true)).toEqual([502, names]);
  expect(await dropped(json("no JSON"), false)).toEqual([502, names]);
});

it("what a byte-exact body had to lose is named too", async () => {
  provider.play = json(recording("messages.json").toString());
  const foreign = { type: "thinking", thinking: "hm", signature: "postern1.chat.abcdef" };
  const messages = [
    { role: "user", content: "hi" },
    { role: "assistant", content: [foreign, { type: "text", text: "yes" }] },
    { role: "user", content: "go on" },
  ];
  const answer = await engine.ask("messages", "messages", { messages });
  expect(answer.headers.get("x-postern-dropped")).toBe("thinking");
  expect((await provider.last.body).toString()).not.toContain("postern1.");
});

it("a body in which somebody only wrote of our mark stays as it is", async () => {
  provider.play = json(recording("messages.json").toString());
  const content = 'the "postern1. mark';
  const answer = await engine.ask("messages", "messages", {
    messages: [
      { role: "user", content },
      { role: "user", content: "postern1.x" },
    ],
  });
  expect(answer.headers.get("x-postern-dropped")).toBeNull();
});
