import OpenAI, { AzureOpenAI } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry } from "../support/gateway";
import { recording } from "../support/recordings";
import { json, ReplayProvider, stream } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;
let client: OpenAI;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  const azure = { type: "azure", models: [{ id: "gpt-own", deployment: "my-deployment" }] };
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url),
      providerEntry(provider.url, { id: "resp", wireApi: "responses", models: [{ id: "model-r" }] }),
      providerEntry(provider.url, { ...azure, id: "azure-old", azure: { apiVersion: "2024-10-21" } }),
      providerEntry(provider.url, { ...azure, id: "azure-new" }),
    ],
  });
  client = new OpenAI({ apiKey: GATEWAY_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

describe("the openai SDK", () => {
  it("gets a Chat completion, and the provider gets its own key and no other", async () => {
    provider.play = json(recording("chat.json").toString());
    const completion = await client.chat.completions.create({
      model: "fake/model-a",
      messages: [{ role: "user", content: "hi" }],
    });
    expect(completion.choices[0]?.message.content).toBe("Zwölf Boxkämpfer");
    expect(provider.last.path).toBe("/v1/chat/completions");
    expect(provider.last.headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
    expect(provider.last.rawHeaders.join("\n")).not.toContain(GATEWAY_KEY);
    expect(JSON.parse((await provider.last.body).toString()).model).toBe("model-a");
  });

  it("reads a Chat stream to its end, without the usage chunk it did not ask for", async () => {
    provider.play = stream([recording("chat-text.sse")]);
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await client.chat.completions.create({
      model: "model-a",
      stream: true,
      messages: [{ role: "user", content: "hi" }],
    }))
      chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      "Grüße aus 日本 🗻 é\\",
    );
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("assembles tool calls with its stream helper", async () => {
    provider.play = stream([recording("chat-tools.sse")]);
    const runner = client.chat.completions.stream({
      model: "model-a",
      messages: [{ role: "user", content: "hi" }],
      tools: [{ type: "function", function: { name: "weather", parameters: {} } }],
      stream_options: { include_usage: true },
    });
    const completion = await runner.finalChatCompletion();
    const call = completion.choices[0]?.message.tool_calls?.[0];
    expect(call?.type === "function" && call.function.arguments).toBe('{"city":"Zürich"}');
    expect((await runner.totalUsage()).total_tokens).toBe(69);
  });

  it("gets a Responses answer, plain and streaming", async () => {
    provider.play = json(recording("responses.json").toString());
    const answer = await client.responses.create({ model: "model-r", input: "hi" });
    expect(answer.output_text).toBe("Œuvre");
    provider.play = stream([recording("responses-tools.sse")]);
    const run = client.responses.stream({ model: "model-r", input: "hi" });
    const final = await run.finalResponse();
    expect(final.output.map((item) => item.type)).toEqual(["reasoning", "function_call"]);
    expect(final.usage?.total_tokens).toBe(116);
  });

  it("gets embeddings", async () => {
    provider.play = json({
      object: "list",
      model: "model-b",
      data: [{ object: "embedding", index: 0, embedding: [0.5, -1] }],
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
    const { data } = await client.embeddings.create({
      model: "model-b",
      input: "hi",
      encoding_format: "float",
    });
    expect(data[0]?.embedding).toEqual([0.5, -1]);
    expect(provider.last.path).toBe("/v1/embeddings");
  });

  it("lists models and gets one, also with a slash in its id", async () => {
    const ids = (await client.models.list()).data.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(["model-a", "fake/model-a", "azure-old/gpt-own"]));
    expect(new Set(ids).size).toBe(ids.length);
    expect(await client.models.retrieve("fake/model-b")).toMatchObject({
      id: "fake/model-b",
      object: "model",
    });
    await expect(client.models.retrieve("model-x")).rejects.toThrow(OpenAI.NotFoundError);
  });

  it("turns our errors and the provider's into its own classes", async () => {
    const ask = (by: OpenAI, model = "model-a") =>
      by.chat.completions.create({ model, messages: [{ role: "user", content: "hi" }] });
    const stranger = new OpenAI({ apiKey: "wrong", baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    await expect(ask(stranger)).rejects.toThrow(OpenAI.AuthenticationError);
    await expect(ask(client, "model-c")).rejects.toThrow(/Did you mean/);
    provider.play = json({ error: { message: "slow down", type: "rate_limit_error" } }, 429);
    await expect(ask(client)).rejects.toThrow(OpenAI.RateLimitError);
  });

  it("throws the error that ends a cut stream", async () => {
    const bytes = recording("chat-text.sse");
    provider.play = stream([bytes.subarray(0, 500)]);
    const read = async () => {
      for await (const _ of await client.chat.completions.create({
        model: "model-a",
        stream: true,
        messages: [{ role: "user", content: "hi" }],
      }));
    };
    await expect(read()).rejects.toThrow(/ended its stream before/);
  });
});

describe("the AzureOpenAI client", () => {
  const azure = (deployment?: string) =>
    new AzureOpenAI({
      apiKey: GATEWAY_KEY,
      endpoint: gateway.url,
      apiVersion: "2024-06-01",
      maxRetries: 0,
      ...(deployment ? { deployment } : {}),
    });
  const messages = [{ role: "user" as const, content: "hi" }];

  it("reaches a deployments route, with the api-version of the provider and the key as api-key", async () => {
    provider.play = json(recording("chat.json").toString());
    await azure().chat.completions.create({ model: "azure-old/gpt-own", messages });
    expect(provider.last.path).toBe(
      "/openai/deployments/my-deployment/chat/completions?api-version=2024-10-21",
    );
    expect(provider.last.headers["api-key"]).toBe(PROVIDER_KEY);
    expect(provider.last.headers.authorization).toBeUndefined();
  });

  it("reaches a versionless route with the deployment as the model", async () => {
    provider.play = json(recording("chat.json").toString());
    await azure().chat.completions.create({ model: "azure-new/gpt-own", messages });
    expect(provider.last.path).toBe("/openai/v1/chat/completions");
    expect(JSON.parse((await provider.last.body).toString()).model).toBe("my-deployment");
  });

  it("streams, and may name the deployment in the path alone", async () => {
    provider.play = stream([recording("chat-text.sse")]);
    let text = "";
    for await (const chunk of await azure("gpt-own").chat.completions.create({
      model: "",
      messages,
      stream: true,
    }))
      text += chunk.choices[0]?.delta.content ?? "";
    expect(text).toContain("Grüße");
    expect(provider.last.path).toContain("/openai/deployments/my-deployment/");
  });
});
