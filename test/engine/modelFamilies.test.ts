import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway, providerEntry } from "../support/gateway";
import { recording } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json(recording("chat.json").toString()));
  const models = [
    { id: "gpt-5.1", deployment: "prod" },
    { id: "ours", baseModel: "gpt-5.1" },
  ];
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url, { id: "azure", type: "azure", models }),
      providerEntry(provider.url, { id: "openai", models: [{ id: "gpt-5.1" }, { id: "gpt-4o" }] }),
      providerEntry(provider.url, {
        id: "own",
        models: [
          { id: "gpt-5-tuned", reasoning: false, maxOutput: 1000 },
          { id: "gpt-4-thinker", efforts: ["low", "high"] },
          { id: "o3-like", efforts: [] },
        ],
      }),
      providerEntry(provider.url, {
        id: "claudish",
        type: "anthropic",
        models: [{ id: "kimi", maxOutput: 8000, reasoning: false, structuredOutput: false }],
      }),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const messages = [{ role: "user", content: "hi" }];
async function sent(path: string, body: object): Promise<string> {
  expect((await gateway.post(path, body)).status).toBe(200);
  return (await provider.last.body).toString();
}

describe("what a model refuses", () => {
  it("is known of an Azure deployment by the model that it serves", async () => {
    const body = { model: "azure/gpt-5.1", max_tokens: 50, temperature: 0.5, messages };
    expect(JSON.parse(await sent("/v1/messages", body))).toEqual({
      model: "prod",
      messages,
      max_completion_tokens: 50,
    });
  });

  it("is renamed at OpenAI and Azure where Chat Completions meets Chat Completions, and nothing else is touched", async () => {
    const body = { model: "azure/gpt-5.1", max_tokens: 50, temperature: 0.5, messages };
    expect(await sent("/v1/chat/completions", body)).toBe(
      JSON.stringify({ model: "prod", max_completion_tokens: 50, temperature: 0.5, messages }),
    );
  });

  it("is not renamed at other servers, whose rules are their own", async () => {
    const body = { model: "openai/gpt-5.1", max_tokens: 50, messages };
    expect(await sent("/v1/chat/completions", body)).toBe(JSON.stringify({ ...body, model: "gpt-5.1" }));
  });

  it("is not renamed for models that know it", async () => {
    const body = { model: "openai/gpt-4o", max_tokens: 50, messages };
    expect(await sent("/v1/chat/completions", body)).toBe(JSON.stringify({ ...body, model: "gpt-4o" }));
  });
});

describe("what the person says of a model", () => {
  const ask = (model: string, extra: object) =>
    sent("/v1/messages", { model, max_tokens: 50, messages, ...extra });
  const thinking = { thinking: { type: "enabled", budget_tokens: 5000 }, max_tokens: 9000 };

  it("names the model that a deployment of another name serves", async () => {
    expect(JSON.parse(await ask("azure/ours", { temperature: 0.5 }))).toEqual({
      model: "ours",
      messages,
      max_completion_tokens: 50,
    });
    const body = { model: "azure/ours", max_tokens: 50, messages };
    expect(await sent("/v1/chat/completions", body)).toBe(
      JSON.stringify({ model: "ours", max_completion_tokens: 50, messages }),
    );
  });

  it("wins over what its name lets expect", async () => {
    expect(JSON.parse(await ask("own/gpt-5-tuned", { ...thinking, temperature: 0.5 }))).toEqual({
      model: "gpt-5-tuned",
      messages,
      max_tokens: 1000,
      temperature: 0.5,
    });
    expect(JSON.parse(await ask("own/o3-like", thinking))).not.toHaveProperty("reasoning_effort");
    expect(JSON.parse(await ask("own/gpt-4-thinker", thinking))).toMatchObject({ reasoning_effort: "low" });
  });

  it("counts towards a server of Messages too", async () => {
    const schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
    const body = {
      model: "claudish/kimi",
      messages,
      max_tokens: 20_000,
      reasoning_effort: "high",
      response_format: { type: "json_schema", json_schema: { name: "a", schema } },
    };
    provider.play = json(recording("messages.json").toString());
    const got = JSON.parse(await sent("/v1/chat/completions", body));
    expect(got).toMatchObject({ max_tokens: 8000, tool_choice: { type: "tool" } });
    expect(got).not.toHaveProperty("thinking");
  });
});
