import { describe, expect, it } from "vitest";
import type { EngineStatus, ModelStatus, ProviderStatus } from "../../../src/core/rpc/contract";
import { KnownModels, type StatusChange, ToldModels } from "../../../src/core/rpc/statusChange";

const model = (id: string): ModelStatus => ({ id, facts: { sources: {} } });
const provider = (id: string, models: readonly ModelStatus[]): ProviderStatus => ({
  id,
  state: "ready",
  models,
  modelsFrom: "provider",
});

function status(...providers: readonly ProviderStatus[]): EngineStatus {
  return {
    version: "1.0.0",
    pid: 1,
    gateway: { state: "stopped" },
    providers,
    routes: [],
    usage: { day: "2026-11-20", requests: 0, inputTokens: 0, outputTokens: 0, unreported: 0 },
    gatewayKeys: 0,
    running: 0,
  };
}

/** As the pipe does it. */
const sent = (change: StatusChange): StatusChange => JSON.parse(JSON.stringify(change));

describe("a status on its way to a window", () => {
  const [one, two] = [[model("a"), model("b")], [model("c")]];

  it("has the models once, and arrives whole each time", () => {
    const [told, known] = [new ToldModels(), new KnownModels()];
    const whole = status(provider("p", one), provider("q", two));
    const first = sent(told.changeTo(whole));
    expect(known.take(first)).toEqual(whole);
    const second = sent(told.changeTo({ ...whole, running: 3 }));
    expect(JSON.stringify(second)).not.toContain('"models"');
    const taken = known.take(second);
    expect(taken).toEqual({ ...whole, running: 3 });
    const third = known.take(sent(told.changeTo(whole)));
    expect(third.providers[0]?.models).toBe(taken.providers[0]?.models);
  });

  it("has the models of the provider alone whose models changed, also when it is gone and comes back", () => {
    const [told, known] = [new ToldModels(), new KnownModels()];
    known.take(sent(told.changeTo(status(provider("p", one), provider("q", two)))));
    const longer = [...two, model("d")];
    const change = sent(told.changeTo(status(provider("q", longer), provider("p", one))));
    expect(change.providers.map(({ models }) => models?.length)).toEqual([2, undefined]);
    expect(known.take(change)).toEqual(status(provider("q", longer), provider("p", one)));
    known.take(sent(told.changeTo(status(provider("p", one)))));
    const back = status(provider("p", one), provider("q", longer));
    expect(known.take(sent(told.changeTo(back)))).toEqual(back);
    const emptied = status(provider("p", []), provider("q", longer));
    expect(known.take(sent(told.changeTo(emptied)))).toEqual(emptied);
  });
});
