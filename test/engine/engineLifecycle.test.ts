import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ask, Engine, EngineClient, engineConfig, type Home, newHome, startGateway } from "../support/engine";
import { recording } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";
import { eventually, within } from "../support/waiting";

let provider: ReplayProvider;
let home: Home;
const engines: Engine[] = [];
const chat = json(recording("chat.json").toString());
const streaming = '{"model":"model-a","stream":true,"stream_options":{"include_usage":true}}';
const frames = recording("chat-text.sse")
  .toString()
  .split(/(?<=\n\n)/);

beforeAll(async () => {
  provider = await ReplayProvider.start(chat);
});
afterAll(() => provider?.stop());
afterEach(async () => {
  provider.play = chat;
  await Promise.all(engines.splice(0).map((engine) => engine.end()));
  home.remove();
});

function start(): Engine {
  if (engines.length === 0) home = newHome();
  const engine = new Engine(home);
  engines.push(engine);
  return engine;
}

/** Plays the first event of a stream and waits with the rest. */
function playHalf(): { goOn: () => void } {
  const half = { goOn: () => {} };
  provider.play = async ({ response, body }) => {
    await body;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(frames[0]);
    await new Promise<void>((resolve) => {
      half.goOn = resolve;
    });
    response.end(frames.slice(1).join(""));
  };
  return half;
}

describe("an engine stays as long as it is needed", () => {
  it("and goes by itself after its last window", async () => {
    const engine = start();
    const [first, second] = [await EngineClient.join(home), await EngineClient.join(home)];
    await first.request("configure", engineConfig(provider.url, { lingerSeconds: 0.2 }));
    first.close();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await second.request("status", {})).pid).toBe(engine.process.pid);
    second.close();
    expect((await within(engine.exited, "the engine's end")).code).toBe(0);
  });

  it("and waits for a window that reloads", async () => {
    const engine = start();
    const before = await EngineClient.join(home);
    const url = await startGateway(before, engineConfig(provider.url, { lingerSeconds: 30 }));
    before.close();
    expect((await ask(url)).status).toBe(200);
    const after = await EngineClient.join(home);
    expect(await after.request("status", {})).toMatchObject({ pid: engine.process.pid, gateway: { url } });
    after.close();
  });

  it("and without any window where it is to keep running", async () => {
    const engine = start();
    const client = await EngineClient.join(home);
    const url = await startGateway(
      client,
      engineConfig(provider.url, { lingerSeconds: 0, keepRunning: true }),
    );
    client.close();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await ask(url)).status).toBe(200);
    const later = await EngineClient.join(home);
    await later.request("configure", engineConfig(provider.url, { lingerSeconds: 0, keepRunning: false }));
    later.close();
    expect((await within(engine.exited, "the engine's end")).code).toBe(0);
  });

  it("and while a request is running", async () => {
    const engine = start();
    const half = playHalf();
    const client = await EngineClient.join(home);
    const url = await startGateway(client, engineConfig(provider.url, { lingerSeconds: 0.1 }));
    const answer = await ask(url, streaming);
    client.close();
    await new Promise((resolve) => setTimeout(resolve, 600));
    half.goOn();
    expect(await answer.text()).toBe(frames.join(""));
    expect((await within(engine.exited, "the engine's end")).code).toBe(0);
  });
});

