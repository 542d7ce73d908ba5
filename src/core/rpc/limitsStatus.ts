import type { Limit, Measure } from "../governance/limits";
import type { ProviderQuota } from "../governance/quota";
import type { Totals } from "../governance/spend";

/** How a limit stands. Amounts are in its measure's unit. */
export interface LimitStatus extends Limit {
  readonly spent: number;
  /** Of what is spent: estimated. */
  readonly estimated: number;
  /** Set aside for requests that are running. */
  readonly reserved: number;
  /** Requests that it cannot count, since their price is not known. */
  readonly uncounted: number;
  /** The present period, in milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
  /** At the present rate; absent where there is too little to tell it by, or where the period ends first. */
  readonly runsOutAt?: number;
}

/** A gateway key's requests or tokens in the last 60 seconds. */
export interface RateStatus {
  readonly key: string;
  readonly measure: "requests" | "tokens";
  readonly limit: number;
  readonly used: number;
}

/** Something a person is to be told once. */
export interface LimitNotice {
  /** The same for as long as it is the same news. */
  readonly id: string;
  /** warning: past its threshold. reached: it refuses requests, or would if it were hard. */
  readonly level: "warning" | "reached";
  readonly text: string;
  /** Id of the limit that it is about. */
  readonly limit: string;
  /** quota: a provider's own limit, which nobody here can raise. */
  readonly of: Limit["of"] | "quota";
  /** The budget's name, the gateway key's, or the provider's. */
  readonly name: string;
  readonly measure: Measure;
}

/** Everything about what may still be used. */
export interface LimitsStatus {
  readonly limits: readonly LimitStatus[];
  readonly rates: readonly RateStatus[];
  /** What providers have said of themselves. */
  readonly quotas: readonly ProviderQuota[];
  readonly today: Totals;
  readonly month: Totals;
  readonly notices: readonly LimitNotice[];
  /** Expired gateway keys and passed periods are told by this clock, in milliseconds since the epoch. */
  readonly at: number;
}
