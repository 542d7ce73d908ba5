import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { checkProviders } from "../support/checked";
import { PROVIDER_KEY, providerEntry } from "../support/gateway";
import { type Exchange, json, type Player, ReplayProvider, writeAll } from "../support/replayProvider";

const LIST = { object: "list", data: [{ id: "m1" }] };
let provider: ReplayProvider;
let list: Player;
let chat: Player;

beforeAll(async () => {
  provider = await ReplayProvider.start((exchange) => (exchange.method === "GET" ? list : chat)(exchange));
});
afterAll(() => provider?.stop());
beforeEach(() => {
  list = json(LIST);
  chat = answering;
  provider.requests.length = 0;
});

type Body = {
  stream?: boolean;
  tools?: unknown[];
  tool_choice?: unknown;
  model?: string;
  max_tokens?: number;
};
const bodyOf = async ({ body }: Exchange): Promise<Body> => JSON.parse((await body).toString("utf8")) as Body;
const refusal = (message: string, more: object = {}) => ({ error: { message, ...more } });

const completion = (message: object, finish_reason: string) => ({
  id: "c1",
  object: "chat.completion",
  created: 1,
  model: "m1",
  choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason }],
  usage: { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 },
});
const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", created: 1, model: "m1", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const CALL = {
  content: null,
  tool_calls: [
    { id: "call_1", type: "function", function: { name: "report_status", arguments: '{"status":"ok"}' } },
  ],
};
const STREAMED = [
  chunk({ role: "assistant", content: "" }),
  ...Array.from({ length: 20 }, (_, number) => chunk({ content: `${number + 1}\n` })),
  chunk({}, "stop"),
  "data: [DONE]\n\n",
];
const EVENTS = { "content-type": "text/event-stream" };

/** A model that can do everything. */
const answering: Player = async (exchange) => {
  const { stream, tools } = await bodyOf(exchange);
  if (stream) {
    exchange.response.writeHead(200, EVENTS);
    await writeAll(exchange.response, STREAMED);
    exchange.response.end();
  } else if (tools) await json(completion(CALL, "tool_calls"))(exchange);
  else await json(completion({ content: "ok" }, "stop"))(exchange);
};
/** The same, but for one of its abilities. */
const but = (what: "stream" | "tools", instead: Player): Player => {
  return async (exchange) => ((await bodyOf(exchange))[what] ? instead(exchange) : answering(exchange));
};

async function check(entry: Record<string, unknown> = {}, ...args: string[]) {
  const whole = providerEntry(`${provider.url}/v1`, { models: undefined, ...entry });
  const { code, providers, output } = await checkProviders([whole], { args });
  expect(output).not.toContain(PROVIDER_KEY);
  const [found] = providers;
  if (!found) throw new Error(output);
  return { ...found, exit: code };
}

/** How each paid probe went: "works", or the code of what is the matter. */
async function probe(entry: Record<string, unknown> = {}, ...args: string[]) {
  const { probes = [], exit } = await check(entry, "--probe", ...args);
  const outcomes = probes.map(({ probe: kind, outcome, code }) => [
    kind,
    outcome === "works" ? outcome : code,
  ]);
  return { ...Object.fromEntries(outcomes), exit } as Record<string, unknown>;
}

