import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { Gateway, PROVIDER_KEY, providerEntry, temporaryFolder } from "../support/gateway";
import { cutStream, json, ReplayProvider, stream } from "../support/replayProvider";

/** Ten dollars a million tokens read, a hundred a million written. */
const PRICED = { id: "model-a", price: { input: 10, output: 100, cacheWrite: 12.5, cacheWrite1h: 20 } };
const answer = json({
  id: "c1",
  object: "chat.completion",
  model: "upstream",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
});
const ask = { model: "fake/model-a", max_tokens: 10, messages: [{ role: "user", content: "hi" }] };
/** A token that is nobody's, put together so that no scanner takes it for one. */
const TOKEN = ["ghp", "0123456789abcdefghijABCDEFGHIJ012345"].join("_");

const folders = temporaryFolder();
let folderCount = 0;
let provider: ReplayProvider;
const running: Gateway[] = [];

beforeAll(async () => {
  provider = await ReplayProvider.start(answer);
});
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.stop();
  provider.play = answer;
  provider.requests.length = 0;
});
afterAll(async () => {
  await provider.stop();
  folders.remove();
});

interface Started {
  readonly gateway: Gateway;
  rows(): Record<string, unknown>[];
}

async function start(
  config: Record<string, unknown>,
  keys: Record<string, unknown>[] = [],
): Promise<Started> {
  folderCount += 1;
  const dataDir = join(folders.path, String(folderCount));
  const gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url, { models: [PRICED] }),
      providerEntry(provider.url, {
        id: "responses",
        wireApi: "responses",
        models: [PRICED, { ...PRICED, id: "narrow", contextWindow: 2_000 }],
      }),
      providerEntry(provider.url, { id: "messages", type: "anthropic", models: [PRICED] }),
    ],
    gateway: { keys: [{ name: "test", key: "pk-test-gateway-key" }, ...keys] },
    config,
    dataDir,
  });
  running.push(gateway);
  const rows = (): Record<string, unknown>[] => {
    const database = new DatabaseSync(join(dataDir, "ledger.sqlite"), { readOnly: true });
    try {
      return database.prepare("SELECT * FROM requests ORDER BY seq").all();
    } finally {
      database.close();
    }
  };
  return { gateway, rows };
}

const as = (key: string) => ({ authorization: `Bearer ${key}` });
const dollar = { budgets: [{ name: "dollar", usd: 1, period: "day" }] };

it("a limit of an answer's length that is no number of tokens is the provider's to refuse", async () => {
  const { gateway } = await start(dollar);
  expect((await gateway.post("/v1/chat/completions", { ...ask, max_tokens: 1.5 })).status).toBe(200);
  expect((await gateway.post("/v1/chat/completions", { ...ask, n: 1.5 })).status).toBe(200);
  const huge = await gateway.post("/v1/chat/completions", { ...ask, max_tokens: 1e300 });
  expect(huge.status).toBe(429);
  expect(((await huge.json()) as { error: { message: string } }).error.message).toContain(
    "This request may take up to $100,000.00.",
  );
});

it("of several limits of an answer's length the largest is held", async () => {
  const { gateway } = await start(dollar);
  const body = { ...ask, max_tokens: 1, max_completion_tokens: 1_000_000 };
  expect((await gateway.post("/v1/chat/completions", body)).status).toBe(429);
  expect(provider.requests).toHaveLength(0);
});

it("what is marked for a prompt cache is held at the price of writing it there", async () => {
  const { gateway } = await start(dollar);
  // 300 KB are about 98,600 tokens: $0.99 read, $1.23 written, $1.97 written for an hour.
  const text = "x".repeat(300_000);
  const messages = (mark?: object) => ({
    model: "messages/model-a",
    max_tokens: 1,
    messages: [{ role: "user", content: [{ type: "text", text, ...(mark ? { cache_control: mark } : {}) }] }],
  });
  provider.play = json({
    id: "m",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    usage: { input_tokens: 1, output_tokens: 1 },
  });
  expect((await gateway.post("/v1/messages", messages())).status).toBe(200);
  for (const mark of [{ type: "ephemeral" }, { type: "ephemeral", ttl: "1h" }]) {
    const refused = await gateway.post("/v1/messages", messages(mark));
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain("ttl" in mark ? "up to $1.97" : "up to $1.23");
  }
});

