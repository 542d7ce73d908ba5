import type { EngineConfig, EngineGatewayKey } from "../../src/core/config/engineConfig";
import { type BudgetConfig, budgetSchema } from "../../src/core/config/schema";
import type { Caller } from "../../src/core/governance/caller";
import type { RequestRecord } from "../../src/core/governance/requestRecord";
import type { GovernedRequest, RequestEstimate } from "../../src/engine/governance/governor";
import { LimitsGovernor } from "../../src/engine/governance/limitsGovernor";
import { Ledger } from "../../src/engine/ledger/ledger";
import { EngineLog } from "../../src/engine/log/log";
import { caller, record } from "./records";

/** Times that tests move by hand. */
export interface Clock {
  now: number;
  monotonic: number;
}

/** A governor on a real ledger. */
export class Governed {
  readonly clock: Clock;
  readonly ledger: Ledger;
  readonly governor: LimitsGovernor;
  private count = 0;

  /** @param folder undefined keeps everything in memory */
  constructor(folder: string | undefined, at: number) {
    this.clock = { now: at, monotonic: 1000 };
    const log = new EngineLog(Date.now);
    this.ledger = new Ledger({ folder, log, now: () => this.clock.now });
    this.governor = new LimitsGovernor({
      book: this.ledger,
      log,
      now: () => this.clock.now,
      monotonic: () => this.clock.monotonic,
    });
  }

  configure(budgets: readonly object[], keys: readonly EngineGatewayKey[] = []): void {
    const parsed: BudgetConfig[] = budgets.map((budget) => budgetSchema.parse(budget));
    const config: EngineConfig = {
      providers: [
        {
          config: {
            id: "openai",
            type: "openai",
            wireApi: "completions",
            baseUrl: "https://api.openai.com/v1",
            enabled: true,
          },
          credential: { kind: "none" },
        },
      ],
      faulty: [],
      gateway: { host: "127.0.0.1", port: 1, maxRunning: 1, keys },
      budgets: parsed,
      routes: [],
      routing: { maxAttempts: 4, maxWaitSeconds: 30 },
      ledger: { retentionDays: 400, maxMb: 200 },
      network: {},
      lingerSeconds: 1,
      keepRunning: false,
      secretStore: "test",
    };
    this.governor.configure(config);
  }

  /** Both clocks go on. */
  pass(milliseconds: number): void {
    this.clock.now += milliseconds;
    this.clock.monotonic += milliseconds;
  }

  request(
    change: Partial<Omit<GovernedRequest, "record">> & { caller?: Partial<Caller> } = {},
  ): GovernedRequest {
    this.count += 1;
    const { caller: who, ...target } = change;
    const {
      durationMs: _,
      attempts: __,
      status: ___,
      outcome: ____,
      ...rest
    } = record({
      id: `req_${this.count}`,
      startedAt: this.clock.now,
      caller: caller(who),
    });
    const { usage: _usage, usageBasis: _basis, cost: _cost, dropped: _dropped, ...beginning } = rest;
    return { record: beginning, provider: "openai", model: "gpt-small", estimate: estimate(), ...target };
  }

  /** The row of a request that was answered. */
  answered({ record: beginning, provider, model }: GovernedRequest, microUsd: number): RequestRecord {
    return record({
      ...beginning,
      provider,
      model,
      attempts: [{ provider, model, credential: "key 1", startMs: 0, durationMs: 5, status: 200 }],
      cost: { microUsd, basis: "reported", priceSource: "config" },
    });
  }
}

/** 1,000 tokens in, at most 1,000 out, at most a cent. */
export function estimate(change: Partial<RequestEstimate> = {}): RequestEstimate {
  return { inputTokens: 1000, maxOutputTokens: 1000, microUsd: 10_000, priceSource: "config", ...change };
}
