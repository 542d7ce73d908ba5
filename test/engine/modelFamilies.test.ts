import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway, providerEntry } from "../support/gateway";
import { recording } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json(recording("chat.json").toString()));
  const models = [{ id: "gpt-5.1", deployment: "prod" }];
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url, { id: "azure", type: "azure", models }),
      providerEntry(provider.url, { id: "openai", models: [{ id: "gpt-5.1" }, { id: "gpt-4o" }] }),
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