it("embeddings hold no answer", async () => {
  const { gateway, rows } = await start({ budgets: [{ name: "few", tokens: 1_000, period: "day" }] });
  provider.play = json({
    object: "list",
    model: "e",
    data: [{ object: "embedding", index: 0, embedding: [1] }],
    usage: { prompt_tokens: 4, total_tokens: 4 },
  });
  const answered = await gateway.post("/v1/embeddings", {
    model: "fake/model-a",
    input: "hi",
    encoding_format: "float",
  });
  expect(answered.status).toBe(200);
  await gateway.stop();
  expect(rows()).toMatchObject([{ operation: "embeddings", input_tokens: 4, micro_usd: 40 }]);
});

it("a response in the background is charged with what was set aside, as estimated", async () => {
  const { gateway, rows } = await start(dollar);
  provider.play = json({ id: "resp_1", object: "response", status: "queued", output: [], usage: null });
  const body = { model: "responses/model-a", input: "hi", max_output_tokens: 5_000 };
  expect((await gateway.post("/v1/responses", { ...body, background: true })).status).toBe(200);
  // Two of them do not fit into a dollar.
  const second = await gateway.post("/v1/responses", { ...body, background: true, max_output_tokens: 8_000 });
  expect(second.status).toBe(429);
  await gateway.stop();
  const [row] = rows();
  expect(row).toMatchObject({ output_tokens: 5_000, usage_basis: "estimated", cost_basis: "estimated" });
  expect(row?.micro_usd).toBeGreaterThan(500_000);
});

it("a request that no fallback had room for counts where it went, and not where it never was", async () => {
  const { gateway, rows } = await start({
    budgets: [
      { name: "first", scope: { provider: "fake" }, requests: 5, period: "day" },
      { name: "second", scope: { provider: "responses" }, requests: 0, period: "day" },
    ],
    routes: [{ name: "fast", targets: [{ model: "fake/model-a" }, { model: "responses/model-a" }] }],
    routing: { maxAttempts: 2, maxWaitSeconds: 0 },
  });
  provider.play = json({ error: { message: "busy" } }, 503);
  const refused = await gateway.post("/v1/chat/completions", { ...ask, model: "fast" });
  expect([refused.status, (await refused.text()).includes('Budget \\"second\\"')]).toEqual([429, true]);
  await gateway.stop();
  expect(rows()).toMatchObject([
    { outcome: "failed", provider: "fake", model: "model-a", error_code: "budget_exceeded", micro_usd: null },
  ]);
});

it("what cannot be read has its row, too", async () => {
  const { gateway, rows } = await start({});
  expect((await gateway.post("/v1/chat/completions", '{"model": ')).status).toBe(400);
  expect((await gateway.post("/v1/chat/completions", "{}")).status).toBe(400);
  await gateway.stop();
  expect(rows()).toMatchObject([
    { outcome: "refused", status: 400, error_code: "invalid_json", model_asked: "" },
    { outcome: "refused", status: 400, error_code: "invalid_request", model_asked: "" },
  ]);
});

it("a key in a name is neither told nor kept", async () => {
  const key = `pst_${"A1b2".repeat(10)}xyz`;
  const { gateway, rows } = await start({});
  for (const secret of [PROVIDER_KEY, key]) {
    const refused = await gateway.post("/v1/chat/completions", { ...ask, model: `fake/${secret}` });
    expect([refused.status, (await refused.text()).includes(secret)]).toEqual([404, false]);
    provider.play = async ({ response, body }) => {
      await body;
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ model: secret, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }),
      );
    };
    const answered = await gateway.post("/v1/chat/completions", ask, { "x-postern-task": `code ${secret}` });
    expect(answered.status).toBe(200);
  }
  await gateway.stop();
  expect(rows()).toMatchObject([
    { model_asked: "fake/[redacted configured]" },
    {
      model_asked: "fake/model-a",
      task: "code [redacted configured]",
      model_answered: "[redacted]",
    },
    { model_asked: "fake/[redacted postern]" },
    { model_asked: "fake/model-a", task: "code [redacted postern]", model_answered: "[redacted postern]" },
  ]);
  for (const secret of [PROVIDER_KEY, key]) expect(gateway.stderr).not.toContain(secret);
});

