import type { ProviderQuota } from "../governance/quota";
import { optional } from "../json/access";

/**
 * `GET /v1/quota`: what providers have said that is left, account by account. Amounts are in the unit, money in
 * millionths of its currency, times in ISO 8601.
 */
export function quotaBody(quotas: readonly ProviderQuota[]): string {
  return JSON.stringify({ object: "list", data: quotas.map(figure) });
}

function figure(quota: ProviderQuota) {
  const { provider, credential, model, unit, name, window, limit, remaining, overage, currency } = quota;
  const known = limit !== undefined && limit > 0;
  return {
    provider,
    account: credential,
    ...optional("model", model),
    unit,
    ...optional("name", name),
    ...optional("window", window),
    ...optional("currency", currency),
    ...optional("entitlement", limit),
    ...(known ? { used: Math.max(0, limit - remaining) } : {}),
    remaining,
    ...(known ? { remaining_percent: Math.round((remaining / limit) * 1000) / 10 } : {}),
    overage: overage ?? 0,
    ...(quota.resetsAt === undefined ? {} : { resets_at: new Date(quota.resetsAt).toISOString() }),
    told_at: new Date(quota.at).toISOString(),
    basis: quota.basis,
  };
}
