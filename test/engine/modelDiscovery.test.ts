import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EngineProvider, resolveProvider } from "../../src/core/config/engineConfig";
import { providerSchema } from "../../src/core/config/schema";
import { Catalogue } from "../../src/core/models/catalogue";
import { testProvider } from "../../src/engine/diagnosis/listProbe";
import { EngineLog } from "../../src/engine/log/log";
import { fetchDetails, fetchModels } from "../../src/engine/providers/fetchModels";
import { ModelListCache } from "../../src/engine/providers/modelListCache";
import { ProviderRegistry } from "../../src/engine/providers/providerRegistry";
import { UpstreamClient } from "../../src/engine/relay/upstreamClient";
import { Gateway, PROVIDER_KEY, providerEntry, temporaryFolder } from "../support/gateway";
import { recording } from "../support/recordings";
import { json, type Player, ReplayProvider } from "../support/replayProvider";
import { eventually, within } from "../support/waiting";

const HOUR = 3_600_000;

let provider: ReplayProvider;
let folder: ReturnType<typeof temporaryFolder>;
let now: number;
const ending: (() => unknown)[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  now = Date.UTC(2026, 0, 1);
  provider = await ReplayProvider.start(lists("one", "two"));
});

afterEach(async () => {
  for (const end of ending.splice(0)) await end();
  await provider.stop();
  folder.remove();
});

function lists(...ids: readonly string[]): Player {
  return json({ data: ids.map((id) => ({ id, context_length: 1000 })) });
}

function entry(key: string | undefined, extra: Record<string, unknown> = {}): EngineProvider {
  const config = { id: "p", type: "openai", baseUrl: `${provider.url}/v1`, ...extra };
  return resolveProvider(
    providerSchema.parse(config),
    () => undefined,
    key === undefined ? {} : { apiKey: key },
  );
}

/** An engine's registry, as after a start of the engine. */
function started(dataDir: string | undefined, ...providers: readonly EngineProvider[]) {
  return startedWithin(undefined, dataDir, ...providers);
}

/** The same, in which a provider has so many milliseconds for its list. */
function startedWithin(
  limitMs: number | undefined,
  dataDir: string | undefined,
  ...providers: readonly EngineProvider[]
) {
  const log = new EngineLog(Date.now);
  const lines: string[] = [];
  log.onEntry(({ message }) => lines.push(message));
  const upstream = new UpstreamClient();
  const cache = new ModelListCache(dataDir, log);
  const registry = new ProviderRegistry({
    upstream,
    log,
    cache,
    now: () => now,
    onChange: () => undefined,
    ...(limitMs === undefined ? {} : { limitMs }),
  });
  ending.push(async () => {
    registry.close();
    await upstream.destroy();
  });
  registry.configure({ providers, faulty: [] });
  const models = () => registry.statuses()[0]?.models.map(({ id }) => id);
  return { registry, cache, models, lines, status: () => registry.statuses()[0] };
}