it("a stream that breaks off is charged with what of it came, one that ends with an error is none that was answered", async () => {
  const { gateway, rows } = await start(dollar);
  const chunk = (fields: object) => `data: ${JSON.stringify({ id: "c", model: "m", ...fields })}\n\n`;
  const content = chunk({ choices: [{ index: 0, delta: { content: "x".repeat(40) } }] });
  provider.play = cutStream(
    Array.from({ length: 20 }, () => content),
    "reset",
  );
  await (await gateway.post("/v1/chat/completions", { ...ask, stream: true })).text();
  provider.play = stream([content, chunk({ error: { message: "overloaded", code: "overloaded" } })]);
  await (await gateway.post("/v1/chat/completions", { ...ask, stream: true })).text();
  await gateway.stop();
  expect(rows()).toMatchObject([
    // 800 characters at 4 a token.
    { outcome: "cut", usage_basis: "estimated", output_tokens: 200 },
    { outcome: "cut", error_code: "provider_incomplete", usage_basis: "estimated", output_tokens: 10 },
  ]);
});

it("secrets that a rule takes out of requests are taken out where tokens are counted", async () => {
  const { gateway } = await start({ policy: { rules: [{ name: "no secrets", redact: true }] } });
  provider.play = json({ input_tokens: 7 });
  const messages = [{ role: "user", content: `use ${TOKEN} for it` }];
  const counted = await gateway.post("/v1/messages/count_tokens", { model: "messages/model-a", messages });
  expect([counted.status, await counted.json()]).toEqual([200, { input_tokens: 7 }]);
  const sent = (await provider.last.body).toString();
  expect(sent).toContain("for it");
  expect(sent).not.toContain(TOKEN);
});

it("a response that a provider keeps is for the gateway key alone that had it made", async () => {
  const { gateway } = await start({}, [
    { name: "other", key: "pk-other" },
    { name: "narrow", key: "pk-narrow", models: ["fake/*"] },
  ]);
  provider.play = json({ id: "resp_own", object: "response", status: "completed", output: [] });
  await gateway.post("/v1/responses", { model: "responses/model-a", input: "hi" });
  const asked = provider.requests.length;
  for (const key of ["pk-other", "pk-narrow"])
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "/input_items"],
      ["DELETE", ""],
      ["POST", "/cancel"],
    ] as const) {
      const refused = await gateway.fetch(`/v1/responses/resp_own${path}`, { method, headers: as(key) });
      expect(refused.status).toBe(404);
    }
  const goesOn = { model: "responses/model-a", input: "and?", previous_response_id: "resp_own" };
  expect((await gateway.post("/v1/responses", goesOn, as("pk-other"))).status).toBe(400);
  expect(provider.requests).toHaveLength(asked);
  // Of one that nobody remembers, whoever may use the provider may ask.
  const unknown = (key: string) => gateway.fetch("/v1/responses/resp_elsewhere", { headers: as(key) });
  expect((await unknown("pk-narrow")).status).toBe(403);
  expect((await unknown("pk-other")).status).toBe(200);
  expect((await gateway.fetch("/v1/responses/resp_own")).status).toBe(200);
});

/** A response that the provider keeps: 4,000 × 10 + 100 × 100 are 5 cents. */
const keptResponse = json({
  id: "resp_1",
  object: "response",
  status: "completed",
  output: [],
  conversation: { id: "conv_1" },
  usage: { input_tokens: 4_000, output_tokens: 100, total_tokens: 4_100 },
});
const goOn = { model: "responses/model-a", input: "hi", max_output_tokens: 10 };

