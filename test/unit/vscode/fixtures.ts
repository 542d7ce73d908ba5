import type { Limit } from "../../../src/core/governance/limits";
import { NO_TOTALS } from "../../../src/core/governance/spend";
import type { EngineStatus, ProviderStatus } from "../../../src/core/rpc/contract";
import type { LimitStatus, LimitsStatus } from "../../../src/core/rpc/limitsStatus";
import type { EngineState } from "../../../src/vscode/engine/state";
import { EMPTY_STATE, type LocalState, type PosternState, type UsableEntry } from "../../../src/vscode/state";

/** A provider with a stored key. */
export function entry(change: Partial<UsableEntry> = {}): UsableEntry {
  return {
    index: 0,
    id: "openai",
    faulty: false,
    name: "OpenAI",
    type: "openai",
    baseUrl: "https://api.openai.com/v1",
    protocols: ["chat", "responses"],
    enabled: true,
    key: { kind: "stored" },
    stored: true,
    credentials: [{ label: "key", source: "stored", usable: true }],
    ...change,
  };
}

export function providerStatus(change: Partial<ProviderStatus> = {}): ProviderStatus {
  return { id: "openai", state: "ready", models: [], modelsFrom: "provider", ...change };
}

/** At noon of 20 November 2026, in local time. */
export const NOON = new Date(2026, 10, 20, 12).getTime();

/** Limits of a month that has nothing else to tell, unless a change says so. */
export function limitsStatus(
  limits: readonly (Limit & Partial<LimitStatus>)[] = [],
  change: Partial<LimitsStatus> = {},
): LimitsStatus {
  return {
    limits: limits.map((limit) => ({
      spent: 0,
      estimated: 0,
      reserved: 0,
      uncounted: 0,
      from: new Date(2026, 10, 1).getTime(),
      until: new Date(2026, 11, 1).getTime(),
      ...limit,
    })),
    rates: [],
    quotas: [],
    today: NO_TOTALS,
    month: NO_TOTALS,
    notices: [],
    at: NOON,
    ...change,
  };
}

/** A connected engine whose gateway runs. */
export function ready(change: Partial<EngineStatus> = {}): EngineState {
  return {
    kind: "ready",
    status: {
      version: "0.1.0",
      pid: 42,
      gateway: { state: "running", url: "http://127.0.0.1:4141", host: "127.0.0.1", port: 4141 },
      providers: [],
      routes: [],
      usage: { day: "2026-01-01", requests: 12, inputTokens: 30_000, outputTokens: 4500, unreported: 0 },
      gatewayKeys: 0,
      running: 0,
      ...change,
    },
  };
}

export function state(engine: EngineState, local: Partial<LocalState> = {}): PosternState {
  return {
    engine,
    local: { ...EMPTY_STATE.local, ...local },
  };
}
