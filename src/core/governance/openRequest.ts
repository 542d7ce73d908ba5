import type { RequestRecord } from "./requestRecord";
import type { Totals } from "./spend";

/** A request's row as far as it is known before a provider has answered. */
export type RequestBeginning = Omit<
  RequestRecord,
  "durationMs" | "attempts" | "status" | "outcome" | "dropped"
>;

/**
 * A request that is running, as the ledger notes it: so that what it may cost is held against budgets, and so that
 * it is accounted for should the engine be killed.
 */
export interface OpenRequest {
  readonly record: RequestBeginning;
  /** What it may come to at most; absent where nothing is held. */
  readonly held?: Held;
  /** Where the price of what is held is from; absent where none is known. */
  readonly priceSource?: string;
  /** Whether it may have gone out to a provider. One that has not costs nothing. */
  readonly sent: boolean;
}

/** What a running request may come to. */
export interface Held {
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In millionths of a US dollar; 0 where no price is known. */
  readonly microUsd: number;
  readonly premiumMilli: number;
}

/** The code of a row that was written for an engine that was killed. */
export const ENGINE_LOST = "engine_lost";

/**
 * The row of a request whose engine was killed: cut, and charged with what was held for it, which is the most that
 * it can have cost and says that it is estimated. Undefined for one that had not gone out.
 */
export function lostRequest({ record, held, priceSource, sent }: OpenRequest): RequestRecord | undefined {
  if (!sent) return undefined;
  const lost: RequestRecord = {
    ...record,
    durationMs: 0,
    attempts: [],
    status: 0,
    outcome: "cut",
    errorCode: ENGINE_LOST,
    dropped: [],
  };
  if (held === undefined) return lost;
  const { inputTokens, outputTokens, microUsd } = held;
  return {
    ...lost,
    usage: { inputTokens, outputTokens },
    usageBasis: "estimated",
    ...(priceSource === undefined ? {} : { cost: { microUsd, basis: "estimated", priceSource } }),
    ...(held.premiumMilli === 0
      ? {}
      : { premiumRequests: held.premiumMilli / 1000, premiumBasis: "estimated" }),
  };
}

export const NOTHING_HELD: Held = Object.freeze({
  requests: 0,
  inputTokens: 0,
  outputTokens: 0,
  microUsd: 0,
  premiumMilli: 0,
});

export function addHeld(one: Held, other: Held): Held {
  const sum = { ...one };
  addHeldInto(sum, other);
  return sum;
}

export function addHeldInto(sum: { -readonly [Field in keyof Held]: number }, more: Held): void {
  sum.requests += more.requests;
  sum.inputTokens += more.inputTokens;
  sum.outputTokens += more.outputTokens;
  sum.microUsd += more.microUsd;
  sum.premiumMilli += more.premiumMilli;
}

/** Spent and held in one: what budgets are measured against. */
export function withHeld(spent: Totals, held: Held): Totals {
  return {
    ...spent,
    requests: spent.requests + held.requests,
    inputTokens: spent.inputTokens + held.inputTokens,
    outputTokens: spent.outputTokens + held.outputTokens,
    microUsd: spent.microUsd + held.microUsd,
    premiumMilli: spent.premiumMilli + held.premiumMilli,
  };
}