describe("a models list", () => {
  it("outlives the engine, and is not asked for again while it is young", async () => {
    const first = started(folder.path, entry("sk-1"));
    await first.registry.settleModels(5000);
    expect(first.models()).toEqual(["one", "two"]);
    const asked = provider.requests.length;
    now += 30_000;
    const second = started(folder.path, entry("sk-1"));
    expect(second.models()).toEqual(["one", "two"]);
    expect(second.status()).toMatchObject({ modelsFrom: "provider", listedAt: now - 30_000, state: "ready" });
    expect(second.registry.model("p", "one", now)?.facts).toMatchObject({
      contextWindow: 1000,
      sources: { contextWindow: "provider" },
    });
    expect(provider.requests.length).toBe(asked);
  });

  it("serves while the provider cannot be reached, and says since when and why", async () => {
    const away = entry("sk-1");
    await started(folder.path, away).registry.settleModels(5000);
    await provider.stop();
    now += 7 * HOUR;
    const { registry, models, status } = started(folder.path, away);
    await registry.settleModels(5000);
    await eventually(() => status()?.state === "failing", "the failure");
    expect(models()).toEqual(["one", "two"]);
    expect(status()).toMatchObject({ modelsFrom: "provider", listedAt: now - 7 * HOUR });
    expect(registry.sources()[0]).toMatchObject({ pending: false, models: [{ id: "one" }, { id: "two" }] });
  });

  it("is asked for again in the background when it has become old", async () => {
    await started(folder.path, entry("sk-1")).registry.settleModels(5000);
    provider.play = lists("three");
    now += 7 * HOUR;
    const { models, status } = started(folder.path, entry("sk-1"));
    expect(models()).toEqual(["one", "two"]);
    await eventually(() => models()?.join() === "three", "the new list");
    expect(status()?.listedAt).toBe(now);
  });

  it("is not waited for where one is there and the provider is elsewhere", async () => {
    // Every name leads to the provider on this machine, but the registry knows only the name.
    const agent = new Agent({
      connect: { lookup: (_, __, found) => found(null, [{ address: "127.0.0.1", family: 4 }]) },
    });
    const upstream = Object.assign(new UpstreamClient(), { dispatcherFor: () => agent });
    ending.push(
      () => agent.destroy(),
      () => upstream.destroy(),
    );
    const remote = entry("sk-1", { baseUrl: `http://provider.example:${provider.port}/v1` });
    const log = new EngineLog(Date.now);
    const cache = new ModelListCache(undefined, log);
    const registry = new ProviderRegistry({
      upstream,
      log,
      cache,
      now: () => now,
      onChange: () => undefined,
    });
    ending.push(() => registry.close());
    registry.configure({ providers: [remote], faulty: [] });
    await registry.settleModels(5000);
    expect(registry.statuses()[0]?.models.map(({ id }) => id)).toEqual(["one", "two"]);
    now += 7 * HOUR;
    let answer = () => {};
    provider.play = ({ response }) => {
      answer = () => response.end('{"data":[{"id":"three"}]}');
    };
    const next = provider.next();
    registry.configure({ providers: [{ ...remote, config: { ...remote.config, name: "P" } }], faulty: [] });
    await next;
    await within(registry.settleModels(60_000), "what does not wait");
    expect(registry.statuses()[0]?.models.map(({ id }) => id)).toEqual(["one", "two"]);
    answer();
    await eventually(() => registry.statuses()[0]?.models[0]?.id === "three", "the new list");
  });

  it("is another one with another key", async () => {
    await started(folder.path, entry("sk-1")).registry.settleModels(5000);
    provider.play = lists("other");
    const { registry, models, status } = started(folder.path, entry("sk-2"));
    expect(status()).toMatchObject({ modelsFrom: "pending", models: [] });
    await registry.settleModels(5000);
    expect(models()).toEqual(["other"]);
  });

  it("is another one at another address", async () => {
    await started(folder.path, entry("sk-1")).registry.settleModels(5000);
    const moved = entry("sk-1", { baseUrl: `${provider.url}/elsewhere/v1` });
    expect(started(folder.path, moved).status()).toMatchObject({ modelsFrom: "pending", models: [] });
  });

  it("is asked for on demand", async () => {
    const { registry, models } = started(folder.path, entry("sk-1"));
    await registry.settleModels(5000);
    provider.play = lists("fresh");
    await registry.refresh("p");
    expect(models()).toEqual(["fresh"]);
  });

  it("is kept in memory alone where there is no folder", async () => {
    const { registry } = started(undefined, entry("sk-1"));
    await registry.settleModels(5000);
    expect(readdirSync(folder.path)).toEqual([]);
    // Hidden in the settings: the provider is not asked again for it.
    const asked = provider.requests.length;
    registry.configure({
      providers: [entry("sk-1", { modelOverrides: { one: { hidden: true } } })],
      faulty: [],
    });
    expect(registry.statuses()[0]?.models).toMatchObject([{ id: "one", hidden: true }, { id: "two" }]);
    expect(provider.requests.length).toBe(asked);
  });

  it("is kept without a secret, readable by the user alone", async () => {
    const headers = { "x-team-token": "team-secret-value" };
    await started(folder.path, entry("sk-canary-1234567890", { headers })).registry.settleModels(5000);
    const file = join(folder.path, "models-cache.json");
    const text = readFileSync(file, "utf8");
    expect(text).toContain('"one"');
    expect(text).not.toContain("canary");
    expect(text).not.toContain("team-secret-value");
    if (process.platform !== "win32") expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path)).toEqual(["models-cache.json"]);
  });

  it.each([
    ["is no JSON", "{"],
    ["is from another version", '{"version":9}'],
    [
      "has models that are none",
      `{"version":1,"salt":"${"0".repeat(64)}","lists":{"x":{"listedAt":1,"models":[7]}}}`,
    ],
  ])("is asked for where the file %s", async (_, text) => {
    writeFileSync(join(folder.path, "models-cache.json"), text);
    const { registry, models } = started(folder.path, entry("sk-1"));
    await registry.settleModels(5000);
    expect(models()).toEqual(["one", "two"]);
  });

  it("works where the disk refuses", async () => {
    const blocked = join(folder.path, "file");
    writeFileSync(blocked, "");
    const { registry, models, lines } = started(join(blocked, "data"), entry("sk-1"));
    await registry.settleModels(5000);
    expect(models()).toEqual(["one", "two"]);
    expect(lines.filter((line) => line.includes("could not be written"))).toHaveLength(1);
  });

  it("is not written by an engine that has given its folder to the next", async () => {
    const { registry, cache } = started(folder.path, entry("sk-1"));
    cache.handOver();
    await registry.settleModels(5000);
    expect(existsSync(join(folder.path, "models-cache.json"))).toBe(false);
  });
});