describe("an engine that is asked to drain", () => {
  it("frees pipe and port at once, tells the other windows, and finishes its stream", async () => {
    const old = start();
    const half = playHalf();
    const [asking, other] = [await EngineClient.join(home), await EngineClient.join(home)];
    const url = await startGateway(asking, engineConfig(provider.url));
    const config = engineConfig(provider.url);
    const samePort = { ...config, gateway: { ...config.gateway, port: Number(new URL(url).port) } };
    const answer = await ask(url, streaming);
    await asking.request("drain", {});
    await eventually(() => other.draining > 0, "word to the other window");
    expect([asking.draining, other.draining]).toEqual([0, 1]);
    const next = start();
    const client = await EngineClient.join(home);
    expect((await client.request("status", {})).pid).toBe(next.process.pid);
    expect(await startGateway(client, samePort)).toBe(url);
    provider.play = chat;
    expect((await ask(url)).status).toBe(200);
    expect(old.process.exitCode).toBeNull();
    half.goOn();
    expect(await answer.text()).toBe(frames.join(""));
    expect((await within(old.exited, "the old engine's end")).code).toBe(0);
    // The old one has not taken the new one's pipe with it.
    const late = await EngineClient.join(home);
    expect((await late.request("status", {})).pid).toBe(next.process.pid);
    for (const one of [asking, other, client, late]) one.close();
  });

  it("hands its counts over to its successor, and does not undo the successor's", async () => {
    const old = start();
    const first = await EngineClient.join(home);
    const url = await startGateway(first, engineConfig(provider.url));
    await ask(url);
    const half = playHalf();
    const answer = await ask(url, streaming);
    await first.request("drain", {});
    start();
    const second = await EngineClient.join(home);
    expect((await second.request("status", {})).usage).toMatchObject({
      requests: 1,
      inputTokens: 9,
      outputTokens: 5,
    });
    provider.play = chat;
    const next = await startGateway(second, engineConfig(provider.url));
    await ask(next);
    half.goOn();
    await answer.text();
    await within(old.exited, "the old engine's end");
    const usage = async () => (await second.request("status", {})).usage;
    await eventually(async () => (await usage()).requests === 3, "the counts of both");
    expect(await usage()).toMatchObject({ requests: 3, inputTokens: 9 + 9 + 11, outputTokens: 5 + 5 + 7 });
    const { requests } = await second.request("queryRequests", { limit: 10 });
    expect(requests.map(({ outcome }) => outcome)).toEqual(["answered", "answered", "answered"]);
    first.close();
    second.close();
  });
});

describe("today's counts", () => {
  it("survive a restart and a kill", async () => {
    const first = start();
    const client = await EngineClient.join(home);
    const url = await startGateway(client, engineConfig(provider.url));
    await ask(url);
    await eventually(
      () => client.statuses.some(({ usage }) => usage.inputTokens === 9),
      "a status with the counts",
    );
    await first.end("SIGTERM");
    start();
    const second = await EngineClient.join(home);
    expect((await second.request("status", {})).usage).toMatchObject({
      requests: 1,
      inputTokens: 9,
      outputTokens: 5,
      unreported: 0,
    });
    client.close();
    second.close();
  });
});

describe("a provider's key", () => {
  it("is in no argument, environment, file, log or status of the engine", async () => {
    const canary = "sk-canary-5f1c9a";
    const engine = start();
    const client = await EngineClient.join(home);
    const config = engineConfig(provider.url);
    const providers = config.providers.map((one) => ({
      ...one,
      credential: { kind: "apiKey" as const, value: canary },
    }));
    const url = await startGateway(client, { ...config, providers });
    expect((await ask(url)).status).toBe(200);
    expect(provider.last.headers.authorization).toBe(`Bearer ${canary}`);
    provider.play = json({ error: { message: "no" } }, 401);
    await ask(url);
    provider.play = ({ socket }) => socket.destroy();
    await ask(url);
    await eventually(() => client.log.length > 0, "a log entry");
    const status = await client.request("status", {});
    await client.request("testProvider", providers[0] ?? ({} as never));
    const { pid } = engine.process;
    const system =
      process.platform === "linux"
        ? ["cmdline", "environ"].map((name) => readFileSync(`/proc/${pid}/${name}`, "latin1"))
        : [];
    await engine.end("SIGTERM");
    const places = {
      system,
      files: filesIn(home.dataDir),
      stderr: engine.stderr,
      status,
      statuses: client.statuses,
      log: client.log,
    };
    expect(JSON.stringify(places)).toContain("ledger.sqlite");
    expect(JSON.stringify(places)).not.toContain(canary);
    expect(JSON.stringify(places)).not.toContain(home.token);
    client.close();
  });
});

function filesIn(folder: string): [string, string][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name), "latin1")]);
}
