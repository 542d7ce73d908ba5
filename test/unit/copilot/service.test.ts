import { describe, expect, it } from "vitest";
import type { EngineProvider } from "../../../src/core/config/engineConfig";
import type { CopilotModule, CopilotUpstream } from "../../../src/core/copilot/contract";
import type { QuotaFigure } from "../../../src/core/governance/quota";
import { CopilotService } from "../../../src/engine/copilot/copilotService";
import type { Target } from "../../../src/engine/relay/target";
import { ONE, TWO } from "../../support/copilot/stage";
import { eventually } from "../../support/waiting";

const figure = (remaining: number): QuotaFigure => ({
  unit: "premiumRequests",
  limit: 300,
  remaining,
  basis: "reported",
});

/** Two accounts of which each has a model of its own. */
const UPSTREAM: CopilotUpstream = {
  listModels: async ({ token }) => [{ id: token === ONE ? "old" : "new", facts: {} }],
  quota: async ({ token }) => [figure(token === ONE ? 1 : 2)],
  run: async ({ token }, _turn, _sink, _signal, onQuota) => onQuota([figure(token === ONE ? 10 : 20)]),
  download: async () => "",
  close: async () => {},
};

function provider(value: string): EngineProvider {
  const credential = { kind: "apiKey", value } as const;
  const config = { id: "copilot", type: "copilot", baseUrl: "https://github.com" };
  return { config, credential, pool: [{ label: "mine", credential }] } as unknown as EngineProvider;
}

describe("an account that gets another token under its label", () => {
  it("has the new one's models and quota", async () => {
    const heard: number[] = [];
    const log = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
    const service = new CopilotService({
      load: async (): Promise<CopilotModule> => ({ createCopilotUpstream: () => UPSTREAM }),
      ...{ dataDir: undefined, log, monotonic: () => 0 },
      take: ([first]) => heard.push(first?.remaining ?? 0),
    });
    const before = provider(ONE);
    service.configure([before]);
    await service.listModels(before);
    await service.turn(before, {} as never)(() => {}, new AbortController().signal);
    const after = provider(TWO);
    service.configure([after]);
    const target = { provider: after, model: { id: "new" } } as unknown as Target;
    expect((await service.withAccounts(target, undefined)).provider.pool).toHaveLength(1);
    heard.length = 0;
    await service.listModels(after);
    await eventually(() => heard.includes(2), "the new account's quota");
    await service.close();
  });
});