describe("what a local server tells beside its list", () => {
  it("is asked of Ollama with what is known already, and a model that fails takes no other with it", async () => {
    provider.play = async ({ path, method, body, response }) => {
      const answer = (status: number, value: unknown) => {
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(value));
      };
      if (path === "/v1/models")
        return answer(200, { data: ["a:8b", "b", "c"].map((id) => ({ id, owned_by: "library" })) });
      const { model } = JSON.parse((await body).toString());
      if (model === "c") return response.destroy();
      if (method !== "POST" || path !== "/api/show" || model === "b") return answer(500, { error: "no" });
      return answer(200, {
        model_info: { "general.architecture": "x", "x.context_length": 4096 },
        capabilities: ["completion", "tools"],
      });
    };
    const { registry, status } = started(undefined, entry(undefined));
    await registry.settleModels(5000);
    expect(status()).toMatchObject({ state: "ready" });
    expect(status()?.models.map(({ facts: { sources: _, ...facts } }) => facts)).toEqual([
      { contextWindow: 4096, tools: true, images: false, reasoning: false, embeddings: false },
      {},
      {},
    ]);
  });
});

describe("a provider that takes too long", () => {
  const shown = (size: number) => ({
    model_info: { "general.architecture": "x", "x.context_length": size },
  });
  /** Answers for the models that it is not to hang on. */
  const ollama =
    (hangsOn: readonly string[], size: number): Player =>
    async ({ path, body, response }) => {
      if (path === "/v1/models")
        return response.end(JSON.stringify({ data: ["a", "b"].map((id) => ({ id, owned_by: "library" })) }));
      const { model } = JSON.parse((await body).toString());
      return hangsOn.includes(model) ? undefined : response.end(JSON.stringify(shown(size)));
    };

  it("over its list, though never silent, is not waited for without end, and that is said", async () => {
    const away = entry("sk-1");
    await started(folder.path, away).registry.settleModels(5000);
    provider.play = ({ response, closed }) => {
      const drip = setInterval(() => response.write(" "), 20);
      void closed.then(() => clearInterval(drip));
    };
    now += 7 * HOUR;
    const { registry, models, status } = startedWithin(200, folder.path, away);
    await eventually(() => status()?.state === "failing", "the failure");
    expect(status()).toMatchObject({
      detail: expect.stringMatching(/answers so slowly/),
      finding: { code: "timed_out" },
    });
    expect(models()).toEqual(["one", "two"]);
    await registry.settleModels(0);
    const upstream = new UpstreamClient();
    ending.push(() => upstream.destroy());
    const options = { signal: new AbortController().signal, timeoutMs: 60 };
    expect(await testProvider(upstream, away, options)).toMatchObject({ finding: { code: "timed_out" } });
  });

  it("over what it tells of its models keeps what it has told, now and before, and that is said", async () => {
    const local = entry(undefined);
    provider.play = ollama([], 4096);
    await started(folder.path, local).registry.settleModels(5000);
    provider.play = ollama(["b"], 8192);
    now += 2 * 60_000;
    const { registry, status } = startedWithin(300, folder.path, local);
    const windows = () => status()?.models.map(({ facts }) => facts.contextWindow);
    await provider.next();
    await provider.next();
    // While it tells, nothing that was known is gone.
    expect(windows()).toEqual([4096, 4096]);
    await registry.settleModels(5000);
    expect(windows()).toEqual([8192, 4096]);
    expect(status()).toMatchObject({
      state: "ready",
      detail: expect.stringMatching(/took too long to tell about its models/),
    });
  });
});

