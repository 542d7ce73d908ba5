import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { EngineLog } from "../../src/engine/log/log";
import { UsageCounter } from "../../src/engine/usage/usageCounter";
import { temporaryFolder } from "../support/gateway";

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe("today's counts", () => {
  it("begin anew with the local day, also while the engine runs and over a restart", () => {
    let now = new Date(2026, 6, 1, 23, 59, 59);
    const path = join(folder.path, "a");
    const counter = new UsageCounter(path, () => now, new EngineLog(() => 0));
    counter.add({ usage: { inputTokens: 5, outputTokens: 2 }, answered: true });
    counter.add({ usage: undefined, answered: true });
    expect(counter.today()).toEqual({
      day: "2026-07-01",
      requests: 2,
      inputTokens: 5,
      outputTokens: 2,
      unreported: 1,
    });
    counter.save();
    const restarted = () => new UsageCounter(path, () => now, new EngineLog(() => 0)).today();
    expect(restarted().requests).toBe(2);
    now = new Date(2026, 6, 2, 0, 0, 0);
    expect(counter.today()).toEqual({
      day: "2026-07-02",
      requests: 0,
      inputTokens: 0,
      outputTokens: 0,
      unreported: 0,
    });
    expect(restarted().requests).toBe(0);
  });

  it.each([
    "",
    "nonsense",
    "[]",
    '{"day":"2026-07-01"}',
    '{"day":"2026-07-01","requests":-1,"inputTokens":0,"outputTokens":0,"unreported":0}',
  ])("begin at nothing where the file holds %j", (text) => {
    const path = join(folder.path, "b");
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "usage-today.json"), text);
    const counter = new UsageCounter(path, () => new Date(2026, 6, 1), new EngineLog(() => 0));
    expect(counter.today().requests).toBe(0);
  });

  it("cost a warning, never a request, where the folder cannot be written", () => {
    const log = new EngineLog(() => 0);
    writeFileSync(join(folder.path, "file"), "");
    const counter = new UsageCounter(join(folder.path, "file", "data"), () => new Date(), log);
    counter.add({ usage: { inputTokens: 1 }, answered: true });
    counter.save();
    expect(counter.today().requests).toBe(1);
    expect(log.recent().map(({ level }) => level)).toEqual(["warn"]);
  });
});
