import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask, Engine, EngineClient, engineConfig, type Home, newHome, startGateway } from "../support/engine";
import { recording } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";
import { eventually } from "../support/waiting";

const MODELS = 400;
const list = (count: number, padding = ""): string =>
  JSON.stringify({
    data: Array.from({ length: count }, (_, at) => ({ id: `vendor/model-${at}${padding}` })),
  });

let home: Home;
let engine: Engine;
let provider: ReplayProvider;
beforeEach(async () => {
  home = newHome();
  engine = new Engine(home);
  provider = await ReplayProvider.start(json(list(MODELS)));
});
afterEach(async () => {
  await engine.end();
  await provider.stop();
  home.remove();
});

describe("what windows are told while requests run", () => {
  const config = () => {
    const whole = engineConfig(provider.url);
    return {
      ...whole,
      providers: whole.providers.map(({ config: { models: _, ...rest }, ...one }) => ({
        ...one,
        config: rest,
      })),
    };
  };
  const modelsOf = (client: EngineClient): number | undefined =>
    client.statuses.at(-1)?.providers[0]?.models.length;

  it("has the models only where they changed, for each window", async () => {
    const client = await EngineClient.join(home);
    const url = await startGateway(client, config());
    await eventually(() => modelsOf(client) === MODELS, "the models");
    provider.play = json(recording("chat.json").toString());
    const late = await EngineClient.join(home);
    const before = client.changes.length;
    await (await ask(url, '{"model":"fake/vendor/model-1"}')).text();
    for (const window of [client, late])
      await eventually(() => window.statuses.at(-1)?.usage.requests === 1, "the request's status");
    expect(modelsOf(client)).toBe(MODELS);
    expect(modelsOf(late)).toBe(MODELS);
    expect(late.changes[0]?.providers[0]?.models).toHaveLength(MODELS);
    const told = client.changes.slice(before);
    expect(told.length).toBeGreaterThan(0);
    expect(JSON.stringify(told)).not.toContain("vendor/model-1");

    provider.play = json(list(MODELS));
    const same = client.changes.length;
    await client.request("refreshModels", { providerId: "fake" });
    await eventually(() => client.changes.length > same, "a status after the refresh");
    expect(JSON.stringify(client.changes.slice(same))).not.toContain("vendor/model-1");
    provider.play = json(list(2));
    await client.request("refreshModels", { providerId: "fake" });
    await eventually(() => modelsOf(client) === 2 && modelsOf(late) === 2, "the other list");
  });

  it("has the time of the last answer until the provider is another one", async () => {
    const client = await EngineClient.join(home);
    const whole = engineConfig(provider.url);
    const url = await startGateway(client, whole);
    const latency = () => client.statuses.at(-1)?.providers[0]?.latencyMs;
    expect((await client.request("status", {})).providers[0]?.latencyMs).toBeUndefined();
    provider.play = json(recording("chat.json").toString());
    await (await ask(url)).text();
    await eventually(() => latency() !== undefined, "the time");
    const moved = whole.providers.map((one) => ({
      ...one,
      config: { ...one.config, baseUrl: `${provider.url}/elsewhere` },
    }));
    const { providers } = await client.request("configure", { ...whole, providers: moved });
    expect(providers[0]?.latencyMs).toBeUndefined();
  });

  it("keeps only the latest for a window that does not read, which gets it when it reads again", async () => {
    const client = await EngineClient.join(home);
    const halted = await EngineClient.join(home);
    await client.request("configure", config());
    await eventually(() => modelsOf(client) === MODELS && modelsOf(halted) === MODELS, "the models");
    halted.socket.pause();
    // More than sockets take in, many times over.
    const sizes = [4000, 4100, 4200, 4300, 4400, 3];
    for (const size of sizes) {
      provider.play = json(list(size, "-".repeat(150)));
      await client.request("refreshModels", { providerId: "fake" });
      await eventually(() => modelsOf(client) === size, `the list of ${size}`);
    }
    halted.socket.resume();
    await eventually(() => modelsOf(halted) === 3, "the latest list");
    const lengths = halted.statuses.map(({ providers }) => providers[0]?.models.length);
    expect(lengths).not.toContain(4400);
  });
});