describe("what the list of models tells, at no cost", () => {
  it.each<[string, number, unknown, string]>([
    [
      "a wrong key",
      401,
      refusal("Incorrect API key provided: sk-t***key.", { code: "invalid_api_key" }),
      "key_wrong",
    ],
    [
      "a wrong key, as Gemini says it",
      400,
      [refusal("API key not valid. Please pass a valid API key.")],
      "key_wrong",
    ],
    [
      "an expired key",
      401,
      refusal("Authentication Error - Expired Key.", { type: "expired_key" }),
      "key_expired",
    ],
    ["a key without permission", 403, refusal("Missing scopes: api.model.read"), "key_not_permitted"],
    ["no credit", 402, refusal("Insufficient Balance"), "no_credit"],
    ["a rate limit", 429, refusal("Rate limit reached"), "rate_limited"],
    ["a fault of the provider's", 500, "oops", "provider_failed"],
    ["an api-version that is refused", 404, refusal("API version not supported"), "api_version_refused"],
  ])("%s", async (_what, status, body, code) => {
    list = json(body as object, status);
    expect(await check()).toMatchObject({ ok: false, code, exit: 1 });
    expect(provider.requests.every(({ method }) => method === "GET")).toBe(true);
  });

  it("a key of another company", async () => {
    list = json(refusal("Access denied due to invalid subscription key", { code: "401" }), 401);
    const azure = { type: "azure", baseUrl: provider.url, apiKey: "sk-ant-api03-not-azure" };
    expect(await check(azure)).toMatchObject({
      code: "key_of_other_provider",
      verdict: expect.stringMatching(/Anthropic/),
    });
  });

  it("no key, and none needed so far", async () => {
    list = json(refusal("Unauthorized"), 401);
    expect(await check({ apiKey: undefined })).toMatchObject({ code: "key_needed" });
  });

  it.each([
    ["a login page", 200],
    ["a page that is missing", 404],
    ["a proxy's page", 403],
  ])("a server that speaks HTML: %s", async (_what, status) => {
    list = ({ response }) =>
      response.writeHead(status, { "content-type": "text/html" }).end("<html>Log in</html>");
    expect(await check()).toMatchObject({ code: "web_page", verdict: expect.stringContaining("web page") });
  });

  it("a captive portal that redirects, to which no key is sent", async () => {
    list = ({ response }) =>
      response.writeHead(302, { location: "http://portal.invalid/login?session=x" }).end();
    const found = await check();
    expect(found).toMatchObject({ code: "redirects", verdict: expect.stringContaining("portal.invalid") });
    expect(found.verdict).not.toContain("session");
  });

  it("something else than a list", async () => {
    list = json({ hello: "world" });
    expect(await check()).toMatchObject({ code: "not_an_api" });
  });

  it.each([
    ["with /v1 twice", "/v1/v1", "/v1"],
    ["without the path before /v1", "", "/api/v1"],
    ["with another version", "/v2", "/v1"],
  ])("an address %s: where the API is instead", async (_what, given, right) => {
    list = (exchange) =>
      exchange.path === `${right}/models`
        ? json(LIST)(exchange)
        : json({ detail: "Not Found" }, 404)(exchange);
    const found = await check({ baseUrl: provider.url + given });
    expect(found).toMatchObject({ code: "wrong_path" });
    expect(found.verdict).toContain(`${provider.url}${right}. Use that address`);
  });

  it("a provider without a list, whose models are named, is fine", async () => {
    list = json({ detail: "Not Found" }, 404);
    expect(await check({ models: [{ id: "m1" }] })).toMatchObject({ ok: true });
    expect(await check()).toMatchObject({ ok: false, code: "no_model_list" });
  });

  it.each([
    ["azure", "https://me.openai.azure.com/openai/v1", 'use type "openai"'],
    ["openai", "https://me.openai.azure.com", 'use type "azure"'],
  ])('type "%s" at %s is refused before anybody is asked', async (type, baseUrl, says) => {
    const { code, output } = await checkProviders([providerEntry(baseUrl, { type })]);
    expect([code, output]).toEqual([2, expect.stringContaining(says)]);
  });
});

describe("what a real request tells", () => {
  it("everything works, each by itself, with a model that is cheap", async () => {
    list = json({
      object: "list",
      data: ["text-embedding-1", "big-chat", "big-chat-mini"].map((id) => ({ id })),
    });
    const found = await check({}, "--probe");
    expect(found).toMatchObject({ ok: true, exit: 0, model: "big-chat-mini" });
    expect(found.probes?.map(({ probe: kind, outcome }) => [kind, outcome])).toEqual([
      ["answer", "works"],
      ["stream", "works"],
      ["tools", "works"],
    ]);
    const bodies = await Promise.all(provider.requests.filter(({ method }) => method === "POST").map(bodyOf));
    expect(
      bodies.every(({ model, max_tokens }) => model === "big-chat-mini" && (max_tokens ?? 999) <= 256),
    ).toBe(true);
  });

  it("costs nothing unless it was asked for", async () => {
    await check();
    expect(provider.requests.map(({ method }) => method)).toEqual(["GET"]);
  });

  it("the model that was asked for is tried", async () => {
    list = json({ object: "list", data: [{ id: "m1" }, { id: "org/m2" }] });
    expect(await check({}, "--probe", "--model", "fake/org/m2")).toMatchObject({ model: "org/m2" });
  });

  it("the model that was asked for is tried at the provider that it names, listed or not", async () => {
    list = json({ object: "list", data: [{ id: "m1" }] });
    expect(await check({}, "--probe", "--model", "fake/alias")).toMatchObject({ model: "alias", exit: 0 });
  });

  it("a model that nobody has is not passed off as tried when another one works", async () => {
    list = json({ object: "list", data: [{ id: "m1" }] });
    const args = ["--probe", "--model", "typo"];
    const entry = providerEntry(`${provider.url}/v1`, { models: undefined });
    const { code, output } = await checkProviders([entry], { args });
    expect(code).toBe(1);
    expect(output).toContain('no provider lists the model \\"typo\\", so it was not tried');
  });

  it.each<[string, number, unknown, string]>([
    [
      "a model that does not exist",
      404,
      refusal("The model `m1` does not exist", { code: "model_not_found" }),
      "model_unknown",
    ],
    ["a model that is not specified", 400, refusal("you must provide a model parameter"), "model_missing"],
    [
      "a model that the key may not use",
      403,
      refusal("Project `p` does not have access to model `m1`"),
      "model_not_permitted",
    ],
    [
      "a quota that is used up",
      429,
      refusal("You exceeded your current quota, please check your plan and billing details."),
      "no_credit",
    ],
    [
      "an API that the model is not in",
      404,
      refusal("This model is only supported in v1/responses"),
      "wrong_api",
    ],
    ["a path at which nothing is", 404, refusal("Invalid URL (POST /v1/chat/completions)"), "wrong_path"],
    ["a web page after all", 200, "<!doctype html><html></html>", "not_an_api"],
    ["a failure inside a 200", 200, refusal("Insufficient credits", { code: 402 }), "no_credit"],
  ])("%s, although the list is fine", async (_what, status, body, code) => {
    chat = json(body as object, status);
    expect(await probe()).toEqual({ answer: code, exit: 1 });
  });

  it("a deployment that does not exist", async () => {
    chat = json(
      refusal("The API deployment for this resource does not exist.", { code: "DeploymentNotFound" }),
      404,
    );
    const azure = {
      type: "azure",
      baseUrl: provider.url,
      azure: { apiVersion: "2024-10-21" },
      models: [{ id: "gpt-4o", deployment: "mine" }],
    };
    const { probes } = await check(azure, "--probe");
    expect(probes).toMatchObject([
      { code: "deployment_unknown", sentence: expect.stringContaining('"mine"') },
    ]);
    expect(provider.last.path).toBe("/openai/deployments/mine/chat/completions?api-version=2024-10-21");
  });

  it("no model to ask", async () => {
    list = json({ object: "list", data: [] });
    expect(await probe()).toEqual({ answer: "model_missing", exit: 1 });
  });
});

