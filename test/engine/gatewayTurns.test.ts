import { afterEach, describe, expect, it } from "vitest";
import type { EngineConfig } from "../../src/core/config/engineConfig";
import { EngineService } from "../../src/engine/engineService";
import { Ledger } from "../../src/engine/ledger/ledger";
import { EngineLog } from "../../src/engine/log/log";
import { ModelListCache } from "../../src/engine/providers/modelListCache";
import { engineConfig } from "../support/engine";
import { freePort } from "../support/freePort";
import { within } from "../support/waiting";

let engine: EngineService;
afterEach(() => engine.close());

async function running(port = 0): Promise<EngineService> {
  const log = new EngineLog(Date.now);
  engine = new EngineService({
    version: "test",
    log,
    ledger: new Ledger({ folder: undefined, log }),
    lists: new ModelListCache(undefined, log),
  });
  await engine.configure(config(port));
  return engine;
}

function config(port: number): EngineConfig {
  const base = engineConfig("http://127.0.0.1:9");
  return { ...base, gateway: { ...base.gateway, port } };
}

describe("starting, stopping and moving the gateway at the same time", () => {
  it("settles every start and stop, and ends as the last one said", async () => {
    await running();
    const turns = [engine.startGateway(), engine.stopGateway(), engine.startGateway(), engine.stopGateway()];
    await within(Promise.all(turns), "all turns");
    expect(engine.status().gateway.state).toBe("stopped");
  });

  it("lets two starts at once both end with a gateway that runs", async () => {
    await running();
    const states = await Promise.all(
      [1, 2].map(async () => {
        await engine.startGateway();
        return engine.status().gateway.state;
      }),
    );
    expect(states).toEqual(["running", "running"]);
  });

  it("moves to the port that was said last", async () => {
    const [first, second] = [await freePort(), await freePort()];
    await running();
    await engine.startGateway();
    await Promise.all([engine.configure(config(first)), engine.configure(config(second))]);
    expect(engine.url).toBe(`http://127.0.0.1:${second}`);
  });
});
