import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;
const PATH = "/v1/messages/count_tokens";

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url, { id: "chat" }),
      providerEntry(provider.url, { id: "responses", wireApi: "responses" }),
      providerEntry(provider.url, { id: "messages", type: "anthropic" }),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

async function count(body: object, model = "chat/model-a") {
  const answer = await gateway.post(PATH, { model, messages: [], ...body });
  const { input_tokens } = (await answer.json()) as { input_tokens: number };
  return {
    status: answer.status,
    tokens: input_tokens,
    estimated: answer.headers.get("x-postern-estimated"),
  };
}
const user = (content: unknown) => ({ messages: [{ role: "user", content }] });

describe("tokens at a provider that cannot count them", () => {
  it.each(["chat", "responses"])("(%s) are counted here, without asking it", async (id) => {
    const asked = provider.requests.length;
    const text = "The quick brown fox jumps over the lazy dog.";
    // Ten tokens of cl100k_base, and what is around a message.
    expect(await count(user(text), `${id}/model-a`)).toEqual({
      status: 200,
      tokens: 10 + 6,
      estimated: "input_tokens",
    });
    expect(provider.requests.length).toBe(asked);
  });

  it("count everything the model is given to read", async () => {
    const { tokens: bare } = await count(user("hello"));
    const system = [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }];
    const tool = { name: "weather", description: "Tells the weather", input_schema: { type: "object" } };
    const more = [
      { ...user("hello"), system: "Be brief." },
      { ...user("hello"), system },
      { ...user("hello"), tools: [tool] },
      user([{ type: "text", text: "hello there" }]),
      {
        messages: [
          { role: "assistant", content: [{ type: "tool_use", name: "weather", input: { city: "Bern" } }] },
        ],
      },
      user([{ type: "tool_result", tool_use_id: "t", content: [{ type: "text", text: "rain all day" }] }]),
      user([
        { type: "document", source: { type: "text", media_type: "text/plain", data: "a page of text" } },
      ]),
    ];
    for (const body of more) expect((await count(body)).tokens).toBeGreaterThan(bare);
    expect((await count({ ...user("hello"), tools: [] })).tokens).toBe(bare);
    expect((await count({})).tokens).toBe(3);
  });

  it("take images and documents by rule of thumb, not by their base64", async () => {
    const image = (data: string) => ({
      type: "image",
      source: { type: "base64", media_type: "image/png", data },
    });
    const pdf = (data: string) => ({
      type: "document",
      source: { type: "base64", media_type: "application/pdf", data },
    });
    expect((await count(user([image("A".repeat(400_000))]))).tokens).toBe(1_606);
    expect((await count(user([pdf("A".repeat(1_000))]))).tokens).toBe(2_006);
    expect((await count(user([pdf("A".repeat(65_537))]))).tokens).toBe(4_006);
    const result = { type: "tool_result", tool_use_id: "t", content: [image("AAAA")] };
    expect((await count(user([result]))).tokens).toBe(1_606);
  });

  it("leave out thinking of earlier turns, as Anthropic does, and never count a signature", async () => {
    const thought = (thinking: string) => ({ type: "thinking", thinking, signature: "s".repeat(5_000) });
    const turn = (thinking: string) => [
      { role: "user", content: "hello" },
      {
        role: "assistant",
        content: [thought(thinking), { type: "tool_use", id: "t", name: "f", input: {} }],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "ok" }] },
    ];
    const more = [{ role: "user", content: "and now?" }];
    const tokens = async (messages: object[]) => (await count({ messages })).tokens;
    expect(await tokens(turn("one two three"))).toBe((await tokens(turn(""))) + 3);
    expect(await tokens([...turn("one two three"), ...more])).toBe(await tokens([...turn(""), ...more]));
  });

  it("take words that look like a tokenizer's own marks as text, and odd shapes as nothing", async () => {
    expect((await count(user("<|endoftext|>"))).tokens).toBeGreaterThan(6);
    for (const messages of [null, 1, [null], [{ content: [null, 1, { type: 7 }] }], [{ content: 5 }]])
      expect((await count({ messages })).status).toBe(200);
    const lone = await gateway.post(
      PATH,
      '{"model":"chat/model-a","messages":[{"role":"user","content":"\\ud83d"}]}',
    );
    expect(lone.status).toBe(200);
  });

  it("refuse what is no JSON, and an unknown model, in Anthropic's shape", async () => {
    const broken = await gateway.post(PATH, '{"model":"chat/model-a","system":"\\x"}');
    expect([broken.status, await broken.json()]).toEqual([400, expect.objectContaining({ type: "error" })]);
    expect((await gateway.post(PATH, { model: "model-x", messages: [] })).status).toBe(404);
  });

  it("are what Anthropic's SDK expects, also 34 at once and without tools", async () => {
    const client = new Anthropic({ baseURL: gateway.url, apiKey: GATEWAY_KEY, maxRetries: 0 });
    const one = (index: number) =>
      client.beta.messages.countTokens({
        model: "chat/model-a",
        tools: [],
        messages: [{ role: "user", content: `Number ${index}` }],
      });
    const counts = await Promise.all(Array.from({ length: 34 }, (_, index) => one(index)));
    expect(counts.every(({ input_tokens }) => input_tokens === 9)).toBe(true);
  });
});

describe("a long text", () => {
  const words = "It was the best of times, it was the worst of times; ".repeat(20_000);

  it("is counted by a sample, near the truth", async () => {
    const { tokens } = await count(user(words));
    expect(tokens / (20_000 * 14)).toBeGreaterThan(0.97);
    expect(tokens / (20_000 * 14)).toBeLessThan(1.03);
  });

  it.each([
    ["of words", words.repeat(5)],
    ["without a space", "日本語のテキスト".repeat(650_000)],
    ["of one letter", "a".repeat(5_000_000)],
    ["of short blocks", "short "],
  ])("%s is answered, by bounded work", async (name, text) => {
    const content = name === "of short blocks" ? Array(200_000).fill({ type: "text", text }) : text;
    const { status, tokens } = await count(user(content));
    expect(status).toBe(200);
    expect(tokens).toBeGreaterThan(100_000);
  });
});

describe("tokens at an Anthropic provider", () => {
  const body = { model: "messages/model-a", messages: [{ role: "user", content: "hello" }] };

  it("are asked of it", async () => {
    provider.play = json({ input_tokens: 42 });
    expect(await count(user("hello"), "messages/model-a")).toEqual({
      status: 200,
      tokens: 42,
      estimated: null,
    });
    expect(provider.last.path).toBe(PATH);
    await gateway.post(`${PATH}?beta=true`, body, { "anthropic-beta": "token-counting-2024-11-01" });
    expect(provider.last.path).toBe(`${PATH}?beta=true`);
    expect(provider.last.headers["anthropic-beta"]).toBe("token-counting-2024-11-01");
  });

  it.each([
    [404, "application/json"],
    [404, "text/html"],
    [405, "text/plain"],
    [501, "application/json"],
  ])("are counted here if it answers %i with %s", async (status, type) => {
    provider.play = json("{}", status, { "content-type": type });
    expect(await count(user("hello"), "messages/model-a")).toEqual({
      status: 200,
      tokens: 7,
      estimated: "input_tokens",
    });
  });

  it("are not made up where it refuses the key or fails", async () => {
    for (const status of [401, 429, 500]) {
      provider.play = json({ type: "error", error: { type: "x", message: "no" } }, status);
      const answer = await gateway.post(PATH, body);
      expect([answer.status, answer.headers.get("x-postern-estimated")]).toEqual([status, null]);
    }
  });
});