describe("a provider that answers and cannot stream", () => {
  it.each<[string, Player, string]>([
    ["answers in one JSON", json(completion({ content: "1 2 3" }, "stop")), "cannot_stream"],
    [
      "says so",
      json(refusal("Your organization must be verified to stream this model."), 400),
      "cannot_stream",
    ],
    ["refuses it without a reason", json(refusal("Bad Request"), 400), "cannot_stream"],
    [
      "breaks off",
      async ({ response, body }) => {
        await body;
        response.writeHead(200, EVENTS).end(STREAMED.slice(0, 5).join(""));
      },
      "cannot_stream",
    ],
    [
      "fails within the stream",
      async ({ response, body }) => {
        await body;
        response
          .writeHead(200, EVENTS)
          .end(`data: ${JSON.stringify(refusal("Overloaded", { code: 503 }))}\n\n`);
      },
      "overloaded",
    ],
    [
      "sends a web page",
      ({ response }) => response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
      "web_page",
    ],
  ])("%s", async (_what, play, code) => {
    chat = but("stream", play);
    expect(await probe()).toEqual({ answer: "works", stream: code, tools: "works", exit: 1 });
  });

  it("or whose stream is held back on the way: a warning", async () => {
    chat = but("stream", async ({ response, body }) => {
      await body;
      response.writeHead(200, EVENTS).flushHeaders();
      await new Promise((resolve) => setTimeout(resolve, 900));
      response.end(STREAMED.join(""));
    });
    expect(await probe()).toEqual({ answer: "works", stream: "stream_buffered", tools: "works", exit: 0 });
  });
});

describe("a model that answers and cannot call tools", () => {
  it.each<[string, Player]>([
    [
      "as Ollama says it",
      json(refusal("registry.ollama.ai/library/gemma:latest does not support tools"), 400),
    ],
    ["as OpenRouter says it", json(refusal("No endpoints found that support tool use.", { code: 404 }), 404)],
    [
      "as vLLM says it",
      json(
        { object: "error", message: '"auto" tool choice requires --enable-auto-tool-choice', code: 400 },
        400,
      ),
    ],
    ["without a reason", json(refusal("Bad Request"), 400)],
    ["by words instead of a call", json(completion({ content: 'report_status("ok")' }, "stop"))],
  ])("%s", async (_what, play) => {
    chat = but("tools", play);
    expect(await probe()).toEqual({ answer: "works", stream: "works", tools: "cannot_call_tools", exit: 1 });
  });

  it("is asked without the demand where only that is refused", async () => {
    chat = but("tools", async (exchange) => {
      const { tool_choice } = await bodyOf(exchange);
      if (tool_choice === "auto") return answering(exchange);
      return json(refusal("tool_choice is incompatible with thinking enabled"), 400)(exchange);
    });
    expect(await probe()).toEqual({ answer: "works", stream: "works", tools: "works", exit: 0 });
  });
});

describe("the other protocols", () => {
  it("Messages: an answer, and a refusal", async () => {
    chat = json({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "m1",
      content: [{ type: "text", text: "ok" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 9, output_tokens: 1 },
    });
    const claude = { type: "anthropic" };
    expect(await probe(claude)).toMatchObject({
      answer: "works",
      stream: "cannot_stream",
      tools: "cannot_call_tools",
    });
    expect(provider.last.path).toBe("/v1/messages");
    const message = "Your credit balance is too low to access the Anthropic API.";
    chat = json({ type: "error", error: { type: "invalid_request_error", message } }, 400);
    expect(await probe(claude)).toEqual({ answer: "no_credit", exit: 1 });
  });

  it("Responses, which a provider does not have", async () => {
    chat = json({ detail: "Not Found" }, 404);
    expect(await probe({ wireApi: "responses" })).toEqual({ answer: "wrong_api", exit: 1 });
  });
});
