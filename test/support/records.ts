import type { Caller } from "../../src/core/governance/caller";
import type { OpenRequest } from "../../src/core/governance/openRequest";
import type { RequestRecord } from "../../src/core/governance/requestRecord";

let count = 0;

export function caller(changes: Partial<Caller> = {}): Caller {
  return { kind: "gatewayKey", name: "ci", labels: {}, ...changes };
}

/** A request that was answered: 10 tokens in, 5 out, at 25 micro-dollars. */
export function record(changes: Partial<RequestRecord> = {}): RequestRecord {
  count += 1;
  return {
    id: `req_${String(count).padStart(24, "0")}`,
    startedAt: Date.UTC(2026, 6, 1, 12),
    durationMs: 250,
    caller: caller(),
    operation: "chat",
    protocolIn: "chat",
    protocolOut: "chat",
    modelAsked: "small",
    provider: "openai",
    model: "gpt-small",
    attempts: [],
    status: 200,
    outcome: "answered",
    usage: { inputTokens: 10, outputTokens: 5 },
    usageBasis: "reported",
    cost: { microUsd: 25, basis: "reported", priceSource: "config" },
    dropped: [],
    ...changes,
  };
}

/** A request that is running, with 100 tokens in and 50 out held for it at the price that is given. */
export function openRequest(microUsd: number, changes: Partial<RequestRecord> = {}): OpenRequest {
  const { usage: _, usageBasis: __, cost: ___, ...known } = record(changes);
  const {
    durationMs: ____,
    attempts: _____,
    status: ______,
    outcome: _______,
    dropped: ________,
    ...beginning
  } = known;
  return {
    record: beginning,
    held: { requests: 1, inputTokens: 100, outputTokens: 50, microUsd, premiumMilli: 0 },
    priceSource: "config",
    sent: true,
  };
}
