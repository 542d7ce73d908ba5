import OpenAI from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { json, type Player, ReplayProvider, writeAll } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({ providers: [providerEntry(provider.url)] });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const vector = [0.5, -1.25, 3e-8, 0, 1 / 3];
const floats32 = Array.from(new Float32Array(vector));
const inBase64 = Buffer.from(new Float32Array(vector).buffer).toString("base64");
const answer = (embedding: unknown) =>
  `{"object":"list",  "data":[{"object":"embedding","index":0,"embedding" : ${JSON.stringify(embedding)}}],"model":"m","usage":{"prompt_tokens":3,"total_tokens":3},"own":"é"}`;
const ask = (extra: object) => gateway.post("/v1/embeddings", { model: "model-a", input: "hi", ...extra });

it("base64 is made of a provider's lists, as the SDK asks for it by itself", async () => {
  provider.play = json(answer(vector));
  const client = new OpenAI({ apiKey: GATEWAY_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  const { data, usage } = await client.embeddings.create({ model: "model-a", input: "hi" });
  expect(JSON.parse((await provider.last.body).toString()).encoding_format).toBe("base64");
  expect(data[0]?.embedding).toEqual(floats32);
  expect(usage.total_tokens).toBe(3);
  const raw = await (await ask({ encoding_format: "base64" })).text();
  expect(JSON.parse(raw)).toEqual({
    ...JSON.parse(answer(vector)),
    data: [{ object: "embedding", index: 0, embedding: inBase64 }],
  });
});

it("lists are made of a provider's base64, also where no form was asked for", async () => {
  provider.play = json(answer(inBase64), 200, { etag: '"x"' });
  for (const extra of [{ encoding_format: "float" }, {}]) {
    const response = await ask(extra);
    expect(response.headers.get("etag")).toBeNull();
    expect(Number(response.headers.get("content-length"))).toBe((await response.clone().text()).length + 1);
    const body = (await response.json()) as { data: [{ embedding: number[] }] };
    expect(body.data[0].embedding).toEqual(floats32);
  }
});

it.each([
  ["base64", inBase64],
  ["float", vector],
])(
  "%s that was asked for and given passes to the byte, in whatever pieces it comes",
  async (form, embedding) => {
    const text = answer(embedding);
    const inPieces: Player = async ({ response }) => {
      response.writeHead(200, { "content-type": "application/json" });
      await writeAll(response, text.match(/.{1,7}/gs) ?? []);
      response.end();
    };
    for (const play of [json(text), inPieces]) {
      provider.play = play;
      expect(await (await ask({ encoding_format: form })).text()).toBe(text);
    }
  },
);

it.each([
  [400, '{"error":{"message":"encoding_format is not supported"}}'],
  [200, '{"object":"list","data":[],"usage":{"prompt_tokens":0}}'],
  [200, ""],
  [200, "no JSON"],
])("%i with %j is passed on as it is", async (status, text) => {
  provider.play = json(text, status);
  const response = await ask({ encoding_format: "base64" });
  expect([response.status, await response.text()]).toEqual([status, text]);
});

it.each([
  '{"data":[{"embedding":[1,"two"]}]}',
  '{"data":[{"embedding":[1,2]}',
  '{"data":[{"embedding":[1,2]},{}]}',
  '{"embedding":[1,2]}',
])("what cannot be put into the form asked for is a 502: %s", async (text) => {
  provider.play = json(text);
  const response = await ask({ encoding_format: "base64" });
  expect([response.status, await response.text()]).toEqual([502, expect.stringContaining("base64")]);
});

it("a connection that breaks in the midst is a 502", async () => {
  provider.play = ({ response, socket }) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
    response.write('{"data":[{"embedding":[1,');
    setTimeout(() => socket.destroy(), 50);
  };
  expect((await ask({ encoding_format: "base64" })).status).toBe(502);
});

it("large answers are converted", async () => {
  const many = Array.from({ length: 1_000 }, (_, index) => ({
    object: "embedding",
    index,
    embedding: Array.from({ length: 300 }, (_, at) => Math.fround(Math.sin(index + at))),
  }));
  provider.play = json({ object: "list", data: many });
  const client = new OpenAI({ apiKey: GATEWAY_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
  const { data } = await client.embeddings.create({ model: "model-a", input: "hi" });
  expect(data.map(({ embedding }) => embedding)).toEqual(many.map(({ embedding }) => embedding));
});
