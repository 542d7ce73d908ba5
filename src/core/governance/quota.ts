import type { Basis } from "./requestRecord";

/** What a quota counts. share: only how much of it is gone is told, in parts of 1. */
export type QuotaUnit =
  | "requests"
  | "tokens"
  | "inputTokens"
  | "outputTokens"
  | "premiumRequests"
  | "money"
  | "share";

/** One figure of what a provider still allows. */
export interface QuotaFigure {
  readonly unit: QuotaUnit;
  /** What the provider calls it, where the unit does not say it all: `5h`, `project`, a key's label. */
  readonly name?: string;
  /** How long the quota lasts, where that is known. */
  readonly window?: "minute" | "hour" | "day" | "week" | "month";
  /** In the unit; absent where there is no upper limit or it is not told. */
  readonly limit?: number;
  /** In the unit; money in millionths of the currency. */
  readonly remaining: number;
  /** In the unit: what was used beyond the limit, where it is paid for apart. */
  readonly overage?: number;
  /** ISO 4217, for money. */
  readonly currency?: string;
  /** Milliseconds since the epoch. */
  readonly resetsAt?: number;
  readonly basis: Basis;
}

/** A figure with where it is from. */
export interface ProviderQuota extends QuotaFigure {
  readonly provider: string;
  /** Label of the credential it belongs to. */
  readonly credential: string;
  /** The model it is for; absent where it is for all of the provider's. */
  readonly model?: string;
  /** When the provider said so, in milliseconds since the epoch. */
  readonly at: number;
}

/** Without a time at which it begins anew, a figure is worth nothing any more after this long. */
const KEPT_MS: Readonly<Record<NonNullable<QuotaFigure["window"]> | "unknown", number>> = {
  minute: 60_000,
  hour: 60 * 60_000,
  day: 24 * 60 * 60_000,
  week: 24 * 60 * 60_000,
  month: 24 * 60 * 60_000,
  unknown: 60_000,
};
const MONEY_KEPT_MS = 60 * 60_000;

/** Whether a figure still says something: what was left before a quota began anew is not what is left after. */
export function isCurrent(quota: ProviderQuota, now: number): boolean {
  if (quota.resetsAt !== undefined) return now < quota.resetsAt;
  const kept = quota.unit === "money" ? MONEY_KEPT_MS : KEPT_MS[quota.window ?? "unknown"];
  return now < quota.at + kept;
}

/** What tells a figure from another one of the same provider. */
export function quotaKey(quota: ProviderQuota): string {
  const { provider, credential, model, unit, name, window, currency } = quota;
  const told = [provider, credential, model ?? "", unit, name ?? "", window ?? ""];
  // A balance in another currency is another purse.
  return [...told, ...(currency === undefined ? [] : [currency])].join("\0");
}

/** The part that is left, 0 to 1; undefined where no limit is known. */
export function leftShare({
  remaining,
  limit,
}: Pick<QuotaFigure, "remaining" | "limit">): number | undefined {
  if (limit === undefined || limit <= 0) return undefined;
  return Math.min(1, Math.max(0, remaining / limit));
}
