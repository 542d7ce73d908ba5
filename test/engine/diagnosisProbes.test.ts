import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineProvider } from "../../src/core/config/engineConfig";
import { LOCAL_RUNTIMES } from "../../src/core/diagnosis/localRuntimes";
import { testProvider } from "../../src/engine/diagnosis/listProbe";
import { runProbe } from "../../src/engine/diagnosis/runProbe";
import { UpstreamClient } from "../../src/engine/relay/upstreamClient";
import { Engine, EngineClient, engineConfig, newHome } from "../support/engine";
import { freePort } from "../support/freePort";
import { PROVIDER_KEY } from "../support/gateway";
import { json, ReplayProvider } from "../support/replayProvider";
import { within } from "../support/waiting";

const upstream = new UpstreamClient();
const { signal } = new AbortController();
let silent: ReplayProvider;

beforeAll(async () => {
  silent = await ReplayProvider.start(() => {});
});
afterAll(async () => {
  await upstream.destroy();
  await silent?.stop();
});

const provider = (baseUrl: string, id = "fake"): EngineProvider => ({
  config: { id, type: "openai", wireApi: "completions", baseUrl, enabled: true },
  credential: { kind: "apiKey", value: PROVIDER_KEY },
});

describe("a provider that takes the request and is silent", () => {
  it("times out, whatever is asked", async () => {
    const list = await testProvider(upstream, provider(silent.url), { signal, timeoutMs: 200 });
    expect(list).toMatchObject({
      ok: false,
      finding: { code: "timed_out", remedies: [{ kind: "tryAgain" }] },
    });
    const probed = await runProbe(upstream, provider(silent.url), "answer", "m", { signal, silenceMs: 200 });
    expect(probed).toMatchObject({ outcome: "fails", finding: { code: "timed_out" } });
  });

  it("or begins to stream and then stalls", async () => {
    const stalling = await ReplayProvider.start(({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write('data: {"choices":[{"index":0,"delta":{"content":"1"}}]}\n\n');
    });
    const probed = await runProbe(upstream, provider(stalling.url), "stream", "m", {
      signal,
      silenceMs: 200,
    });
    expect(probed.finding?.code).toBe("timed_out");
    await stalling.stop();
  });

  it("is not waited for after a cancel", async () => {
    const abort = new AbortController();
    const asked = silent.next();
    const testing = testProvider(upstream, provider(silent.url), { signal: abort.signal });
    const { closed } = await asked;
    abort.abort();
    await expect(within(testing, "the end of the test")).rejects.toThrow(/abort/i);
    expect(await within(closed, "the end of the request")).toEqual({ early: true });
  });
});

describe("a local runtime that listens elsewhere than it was said to", () => {
  it("is found on its own port, and asked there without a key", async () => {
    const runtime = await ReplayProvider.start(json({ data: [{ id: "qwen3" }] }));
    const [ollama] = LOCAL_RUNTIMES;
    if (!ollama) throw new Error("no runtime");
    const runtimes = [{ ...ollama, port: runtime.port }];
    const moved = provider(`http://127.0.0.1:${await freePort()}/v1`, "ollama");
    const { finding } = await testProvider(upstream, moved, { signal, runtimes });
    expect(finding).toMatchObject({
      code: "runtime_moved",
      remedies: [{ kind: "changeAddress", baseUrl: `http://127.0.0.1:${runtime.port}/v1` }],
    });
    expect(runtime.last.headers.authorization).toBeUndefined();
    await runtime.stop();
  });

  it("is said not to run where it is nowhere", async () => {
    const [ollama] = LOCAL_RUNTIMES;
    if (!ollama) throw new Error("no runtime");
    const runtimes = [{ ...ollama, port: await freePort() }];
    const gone = provider(`http://127.0.0.1:${await freePort()}/v1`, "ollama");
    const { finding } = await testProvider(upstream, gone, { signal, runtimes });
    expect(finding?.code).toBe("runtime_not_running");
  });
});

describe("a provider with several keys", () => {
  const pooled = (url: string, ...values: string[]): EngineProvider => {
    const pool = values.map((value) => ({ label: value, credential: { kind: "apiKey", value } as const }));
    const [first] = pool;
    if (!first) throw new Error("no key");
    return { ...provider(url), credential: first.credential, pool };
  };

  it("has each of them tried, and the one named that is wrong", async () => {
    const picky = await ReplayProvider.start((exchange) => {
      const isRight = exchange.headers.authorization?.startsWith("Bearer right") ?? false;
      return json(isRight ? { data: [{ id: "m" }] } : {}, isRight ? 200 : 401)(exchange);
    });
    const good = await testProvider(upstream, pooled(picky.url, "right-1", "right-2"), { signal });
    expect(good).toMatchObject({ ok: true, models: ["m"] });
    expect(picky.requests).toHaveLength(2);
    const one = await testProvider(upstream, pooled(picky.url, "right-1", "wrong-2"), { signal });
    expect(one).toMatchObject({ ok: false, finding: { code: "key_wrong" } });
    expect(one.verdict).toMatch(/^Key "wrong-2": the key was refused/);
    const all = await testProvider(upstream, pooled(picky.url, "wrong-1", "wrong-2"), { signal });
    expect(all.verdict).toMatch(/^The key was refused/);
    await picky.stop();
  });
});

describe("a provider's clock", () => {
  it("is compared with this machine's", async () => {
    const ahead = await ReplayProvider.start(
      json({ data: [] }, 200, { date: new Date(Date.now() + 3_600_000).toUTCString() }),
    );
    const { clockAheadSeconds } = await testProvider(upstream, provider(ahead.url), { signal });
    expect(Math.abs((clockAheadSeconds ?? 0) - 3600)).toBeLessThan(60);
    await ahead.stop();
  });
});

describe("over the pipe", () => {
  it("a window tests, probes, cancels, and asks the engine about itself", async () => {
    const home = newHome();
    const engine = new Engine(home);
    const answering = await ReplayProvider.start(json({ data: [{ id: "m" }] }));
    try {
      const client = await EngineClient.join(home);
      await client.request("configure", engineConfig(answering.url));
      expect(await client.request("testProvider", provider(answering.url))).toMatchObject({
        ok: true,
        models: ["m"],
      });
      const params = { provider: provider(answering.url), probe: "answer", model: "m" } as const;
      expect(await client.request("runProbe", params)).toMatchObject({
        outcome: "fails",
        finding: { code: "not_an_api" },
      });
      const facts = await client.request("diagnose", {});
      expect(facts).toMatchObject({ node: process.versions.node, gateway: { state: "stopped" } });
      expect(JSON.stringify(facts)).not.toContain(PROVIDER_KEY);
      // A window that goes takes with it what it had asked.
      const asked = silent.next();
      const left = client.request("testProvider", provider(silent.url)).catch(() => "gone");
      const { closed } = await asked;
      client.close();
      expect(await within(closed, "the end of the request")).toEqual({ early: true });
      await left;
    } finally {
      await engine.end();
      await answering.stop();
      home.remove();
    }
  });
});
