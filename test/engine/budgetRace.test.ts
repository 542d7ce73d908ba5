import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Gateway, providerEntry, temporaryFolder } from "../support/gateway";
import { json, type Player, ReplayProvider } from "../support/replayProvider";
import { eventually } from "../support/waiting";

/** Ten dollars a million tokens read, a hundred a million written. */
const PRICED = { id: "model-a", price: { input: 10, output: 100 } };
const answer = json({
  id: "c1",
  object: "chat.completion",
  model: "upstream",
  choices: [{ index: 0, message: { role: "assistant", content: "hi" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
});
/** What each of these requests really costs: 100 tokens read and 10 written. */
const COST = 2000;
const ask = { model: "fake/model-a", max_tokens: 10, messages: [{ role: "user", content: "x".repeat(300) }] };

const folders = temporaryFolder();
let count = 0;
const newFolder = (): string => join(folders.path, String(count++));
let provider: ReplayProvider;
let second: ReplayProvider;
const running: Gateway[] = [];

beforeAll(async () => {
  provider = await ReplayProvider.start(answer);
  second = await ReplayProvider.start(answer);
});
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.stop();
  provider.play = answer;
  provider.requests.length = 0;
  second.requests.length = 0;
});
afterAll(async () => {
  await provider.stop();
  await second.stop();
  folders.remove();
});

async function start(
  dataDir: string,
  config: Record<string, unknown>,
  gateway: Record<string, unknown> = {},
): Promise<Gateway> {
  const started = await Gateway.start({
    providers: [
      providerEntry(provider.url, { models: [PRICED] }),
      providerEntry(second.url, { id: "second", models: [PRICED] }),
    ],
    gateway,
    config,
    dataDir,
  });
  running.push(started);
  return started;
}

/** What the ledger has as spent, in millionths of a dollar. */
function spentIn(dataDir: string): { rows: number; microUsd: number; estimated: number; lost: number } {
  const database = new DatabaseSync(join(dataDir, "ledger.sqlite"), { readOnly: true });
  try {
    const row = database
      .prepare(
        `SELECT count(*) AS rows, coalesce(sum(micro_usd), 0) AS microUsd,
           coalesce(sum(CASE cost_basis WHEN 'estimated' THEN 1 ELSE 0 END), 0) AS estimated,
           coalesce(sum(CASE error_code WHEN 'engine_lost' THEN 1 ELSE 0 END), 0) AS lost
         FROM requests WHERE outcome <> 'refused'`,
      )
      .get();
    return row as ReturnType<typeof spentIn>;
  } finally {
    database.close();
  }
}

interface Refusal {
  readonly error: { readonly message: string; readonly type: string; readonly code: string };
}

describe("a budget", () => {
  it("is not overrun by a hundred requests at once", async () => {
    const dataDir = newFolder();
    const gateway = await start(dataDir, { budgets: [{ name: "trial", usd: 0.05, period: "day" }] });
    // Nothing is settled before all have asked: what stops them is what was set aside.
    let release = (): void => {};
    const all = new Promise<void>((resolve) => {
      release = resolve;
    });
    provider.play = async (exchange) => {
      await all;
      await answer(exchange);
    };
    let refused = 0;
    const answers = Array.from({ length: 100 }, async () => {
      const { status } = await gateway.post("/v1/chat/completions", ask);
      if (status === 429) refused += 1;
      return status;
    });
    await eventually(() => provider.requests.length + refused === 100, "an answer or a request for each");
    const asked = provider.requests.length;
    release();
    const statuses = await Promise.all(answers);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    const good = statuses.filter((status) => status === 200).length;
    expect(good).toBe(asked);
    expect(provider.requests).toHaveLength(good);
    await gateway.stop();
    const { rows, microUsd } = spentIn(dataDir);
    expect(rows).toBe(good);
    expect(microUsd).toBe(good * COST);
    expect(microUsd).toBeLessThanOrEqual(50_000);
    // It is a limit, and not a wall in front of it: a request that fits is let through.
    expect(good).toBeGreaterThan(5);
  });

  it("is not overrun by requests that fall back, and counts each where it was answered", async () => {
    const dataDir = newFolder();
    // A refusal after which the target is asked all the same the next time: with a failure of its own it would be left
    // alone sooner or later, and how many were sent there would be a matter of time.
    const refuse: Player = json({ error: { message: "no such model", code: "model_not_found" } }, 404);
    provider.play = refuse;
    const gateway = await start(dataDir, {
      budgets: [
        { name: "all", usd: 0.05, period: "day" },
        { name: "first", scope: { provider: "fake" }, usd: 10, period: "day" },
        { name: "second", scope: { provider: "second" }, usd: 0.02, period: "day" },
      ],
      routes: [{ name: "fast", targets: [{ model: "fake/model-a" }, { model: "second/model-a" }] }],
      routing: { maxAttempts: 2, maxWaitSeconds: 0 },
    });
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => gateway.post("/v1/chat/completions", { ...ask, model: "fast" })),
    );
    const good = answers.filter(({ status }) => status === 200).length;
    expect(good).toBeGreaterThan(0);
    expect(second.requests).toHaveLength(good);
    const refused = await Promise.all(
      answers.flatMap((response) => (response.status === 429 ? [response.json() as Promise<Refusal>] : [])),
    );
    expect(refused.some(({ error }) => error.message.includes('Budget "second"'))).toBe(true);
    await gateway.stop();
    // What went out and was refused then has failed; what never went out was refused.
    const { rows, microUsd } = spentIn(dataDir);
    expect(microUsd).toBe(good * COST);
    expect(rows - good).toBeGreaterThan(0);
    expect(rows - good).toBeLessThanOrEqual(provider.requests.length);
    expect(good * COST).toBeLessThanOrEqual(20_000);
  });

  it("names itself, when it begins anew and how to raise it, in each protocol, and is not tried again", async () => {
    const gateway = await start(newFolder(), { budgets: [{ name: "trial", usd: 0, period: "month" }] });
    const [chat, responses, messages] = await Promise.all([
      gateway.post("/v1/chat/completions", ask),
      gateway.post("/v1/responses", { model: ask.model, input: "hi", max_output_tokens: 16 }),
      gateway.post("/v1/messages", ask),
    ]);
    for (const response of [chat, responses, messages]) {
      expect(response.status).toBe(429);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(response.headers.get("x-should-retry")).toBe("false");
    }
    const openai = (await chat.json()) as Refusal;
    expect(openai.error).toMatchObject({ type: "rate_limit_error", code: "budget_exceeded" });
    expect(openai.error.message).toMatch(
      /^Budget "trial" allows \$0\.00: .* begins anew at \d{4}-\d\d-01 00:00 .*"Postern: Raise Budget"/,
    );
    expect(((await responses.json()) as Refusal).error.code).toBe("budget_exceeded");
    expect(await messages.json()).toMatchObject({
      type: "error",
      error: { type: "rate_limit_error", message: expect.stringMatching(/^Budget "trial" allows \$0\.00: /) },
    });
    expect(provider.requests).toHaveLength(0);
  });

  it("charges what a killed gateway had running, as estimated, once it is started again", async () => {
    const dataDir = newFolder();
    const config = { budgets: [{ name: "trial", usd: 0.05, period: "day" }] };
    const first = await start(dataDir, config);
    provider.play = () => new Promise(() => {});
    const asked = provider.next();
    const cut = first.post("/v1/chat/completions", ask).catch(() => undefined);
    await asked;
    first.process.kill("SIGKILL");
    await once(first.process, "close");
    await cut;
    running.length = 0;
    provider.play = answer;
    const again = await start(dataDir, config);
    expect((await again.post("/v1/chat/completions", ask)).status).toBe(200);
    await again.stop();
    const { rows, microUsd, lost, estimated } = spentIn(dataDir);
    expect({ rows, lost, estimated }).toEqual({ rows: 2, lost: 1, estimated: 1 });
    // What was set aside for it is the most that it can have cost.
    expect(microUsd).toBeGreaterThan(2 * COST);
    expect(microUsd).toBeLessThan(2 * COST + 10_000);
  });

  it("counts on after a restart of the gateway", async () => {
    const dataDir = newFolder();
    const config = { budgets: [{ name: "trial", requests: 2, period: "day" }] };
    const first = await start(dataDir, config);
    for (const _ of [1, 2]) expect((await first.post("/v1/chat/completions", ask)).status).toBe(200);
    await first.stop();
    const again = await start(dataDir, config);
    expect((await again.post("/v1/chat/completions", ask)).status).toBe(429);
  });
});

