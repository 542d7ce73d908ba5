import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EngineProvider } from "../../src/core/config/engineConfig";
import { EngineService } from "../../src/engine/engineService";
import { Ledger } from "../../src/engine/ledger/ledger";
import { EngineLog } from "../../src/engine/log/log";
import { ModelListCache } from "../../src/engine/providers/modelListCache";
import { engineConfig } from "../support/engine";
import { GATEWAY_KEY } from "../support/gateway";
import { json, type Player, ReplayProvider } from "../support/replayProvider";

const good = json({
  id: "c1",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
});
const keyOf = (authorization: string | undefined) => authorization?.replace("Bearer ", "");
/** Answers by the key that it is sent. */
const byKey =
  (players: Record<string, Player>): Player =>
  (exchange) =>
    (players[keyOf(exchange.headers.authorization) ?? ""] ?? good)(exchange);

let provider: ReplayProvider;
let engine: EngineService;
/** What a renewal finds. */
let renewal: string | undefined;
/** Label of the one that can be renewed. */
let renewable: string;

const pooled = (labels: readonly string[], use?: "least-used"): EngineProvider => {
  const pool = labels.map((label) => ({
    label,
    credential: { kind: "apiKey" as const, value: `key-of-${label}` },
  }));
  return {
    config: {
      id: "fake",
      type: "openai",
      wireApi: "completions",
      baseUrl: provider.url,
      enabled: true,
      models: [{ id: "model-a" }],
      ...(use ? { pool: use } : {}),
    },
    credential: pool[0]?.credential ?? { kind: "none" },
    ...(pool.length > 1 ? { pool } : {}),
  };
};
const configure = (given: EngineProvider) =>
  engine.configure(engineConfig(provider.url, { providers: [given] }));
const ask = () =>
  fetch(`${engine.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${GATEWAY_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "fake/model-a", messages: [{ role: "user", content: "hi" }] }),
  });
const used = () => provider.requests.map(({ headers }) => keyOf(headers.authorization));

beforeAll(async () => {
  provider = await ReplayProvider.start(good);
});
afterAll(() => provider.stop());
beforeEach(async () => {
  provider.play = good;
  provider.requests.length = 0;
  renewal = undefined;
  renewable = "a";
  const log = new EngineLog(Date.now);
  engine = new EngineService({
    version: "test",
    log,
    ledger: new Ledger({ folder: undefined, log }),
    lists: new ModelListCache(undefined, log),
    refresh: {
      mayRenew: (_, label) => renewal !== undefined && (label ?? "a") === renewable,
      refused: async (_, label) => {
        const credential = { kind: "bearerToken" as const, value: renewal ?? "" };
        const { pool, ...single } = pooled(label === undefined ? ["a"] : ["a", "b"]);
        const renewed = pool?.map((one) => (one.label === label ? { ...one, credential } : one));
        await configure(renewed ? { ...single, pool: renewed } : { ...single, credential });
        return true;
      },
    },
  });
  await configure(pooled(["a", "b", "c"]));
  await engine.startGateway();
});
afterEach(() => engine.close());

describe("several keys of a provider", () => {
  it("are used in turn", async () => {
    for (let turn = 0; turn < 6; turn += 1) expect((await ask()).status).toBe(200);
    expect(used().slice(0, 3).sort()).toEqual(["key-of-a", "key-of-b", "key-of-c"]);
    expect(used().slice(3).sort()).toEqual(["key-of-a", "key-of-b", "key-of-c"]);
  });

  it.each([401, 402, 429])(
    "leave the one out that is refused with %d, for the client to notice nothing",
    async (status) => {
      provider.play = byKey({
        "key-of-b": json({ error: { message: "no" } }, status, { "retry-after": "60" }),
      });
      for (let turn = 0; turn < 9; turn += 1) expect((await ask()).status).toBe(200);
      expect(used().filter((key) => key === "key-of-b")).toHaveLength(1);
    },
  );

  it("are all tried before the client is told that none is good", async () => {
    provider.play = json({ error: { message: "no" } }, 401);
    expect((await ask()).status).toBe(401);
    expect(used().sort()).toEqual(["key-of-a", "key-of-b", "key-of-c"]);
  });

  it("are used again when they have been put in anew", async () => {
    provider.play = byKey({ "key-of-a": json({ error: { message: "no" } }, 401) });
    for (let turn = 0; turn < 3; turn += 1) await ask();
    provider.play = good;
    provider.requests.length = 0;
    await configure(pooled(["a", "d"]));
    await ask();
    await ask();
    expect(used().sort()).toEqual(["key-of-a", "key-of-d"]);
  });

  it("by least use give the next request to the one with the fewest running", async () => {
    await configure(pooled(["a", "b"], "least-used"));
    const slow = provider.next();
    provider.play = () => undefined;
    const running = ask();
    const first = keyOf((await slow).headers.authorization);
    provider.play = good;
    const other = first === "key-of-a" ? "key-of-b" : "key-of-a";
    for (let turn = 0; turn < 3; turn += 1) await ask();
    expect(used().slice(1)).toEqual([other, other, other]);
    await good(provider.requests[0] as (typeof provider.requests)[number]);
    await running;
  });
});

describe("a credential that can be renewed", () => {
  it("is renewed once at a 401, and the request goes on with the new one", async () => {
    await configure(pooled(["a"]));
    provider.play = byKey({ "key-of-a": json({ error: { message: "expired" } }, 401) });
    renewal = "fresh-token";
    expect((await ask()).status).toBe(200);
    expect(used()).toEqual(["key-of-a", "fresh-token"]);
  });

  it.each(["a", "b"])("is renewed too behind others that are refused and cannot be: %s", async (label) => {
    await configure(pooled(["a", "b"]));
    const no = json({ error: { message: "expired" } }, 401);
    provider.play = byKey({ "key-of-a": no, "key-of-b": no });
    renewal = "fresh-token";
    renewable = label;
    expect((await ask()).status).toBe(200);
    expect(used().at(-1)).toBe("fresh-token");
  });

  it("that is refused again is told to the client as it was", async () => {
    await configure(pooled(["a"]));
    provider.play = json({ error: { message: "still no" } }, 401);
    renewal = "stale-token";
    const response = await ask();
    expect([response.status, await response.json()]).toEqual([401, { error: { message: "still no" } }]);
    expect(used()).toEqual(["key-of-a", "stale-token"]);
  });
});
