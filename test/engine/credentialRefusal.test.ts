import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { EngineProvider, LabelledCredential } from "../../src/core/config/engineConfig";
import { EngineService } from "../../src/engine/engineService";
import { Ledger } from "../../src/engine/ledger/ledger";
import { EngineLog } from "../../src/engine/log/log";
import { PipeServer } from "../../src/engine/pipe/pipeServer";
import { CredentialRefreshHub } from "../../src/engine/providers/credentialRefreshHub";
import { ModelListCache } from "../../src/engine/providers/modelListCache";
import { EngineClient, engineConfig, type Home, newHome } from "../support/engine";
import { FakeClock } from "../support/fakeClock";
import { json, ReplayProvider } from "../support/replayProvider";
import { eventually } from "../support/waiting";

const credential = (value: string, change: Partial<LabelledCredential> = {}): LabelledCredential => ({
  label: "az",
  credential: { kind: "bearerToken", value },
  renewable: true,
  ...change,
});

describe("a refused credential", () => {
  let clock: FakeClock;
  let pool: LabelledCredential[];
  let asked: string[];
  let hub: CredentialRefreshHub;

  beforeEach(() => {
    clock = new FakeClock();
    pool = [credential("t1"), { label: "key", credential: { kind: "apiKey", value: "k" } }];
    asked = [];
    hub = new CredentialRefreshHub(
      (id) =>
        id === "p" ? ({ credential: { kind: "none" }, pool } as unknown as EngineProvider) : undefined,
      clock,
    );
    hub.askThrough((id, label) => asked.push(`${id}/${label}`));
  });

  const renewed = (value: string) => {
    pool = [credential(value), ...pool.slice(1)];
    hub.configured();
  };

  it("is asked for once for all requests that it was refused to, and they go on with the new one", async () => {
    const waiting = [
      hub.refused("p", "az", "t1"),
      hub.refused("p", "az", "t1"),
      hub.refused("p", undefined, "t1"),
    ];
    renewed("t2");
    expect(await Promise.all(waiting)).toEqual([true, true, true]);
    expect(asked).toEqual(["p/az"]);
    // One that was on its way with the old one finds the new one there.
    expect(await hub.refused("p", "az", "t1")).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it("that is a person's key, or nobody's, is not asked for", async () => {
    expect(hub.mayRenew("p", "key")).toBe(false);
    expect(hub.mayRenew("p", "az")).toBe(true);
    expect(hub.mayRenew("q", undefined)).toBe(false);
    expect(await hub.refused("p", "key")).toBe(false);
    expect(await hub.refused("q", undefined)).toBe(false);
    expect(asked).toEqual([]);
  });

  it("is not waited for longer than some seconds, nor where whoever was asked has no other", async () => {
    const late = hub.refused("p", "az");
    await clock.pass(10_000);
    expect(await late).toBe(false);
    await clock.pass(60_000);
    const kept = hub.refused("p", "az");
    hub.kept("p", "az");
    expect(await kept).toBe(false);
  });

  it("does not make a program run all the time where a provider refuses whatever it gets", async () => {
    const first = hub.refused("p", "az");
    renewed("t2");
    expect(await first).toBe(true);
    expect(await hub.refused("p", "az")).toBe(false);
    expect(await hub.refused("p", "az", "t2")).toBe(false);
    expect(asked).toHaveLength(1);
    await clock.pass(31_000);
    const later = hub.refused("p", "az");
    renewed("t3");
    expect(await later).toBe(true);
    expect(asked).toHaveLength(2);
  });
});

describe("over the pipe", () => {
  let home: Home;
  let engine: EngineService;
  let pipe: PipeServer;
  let provider: ReplayProvider;

  beforeEach(async () => {
    provider = await ReplayProvider.start(json({}));
    home = newHome();
    const log = new EngineLog(Date.now);
    engine = new EngineService({
      version: "test",
      log,
      ledger: new Ledger({ folder: undefined, log }),
      lists: new ModelListCache(undefined, log),
    });
    const options = { path: home.pipePath, token: home.token, version: "test" };
    pipe = new PipeServer(
      options,
      engine,
      log,
      () => {},
      () => {},
    );
    await pipe.listen();
  });

  afterEach(async () => {
    pipe.close();
    await engine.close();
    await provider.stop();
    home.remove();
  });

  const configuration = (value: string, secretStore: string) => {
    const config = engineConfig(provider.url, { secretStore });
    return {
      ...config,
      providers: config.providers.map((entry) => ({
        ...entry,
        credential: credential(value).credential,
        pool: [credential(value)],
      })),
    };
  };

  it("one window of each secret storage is asked, and its answer ends the waiting", async () => {
    const [first, second, browser] = await Promise.all([1, 2, 3].map(() => EngineClient.join(home)));
    if (!first || !second || !browser) throw new Error("no windows");
    await browser.request("configure", configuration("t1", "b"));
    await second.request("configure", configuration("t1", "a"));
    await first.request("configure", configuration("t1", "a"));
    const answer = engine.credentials.refused("fake", "az", "t1");
    await eventually(() => first.refusals.length > 0 && browser.refusals.length > 0, "the question");
    expect(first.refusals).toEqual([{ providerId: "fake", label: "az" }]);
    expect(second.refusals).toEqual([]);
    await first.request("configure", configuration("t2", "a"));
    expect(await answer).toBe(true);
    for (const client of [first, second, browser]) client.close();
  });

  it("a window that has no other one says so", async () => {
    const window = await EngineClient.join(home);
    await window.request("configure", configuration("t1", "a"));
    const answer = engine.credentials.refused("fake", "az", "t1");
    await eventually(() => window.refusals.length > 0, "the question");
    await window.request("credentialKept", { providerId: "fake", label: "az" });
    expect(await answer).toBe(false);
    window.close();
  });
});