describe("a gateway key", () => {
  const keys = [
    { name: "test", key: "pk-test-gateway-key" },
    { name: "off", key: "pk-off", enabled: false },
    { name: "old", key: "pk-old", expires: "2020-01-01" },
    { name: "narrow", key: "pk-narrow", models: ["second/*", "fast"] },
    { name: "slow", key: "pk-slow", requestsPerMinute: 2 },
    { name: "poor", key: "pk-poor", budget: { tokens: 110, period: "day" } },
  ];
  const as = (key: string) => ({ authorization: `Bearer ${key}` });
  const routes = [{ name: "fast", targets: [{ model: "fake/model-a" }] }];

  it("that is disabled or has expired is answered like one that nobody knows", async () => {
    const gateway = await start(newFolder(), {}, { keys });
    const texts = await Promise.all(
      ["pk-off", "pk-old", "pk-nobody"].map(async (key) => {
        const response = await gateway.post("/v1/chat/completions", ask, as(key));
        expect(response.status).toBe(401);
        return (await response.text()).replace(/req_\w+/g, "");
      }),
    );
    expect(new Set(texts).size).toBe(1);
    expect(gateway.stderr).toContain('"off" was sent, but is disabled');
    expect(gateway.stderr).toContain('"old" was sent, but is expired');
    expect(gateway.stderr).not.toContain("pk-o");
  });

  it("may use the models that it names, and whatever its routes lead to", async () => {
    const gateway = await start(newFolder(), { routes }, { keys });
    const status = async (model: string) =>
      (await gateway.post("/v1/chat/completions", { ...ask, model }, as("pk-narrow"))).status;
    expect(await status("second/model-a")).toBe(200);
    expect(await status("fast")).toBe(200);
    expect(await status("fake/model-a")).toBe(403);
    const list = await gateway.fetch("/v1/models", { headers: as("pk-narrow") });
    const { data } = (await list.json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id).sort()).toEqual(["fast", "model-a", "second/model-a"]);
    const one = (id: string) => gateway.fetch(`/v1/models/${id}`, { headers: as("pk-narrow") });
    expect((await one("fake%2Fmodel-a")).status).toBe(404);
    expect((await one("second%2Fmodel-a")).status).toBe(200);
  });

  it("that asks too often is told in how many seconds it may again", async () => {
    const gateway = await start(newFolder(), {}, { keys });
    const answers = await Promise.all(
      [1, 2, 3].map(() => gateway.post("/v1/chat/completions", ask, as("pk-slow"))),
    );
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited).toHaveLength(1);
    for (const one of limited) {
      expect(Number(one.headers.get("retry-after"))).toBeGreaterThan(50);
      expect(Number(one.headers.get("retry-after"))).toBeLessThanOrEqual(60);
      expect(((await one.json()) as Refusal).error.code).toBe("rate_limited");
    }
  });

  it("has a budget of its own, which stops no other one", async () => {
    const gateway = await start(newFolder(), {}, { keys });
    const small = { ...ask, messages: [{ role: "user", content: "x" }] };
    expect((await gateway.post("/v1/chat/completions", small, as("pk-poor"))).status).toBe(200);
    const refused = await gateway.post("/v1/chat/completions", small, as("pk-poor"));
    expect(refused.status).toBe(429);
    expect(((await refused.json()) as Refusal).error.message).toContain('The budget of gateway key "poor"');
    expect((await gateway.post("/v1/chat/completions", small)).status).toBe(200);
  });
});
