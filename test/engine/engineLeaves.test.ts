import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { PIPE_NOTE } from "../../src/core/rpc/contract";
import { ask, Engine, EngineClient, engineConfig, type Home, newHome, startGateway } from "../support/engine";
import { ReplayProvider } from "../support/replayProvider";
import { eventually, within } from "../support/waiting";

const streaming = '{"model":"model-a","stream":true,"stream_options":{"include_usage":true}}';
let provider: ReplayProvider;
let home: Home;
const engines: Engine[] = [];

beforeAll(async () => {
  // A stream that begins and never ends.
  provider = await ReplayProvider.start(async ({ response, body }) => {
    await body;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write('data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n');
    await new Promise((resolve) => response.once("close", resolve));
  });
});
afterAll(() => provider?.stop());
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.end()));
  home.remove();
});

function start(): Engine {
  if (engines.length === 0) home = newHome();
  const engine = new Engine(home);
  engines.push(engine);
  return engine;
}

// Signals of this kind are Unix's.
describe.skipIf(process.platform === "win32")("an engine that is told to end while a request runs", () => {
  it("tells its windows that a successor comes, and never that the gateway was stopped", async () => {
    const engine = start();
    const window = await EngineClient.join(home);
    const url = await startGateway(window, engineConfig(provider.url));
    await ask(url, streaming);
    engine.process.kill("SIGTERM");
    await eventually(() => window.draining > 0, "word of the engine's leaving");
    // Nothing more is started here; the next engine has pipe, lock and port at once.
    await expect(window.request("startGateway", {})).rejects.toThrow("leaving");
    const next = start();
    const after = await EngineClient.join(home);
    const config = engineConfig(provider.url);
    const samePort = { ...config, gateway: { ...config.gateway, port: Number(new URL(url).port) } };
    expect(await startGateway(after, samePort)).toBe(url);
    expect((await after.request("status", {})).pid).toBe(next.process.pid);
    expect(window.statuses.filter(({ gateway }) => gateway.state === "stopped").at(-1)?.running ?? 0).toBe(0);
    expect(window.statuses.at(-1)?.gateway.state).not.toBe("stopped");
    window.close();
    after.close();
  });

  it("lets nobody in who was about to prove himself when it began to leave", async () => {
    start();
    const window = await EngineClient.join(home);
    const url = await startGateway(window, engineConfig(provider.url));
    await ask(url, streaming);
    const late = await EngineClient.open(home.pipePath);
    late.socket.on("error", () => {});
    await window.request("drain", {});
    // It would be told nothing, and stay with an engine that does nothing for it.
    await expect(late.authenticate(home.token)).rejects.toThrow();
    window.close();
  });

  it("heeds a signal also while it drains", async () => {
    const engine = start();
    const window = await EngineClient.join(home);
    const url = await startGateway(window, engineConfig(provider.url));
    const answer = await ask(url, streaming);
    await window.request("drain", {});
    engine.process.kill("SIGTERM");
    expect((await within(engine.exited, "the engine's end", 14_000)).code).toBe(0);
    await answer.text().catch(() => undefined);
    window.close();
  });
});

describe.skipIf(process.platform === "win32")("the note in the data folder", () => {
  it("leads to the pipe, is for the user alone, and goes with the engine", async () => {
    const engine = start();
    const window = await EngineClient.join(home);
    const note = join(home.dataDir, PIPE_NOTE);
    await eventually(() => existsSync(note), "the note");
    expect(readFileSync(note, "utf8")).toBe(home.pipePath);
    expect(statSync(note).mode & 0o077).toBe(0);
    await window.request("drain", {});
    window.close();
    await within(engine.exited, "the engine's end");
    expect(existsSync(note)).toBe(false);
  });

  it("does not matter where a second engine meets one it cannot see the lock of", async () => {
    start();
    const window = await EngineClient.join(home);
    const { pid } = await window.request("status", {});
    // Another data folder, the same pipe: what an engine does whose folder cannot be locked.
    const dataDir = join(home.dataDir, "other");
    mkdirSync(dataDir, { recursive: true });
    const second = new Engine({ ...home, dataDir });
    engines.push(second);
    expect((await within(second.exited, "the second engine's end")).code).toBe(0);
    const later = await EngineClient.join(home);
    expect((await later.request("status", {})).pid).toBe(pid);
    window.close();
    later.close();
  });
});
