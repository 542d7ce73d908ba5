import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry } from "../support/gateway";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url),
      { ...providerEntry(provider.url), id: "messages", type: "anthropic", models: [{ id: "model-m" }] },
    ],
  });
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

function ask(model: string, more: object = {}): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${GATEWAY_KEY}` },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }], ...more }),
  });
}

describe("a provider that quotes the key it refuses", () => {
  const quoting = {
    error: { message: `Incorrect API key provided: ${PROVIDER_KEY}`, type: "invalid_request_error" },
  };

  it.each([
    ["in the same protocol", "model-a", {}],
    ["to a stream", "model-a", { stream: true }],
    ["in another protocol", "model-m", {}],
  ])("%s does not tell it to the client", async (_, model, more) => {
    provider.play = json(quoting, 401);
    const answer = await ask(model, more);
    const text = await answer.text();
    expect(answer.status).toBe(401);
    expect(text).not.toContain(PROVIDER_KEY);
    expect(JSON.parse(text).error.message).toContain("Incorrect API key provided: [redacted]");
  });

  it("is passed on to the byte where it does not", async () => {
    const body = '{ "error" : {"message":"no such model ü", "code":null}}';
    provider.play = json(body, 404, { "content-length": Buffer.byteLength(body) });
    const answer = await ask("model-a");
    expect(await answer.text()).toBe(body);
    expect(answer.headers.get("content-length")).toBe(String(Buffer.byteLength(body)));
  });
});
