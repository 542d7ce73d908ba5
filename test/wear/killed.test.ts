import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Engine, EngineClient, engineConfig, type Home, newHome, startGateway } from "../support/engine";
import { eventually, within } from "../support/waiting";
import { amount } from "./support/amount";
import { BusyProvider } from "./support/busyProvider";
import { Client } from "./support/client";
import { faultsIn, outcomesIn } from "./support/ledgerFile";

const KILLS = amount(3, 25);
const AT_ONCE = 20;

let provider: BusyProvider;
let home: Home;

beforeAll(async () => {
  provider = await BusyProvider.start();
  home = newHome();
});
afterAll(async () => {
  await provider?.stop();
  home?.remove();
});

/** The ids of requests that are in the ledger's file. */
function written(): Set<string> {
  const database = new DatabaseSync(join(home.dataDir, "ledger.sqlite"), { readOnly: true });
  const rows = database.prepare("SELECT id FROM requests").all();
  database.close();
  return new Set(rows.map(({ id }) => String(id)));
}

it("an engine that is killed under load is up again with port and keys, and its ledger is whole", async () => {
  const base = engineConfig(provider.url);
  let port = 0;
  /** What clients were told was answered. */
  const told: string[] = [];
  let cut = 0;
  /** Milliseconds from the start of each engine until its gateway listens. */
  const startMs: number[] = [];
  for (let kill = 0; kill <= KILLS; kill += 1) {
    const began = performance.now();
    const engine = new Engine(home);
    const windows = await Promise.all([EngineClient.join(home), EngineClient.join(home)]);
    const [window, other] = windows;
    const url = await startGateway(window, { ...base, gateway: { ...base.gateway, port } });
    startMs.push(performance.now() - began);
    await other.request("configure", { ...base, gateway: { ...base.gateway, port } });
    const before = port;
    port = Number(new URL(url).port);
    if (before !== 0) expect(port).toBe(before);
    // Every window knows of it, and the keys are the same.
    expect((await other.request("status", {})).gateway).toMatchObject({ state: "running", port });
    const client = new Client(port, AT_ONCE * 2);
    if (kill === KILLS) {
      expect((await client.ask("answer").whole)?.status).toBe(200);
      client.close();
      for (const one of windows) one.close();
      await engine.end("SIGTERM");
      break;
    }
    const streams = Array.from({ length: 5 }, () => client.ask("stream"));
    await Promise.all(streams.map(({ begun }) => begun));
    let killed = false;
    const dead = new Promise<undefined>((resolve) => engine.exited.then(() => resolve(undefined)));
    const load = client.times(1_000_000, AT_ONCE, async (index) => {
      if (killed) return;
      const asked = client.ask(index < 6 ? "silence" : "answer");
      const answer = await Promise.race([asked.begun, dead]);
      if (answer) note(answer);
      else cut += 1;
    });
    const enough = told.length + 150;
    await eventually(() => told.length > enough, "load");
    killed = true;
    await engine.end("SIGKILL");
    await within(load, "the end of the load");
    client.close();
    await Promise.all(windows.map(({ closed }) => within(closed, "the windows' notice")));
  }
  // No assertion: a time belongs to the machine.
  console.log(
    `up after ${Math.round(startMs.toSorted((a, b) => a - b)[startMs.length >> 1] ?? 0)} ms (median)`,
  );
  expect(cut).toBeGreaterThan(0);
  const kept = written();
  // Down to the last one that was answered before a kill.
  expect(told.filter((id) => !kept.has(id))).toEqual([]);
  expect(faultsIn(home.dataDir)).toEqual([]);
  expect(Object.keys(outcomesIn(home.dataDir)).toSorted()).toEqual(["answered", "cut"]);

  function note(answer: { headers: NodeJS.Dict<string | string[]>; resume(): unknown } | undefined): void {
    answer?.resume();
    const id = answer?.headers["x-request-id"];
    if (id !== undefined) told.push(String(id));
  }
});