describe("what else is asked of a provider", () => {
  it("is asked at its own address, whatever stands in the path", async () => {
    provider.play = ({ path, response }) => {
      response.writeHead(200, { "content-type": "application/json" });
      const info = { model_name: "m", model_info: { max_input_tokens: 7 } };
      const list = { id: "m", created: 1_677_610_602 };
      response.end(JSON.stringify({ data: [path.endsWith("/model/info") ? info : list] }));
    };
    const { registry, status } = started(
      undefined,
      entry("sk-1", { baseUrl: `${provider.url}//elsewhere.example/v1` }),
    );
    await registry.settleModels(5000);
    expect(provider.requests.map(({ path }) => path)).toEqual([
      "//elsewhere.example/v1/models",
      "//elsewhere.example/model/info",
    ]);
    expect(status()?.models[0]?.facts.contextWindow).toBe(7);
  });

  it("gets the key in the header that it takes there, and in no other", async () => {
    const agent = new Agent({
      connect: { lookup: (_, __, found) => found(null, [{ address: "127.0.0.1", family: 4 }]) },
    });
    const upstream = Object.assign(new UpstreamClient(), { dispatcherFor: () => agent });
    ending.push(
      () => agent.destroy(),
      () => upstream.destroy(),
    );
    provider.play = json({ data: [{ id: "models/gemini-x" }] });
    const baseUrl = `http://generativelanguage.googleapis.com:${provider.port}/v1beta/openai`;
    const gemini = entry("sk-gemini", { baseUrl });
    const answer = await fetchModels(upstream, gemini);
    provider.play = json({ models: [{ name: "models/gemini-x", inputTokenLimit: 9 }] });
    expect((await fetchDetails(upstream, gemini, answer)).models).toEqual([
      { id: "gemini-x", facts: { contextWindow: 9 } },
    ]);
    const { path, headers } = provider.last;
    expect([path, headers["x-goog-api-key"], headers.authorization]).toEqual([
      "/v1beta/models?pageSize=1000",
      "sk-gemini",
      undefined,
    ]);
  });
});

describe("the catalogue of an engine", () => {
  it("fills in what the provider does not say, and never what the person has said", async () => {
    const { registry } = started(
      undefined,
      entry("sk-1", {
        baseUrl: "https://api.openai.com/v1",
        models: [{ id: "gpt-4o", images: false, price: { input: 1, output: 2 } }],
      }),
    );
    registry.setCatalogue(
      new Catalogue({
        sources: ["a 1", "b 2"],
        providers: {
          openai: {
            addresses: ["api.openai.com"],
            prices: [{ n: ["gpt-4o"], p: [{ i: 5, c: 1, o: 9 }] }],
            models: { "gpt-4o": { c: 128_000, f: "ti" } },
          },
        },
      }),
    );
    expect(registry.statuses()[0]?.models[0]?.facts).toEqual({
      contextWindow: 128_000,
      tools: true,
      images: false,
      reasoning: false,
      embeddings: false,
      price: { input: 1, output: 2 },
      sources: {
        contextWindow: "catalogue b 2",
        tools: "catalogue b 2",
        images: "config",
        reasoning: "catalogue b 2",
        embeddings: "catalogue b 2",
        price: "config",
      },
    });
  });
});

describe("a gateway in its own process", () => {
  it("offers after a restart what a provider that is gone has listed", async () => {
    provider.play = json({ data: [{ id: "kept", context_length: 5000 }] });
    const options = {
      providers: [providerEntry(provider.url, { models: undefined })],
      dataDir: join(folder.path, "data"),
    };
    mkdirSync(options.dataDir);
    const ids = async (gateway: Gateway) => {
      const { data } = (await (await gateway.fetch("/v1/models")).json()) as {
        data: { id: string; context_window?: number }[];
      };
      return data.map(({ id, context_window }) => [id, context_window]);
    };
    const expected = [
      ["kept", 5000],
      ["fake/kept", 5000],
    ];
    const first = await Gateway.start(options);
    expect(await ids(first)).toEqual(expected);
    await first.stop();
    provider.play = json({ error: "away" }, 500);
    const second = await Gateway.start(options);
    expect(await ids(second)).toEqual(expected);
    provider.play = json(recording("chat.json").toString());
    const answer = await second.post("/v1/chat/completions", { model: "kept", messages: [] });
    expect([answer.status, answer.headers.get("x-postern-provider")]).toEqual([200, "fake"]);
    await second.stop();
    expect(readFileSync(join(options.dataDir, "models-cache.json"), "utf8")).not.toContain(PROVIDER_KEY);
  });
});
