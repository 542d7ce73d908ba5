import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Gateway, providerEntry } from "../support/gateway";
import { PATH, type Protocol } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url, {
        models: [{ id: "gpt-own-5" }, { id: "gpt-own-5-mini" }, { id: "other" }],
      }),
      providerEntry(provider.url, { id: "off", enabled: false, models: [{ id: "model-off" }] }),
      providerEntry("https://api.example.com", {
        id: "keyless",
        apiKey: "${env:NO_SUCH_VARIABLE}",
        models: [{ id: "model-k" }],
      }),
      providerEntry(provider.url, { id: "claude", type: "anthropic", models: [{ id: "model-c" }] }),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

interface ErrorBody {
  readonly type?: string;
  readonly error: { readonly message: string; readonly type: string; readonly code?: string };
}

async function refused(body: string, protocol: Protocol = "chat") {
  const asked = provider.requests.length;
  const answer = await gateway.post(PATH[protocol], body);
  const { error, type } = (await answer.json()) as ErrorBody;
  expect(provider.requests.length).toBe(asked);
  expect(type).toBe(protocol === "messages" ? "error" : undefined);
  return { status: answer.status, headers: answer.headers, ...error };
}

describe("a broken body is a 400 that says where", () => {
  it.each([
    ["", 0],
    ["   ", 3],
    ["nonsense", 0],
    ["[]", 0],
    ['"model"', 0],
    ["null", 0],
    ['{"model":"other"', 16],
    ['{"model":"other",}', 17],
    ['{"model" "other"}', 9],
    ["{'model':'other'}", 1],
    ['{"model":"other"} x', 18],
    ['{"model":other}', 9],
    ['{"model":"other","n":01}', 21],
    ['{"model":"other","n":NaN}', 21],
    ['{"model":"other","t":"open}', 27],
    ['{"ü":1,,}', 8],
  ])("%j at byte %i", async (body, offset) => {
    const fault = await refused(body);
    expect([fault.status, fault.code]).toEqual([400, "invalid_json"]);
    expect(fault.message).toContain(`at byte ${offset}.`);
  });

  it("in each protocol's shape, and without a word of the prompt", async () => {
    for (const protocol of ["responses", "messages"] as const) {
      const fault = await refused('{"model":"other","secret prompt": tru}', protocol);
      expect([fault.status, fault.type]).toEqual([400, "invalid_request_error"]);
      expect(fault.message).not.toContain("secret");
    }
    expect(gateway.stderr).not.toContain("secret");
  });

  it("however deeply it is nested", async () => {
    const deep = `{"model":"other","x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    expect((await refused(deep)).message).toContain("nested too deeply");
  });
});

describe("a model that cannot be had", () => {
  it("is refused where its name is longer than any: what is learnt of a target is kept under its name", async () => {
    for (const model of [`claude/${"x".repeat(1_000_000)}`, "claude-via-postern/".repeat(100_000)]) {
      const fault = await refused(JSON.stringify({ model, messages: [] }));
      expect([fault.status, fault.code]).toEqual([404, "model_not_found"]);
      expect(fault.message).toBe(
        "A model with a name of more than 1000 characters is not known; GET /v1/models lists what there is.",
      );
    }
  });

  it.each([
    "{}",
    '{"model":null}',
    '{"model":7}',
    '{"model":{"id":"other"}}',
    '{"model":""}',
    '{"Model":"other"}',
  ])("is a 400: %s", async (body) => {
    const fault = await refused(body);
    expect([fault.status, fault.code]).toEqual([400, "invalid_request"]);
    expect(fault.message).toContain('"model"');
  });

  it.each([
    ["gpt-own-6", /Did you mean gpt-own-5/],
    ["fake/gpt-own", /Did you mean .*gpt-own-5/],
    ["GPT-OWN-5", /gpt-own-5/],
    ["constructor", /not known/],
    ["nothing like it at all, not by far", /GET \/v1\/models/],
    ["x".repeat(5000), /not known/],
    ["a\u0000\r\nb", /not known/],
  ])("is a 404 that helps: %j", async (model, message) => {
    for (const protocol of ["chat", "messages"] as const) {
      const fault = await refused(JSON.stringify({ model }), protocol);
      expect([fault.status, fault.type]).toEqual([404, "not_found_error"]);
      expect(fault.message).toMatch(message);
      expect(fault.message.length).toBeLessThan(600);
    }
  });

  it("is a 403 that says why: a disabled provider, and one without a key", async () => {
    for (const model of ["off/model-off", "model-off"]) {
      const fault = await refused(JSON.stringify({ model }));
      expect([fault.status, fault.code]).toEqual([403, "provider_disabled"]);
      expect(fault.message).toContain('"off"');
    }
    const fault = await refused('{"model":"model-k"}');
    expect([fault.status, fault.code]).toEqual([403, "provider_key_missing"]);
    expect(fault.message).toContain("NO_SUCH_VARIABLE");
  });

  it("is not listed", async () => {
    const list = await (await gateway.fetch("/v1/models")).text();
    expect(list).toContain("gpt-own-5");
    expect(list).not.toContain("model-off");
  });
});

describe("a request in another protocol than the provider's", () => {
  it.each([
    ["messages", "other"],
    ["responses", "other"],
    ["chat", "model-c"],
    ["responses", "model-c"],
  ] as const)("%s to %s is told what is wrong with it in its own protocol", async (protocol, model) => {
    const fault = await refused(JSON.stringify({ model }), protocol);
    expect(fault.status).toBe(400);
    expect(fault.message).toMatch(/must be/);
    expect(fault.headers.get("x-postern-model")).toBe(model);
  });

  it("embeddings are not to be had from Messages", async () => {
    const answer = await gateway.post("/v1/embeddings", '{"model":"model-c","input":"x"}');
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("embeddings")]);
  });
});