it.each([
  ["previous_response_id", "resp_1", "model-a", "$0.0423"],
  ["conversation", "conv_1", "model-a", "$0.0423"],
  ["conversation", { id: "conv_1" }, "model-a", "$0.0423"],
  // Nothing is read beyond its window.
  ["previous_response_id", "resp_1", "narrow", "$0.021."],
])(
  "what a request brings in with %s %s is set aside with what it sends, for %s",
  async (by, id, model, most) => {
    const { gateway } = await start({ budgets: [{ name: "cents", usd: 0.07, period: "day" }] }, [
      { name: "other", key: "pk-other" },
    ]);
    provider.play = keptResponse;
    expect((await gateway.post("/v1/responses", goOn)).status).toBe(200);
    const next = { ...goOn, model: `responses/${model}` };
    const refused = await gateway.post("/v1/responses", { ...next, [by]: id });
    expect(refused.status).toBe(429);
    expect(await refused.text()).toContain(`may take up to ${most}`);
    // Another key does not learn of it.
    const others = await gateway.post("/v1/responses", { ...next, [by]: id }, as("pk-other"));
    expect(await others.text()).not.toContain("may take up to");
  },
);

it("what a request has brought in is charged, too, where the answer broke off before its report", async () => {
  const { gateway, rows } = await start({});
  provider.play = keptResponse;
  await (await gateway.post("/v1/responses", goOn)).text();
  const event = (type: string, fields: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const response = { id: "resp_2", object: "response", status: "in_progress", output: [] };
  const begun = [
    event("response.created", { sequence_number: 0, response }),
    event("response.output_text.delta", { sequence_number: 1, delta: "hello" }),
  ];
  provider.play = cutStream(begun, "fin");
  await (
    await gateway.post("/v1/responses", { ...goOn, previous_response_id: "resp_1", stream: true })
  ).text();
  await gateway.stop();
  const cut = rows().at(-1);
  expect(cut).toMatchObject({ usage_basis: "estimated", outcome: "cut" });
  expect(Number(cut?.input_tokens)).toBeGreaterThan(4_100);
  expect(Number(cut?.input_tokens)).toBeLessThan(4_200);
});

it("who may use a route may have from the provider what it made there", async () => {
  const { gateway } = await start({ routes: [{ name: "deep", targets: [{ model: "responses/model-a" }] }] }, [
    { name: "routed", key: "pk-routed", models: ["deep"] },
  ]);
  provider.play = json({ id: "resp_routed", object: "response", status: "queued", output: [] });
  const made = await gateway.post(
    "/v1/responses",
    { model: "deep", input: "hi", background: true },
    as("pk-routed"),
  );
  expect(made.status).toBe(200);
  const status = async (method: string, path = "") =>
    (await gateway.fetch(`/v1/responses/resp_routed${path}`, { method, headers: as("pk-routed") })).status;
  expect(await status("GET")).toBe(200);
  expect(await status("POST", "/cancel")).toBe(200);
  // Once it is asked for by what it is remembered for, it still is.
  expect(await status("GET")).toBe(200);
});

it("a row says what its request was for, by the header or else by the gateway key's label", async () => {
  const { gateway, rows } = await start({}, [
    { name: "on call", key: "pk-call", labels: { task: "incident" } },
  ]);
  await gateway.post("/v1/chat/completions", ask, as("pk-call"));
  await gateway.post("/v1/chat/completions", ask, { ...as("pk-call"), "x-postern-task": "code" });
  await gateway.post("/v1/chat/completions", ask);
  await gateway.stop();
  running.length = 0;
  expect(rows().map(({ task }) => task)).toEqual(["incident", "code", null]);
});

it("a policy holds for responses that a provider keeps", async () => {
  const { gateway } = await start({
    policy: {
      rules: [
        { name: "inside", when: { task: "incident" }, allow: ["fake"] },
        { name: "no tokens", when: { secrets: true }, refuse: true },
      ],
    },
  });
  provider.play = json({ id: "resp_own", object: "response", status: "completed", output: [] });
  await gateway.post("/v1/responses", { model: "responses/model-a", input: "hi" });
  const task = { "x-postern-task": "incident" };
  const refused = await gateway.fetch("/v1/responses/resp_own", { headers: task });
  expect(refused.status).toBe(403);
  expect(refused.headers.get("x-postern-policy")).toBe('"inside";from=settings;allow;refused');
  expect((await gateway.fetch("/v1/responses/resp_own")).status).toBe(200);
});
