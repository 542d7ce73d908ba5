import type { Measure } from "../governance/limits";
import { leftShare, type ProviderQuota } from "../governance/quota";
import { optional } from "../json/access";
import type { LimitStatus, LimitsStatus } from "../rpc/limitsStatus";

/** Who asks, and what it may use. */
export interface QuotaReader {
  /** The gateway key's name; absent for a window of VS Code. */
  readonly gatewayKey?: string;
  /** Whether one of a provider's models may be used at all. */
  mayUse(provider: string): boolean;
}

/**
 * What `get_quota` answers: the caller's own limits and those that hold for everybody, and the quotas of providers that
 * it may use. Other gateway keys' are none of its business.
 */
export function quotaRows({ limits, rates, quotas, at }: LimitsStatus, { gatewayKey, mayUse }: QuotaReader) {
  return {
    at: time(at),
    limits: limits.filter((limit) => concerns(limit, gatewayKey)).map(limitRow),
    rates: rates
      .filter(({ key }) => key === gatewayKey)
      .map(({ measure, limit, used }) => ({ measure, window: "minute", limit, used })),
    providers: quotas.filter(({ provider }) => mayUse(provider)).map(providerRow),
  };
}

function concerns({ scope }: LimitStatus, gatewayKey: string | undefined): boolean {
  return scope.kind === "all" || (scope.kind === "gatewayKey" && scope.name === gatewayKey);
}

function limitRow({ of, name, measure, amount, period, hard, spent, reserved, until }: LimitStatus) {
  const unit = UNITS[measure];
  const shown = (value: number) => value / unit.divisor;
  return {
    of: of === "gatewayKey" ? "gateway key" : "budget",
    name,
    unit: unit.name,
    period,
    limit: shown(amount),
    used: shown(spent),
    reserved: shown(reserved),
    remaining: shown(Math.max(0, amount - spent - reserved)),
    refuses_beyond: hard,
    resets_at: time(until),
  };
}

function providerRow(quota: ProviderQuota) {
  const { provider, credential, model, unit, name, window, limit, remaining, currency, resetsAt, basis } =
    quota;
  const share = leftShare(quota);
  const shown = (value: number) => (unit === "money" ? value / 1_000_000 : value);
  return {
    provider,
    account: credential,
    ...optional("model", model),
    unit,
    ...optional("name", name),
    ...optional("window", window),
    ...(limit === undefined ? {} : { limit: shown(limit), used: shown(Math.max(0, limit - remaining)) }),
    remaining: shown(remaining),
    ...(share === undefined ? {} : { remaining_percent: Math.round(share * 1000) / 10 }),
    ...optional("currency", currency),
    ...(resetsAt === undefined ? {} : { resets_at: time(resetsAt) }),
    told_at: time(quota.at),
    basis,
  };
}

const UNITS: Readonly<Record<Measure, { readonly name: string; readonly divisor: number }>> = {
  microUsd: { name: "USD", divisor: 1_000_000 },
  tokens: { name: "tokens", divisor: 1 },
  requests: { name: "requests", divisor: 1 },
  premiumMilli: { name: "premium requests", divisor: 1000 },
};

function time(at: number): string {
  return new Date(at).toISOString();
}
