import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry } from "../support/gateway";
import { recording } from "../support/recordings";
import { json, ReplayProvider, stream } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;
let client: Anthropic;
const request = {
  model: "claude/model-a",
  max_tokens: 100,
  messages: [{ role: "user" as const, content: "hi" }],
};

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({
    providers: [providerEntry(provider.url, { id: "claude", type: "anthropic" })],
  });
  client = new Anthropic({ apiKey: GATEWAY_KEY, baseURL: gateway.url, maxRetries: 0 });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

describe("the Anthropic SDK", () => {
  it("gets a message, and the provider gets its own key and no other", async () => {
    provider.play = json(recording("messages.json").toString());
    const message = await client.messages.create(request);
    expect(message.content).toMatchObject([{ type: "text", text: "Ça va ?" }]);
    expect(provider.last.headers["x-api-key"]).toBe(PROVIDER_KEY);
    expect(provider.last.rawHeaders.join("\n")).not.toContain(GATEWAY_KEY);
  });

  it("assembles a message with thinking from a stream with its helper", async () => {
    provider.play = stream([recording("messages-thinking.sse")]);
    const helper = client.messages.stream({ ...request, thinking: { type: "enabled", budget_tokens: 1024 } });
    const final = await helper.finalMessage();
    expect(final.content.map(({ type }) => type)).toEqual(["thinking", "text"]);
    expect(final.usage).toMatchObject({ input_tokens: 20, output_tokens: 31, cache_read_input_tokens: 5 });
  });

  it("assembles tool input", async () => {
    provider.play = stream([recording("messages-tools.sse")]);
    const final = await client.messages.stream(request).finalMessage();
    expect(final.content).toMatchObject([{ type: "tool_use", input: { city: "Köln" } }]);
  });

  it("counts tokens, also with a beta", async () => {
    provider.play = json({ input_tokens: 14 });
    const { model, messages } = request;
    expect((await client.messages.countTokens({ model, messages })).input_tokens).toBe(14);
    expect(provider.last.path).toBe("/v1/messages/count_tokens");
    await client.beta.messages.countTokens({ model, messages, betas: ["own-beta-1"] });
    expect(provider.last.headers["anthropic-beta"]).toContain("own-beta-1");
  });

  it("lists models in Anthropic's shape and gets one", async () => {
    const ids: string[] = [];
    for await (const { id, type } of client.models.list()) {
      expect(type).toBe("model");
      ids.push(id);
    }
    expect(ids).toEqual(["model-a", "model-b", "claude/model-a", "claude/model-b"]);
    expect(await client.models.retrieve("model-b")).toMatchObject({ id: "model-b", display_name: "model-b" });
  });

  it("works under /anthropic and with an auth token, as Claude Code sends it", async () => {
    provider.play = json(recording("messages.json").toString());
    const other = new Anthropic({
      apiKey: null,
      authToken: GATEWAY_KEY,
      baseURL: `${gateway.url}/anthropic`,
      maxRetries: 0,
    });
    expect((await other.messages.create(request)).stop_reason).toBe("end_turn");
    expect(provider.last.headers.authorization).toBeUndefined();
    expect(provider.last.headers["x-api-key"]).toBe(PROVIDER_KEY);
  });

  it("turns our errors and the provider's into its own classes", async () => {
    const stranger = new Anthropic({ apiKey: "wrong", baseURL: gateway.url, maxRetries: 0 });
    await expect(stranger.messages.create(request)).rejects.toThrow(Anthropic.AuthenticationError);
    await expect(client.messages.create({ ...request, model: "modl-a" })).rejects.toThrow(
      /Did you mean model-a/,
    );
    provider.play = json({ type: "error", error: { type: "overloaded_error", message: "busy" } }, 529);
    await expect(client.messages.create(request)).rejects.toMatchObject({ status: 529 });
  });

  it("throws the error that ends a cut stream", async () => {
    provider.play = stream([recording("messages-thinking.sse").subarray(0, 700)]);
    await expect(client.messages.stream(request).finalMessage()).rejects.toThrow(/ended its stream before/);
  });
});
