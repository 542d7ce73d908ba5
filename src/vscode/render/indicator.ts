import { amountText, limitTitle } from "../../core/governance/limitText";
import { leftShare, quotaKey } from "../../core/governance/quota";
import type { LimitsStatus } from "../../core/rpc/limitsStatus";
import { quotaLeft, quotaTitle } from "./limitLines";
import { counted } from "./numbers";
import { percentText } from "./textBar";

/** Quotas of a minute or less come and go; only one that is nearly gone is worth a place in the status bar. */
const SHORT_QUOTA_SHARE = 0.2;
const QUOTA_WARN_SHARE = 0.1;

/** Something that runs out, as the status bar could show it. */
export interface Indicator {
  /** What the setting `postern.statusBar.limit` names it by. */
  readonly id: string;
  readonly title: string;
  /** The part that is left, 0 to 1. */
  readonly left: number;
  /** What is left in its own unit. */
  readonly amount: string;
  /** warning: past its threshold. error: it refuses, or would if it were hard. */
  readonly severity: "normal" | "warning" | "error";
  /** Passes within a minute. */
  readonly isShort: boolean;
}

/** Everything that runs out, the tightest first. */
export function indicatorsOf({ limits, rates, quotas }: LimitsStatus): Indicator[] {
  const indicators: Indicator[] = limits.map((limit) => {
    const { amount, spent, warnAt, hard, measure } = limit;
    const left = amount === 0 ? 0 : Math.min(1, Math.max(0, 1 - spent / amount));
    const severity =
      left === 0 ? (hard ? "error" : "warning") : spent / amount >= warnAt ? "warning" : "normal";
    const rest = amountText(measure, Math.max(0, amount - spent));
    return {
      id: limit.id,
      title: limitTitle(limit),
      left,
      amount: `${rest} left`,
      severity,
      isShort: limit.period === "minute",
    };
  });
  for (const { key, measure, limit, used } of rates) {
    const left = Math.max(0, 1 - used / limit);
    indicators.push({
      id: `rate ${key} ${measure}`,
      title: `${measure} a minute of gateway key "${key}"`,
      left,
      amount: `${counted(Math.max(0, limit - used), measure === "requests" ? "request" : "token")} left`,
      severity: "normal",
      isShort: true,
    });
  }
  for (const quota of quotas) {
    const left = leftShare(quota);
    if (left === undefined) continue;
    const isShort =
      quota.window === "minute" || (quota.resetsAt ?? Number.POSITIVE_INFINITY) - quota.at <= 120_000;
    const severity = isShort
      ? "normal"
      : left === 0
        ? "error"
        : left <= QUOTA_WARN_SHARE
          ? "warning"
          : "normal";
    indicators.push({
      id: `quota ${quotaKey(quota).replaceAll("\0", " ")}`,
      title: quotaTitle(quota),
      left,
      amount: quotaLeft(quota),
      severity,
      isShort,
    });
  }
  return indicators.sort((one, other) => one.left - other.left);
}

/**
 * The one that the status bar shows.
 * @param wanted an indicator's id, `tightest`, or `none`
 */
export function shownIndicator(indicators: readonly Indicator[], wanted: string): Indicator | undefined {
  if (wanted === "none") return undefined;
  return (
    indicators.find(({ id }) => id === wanted) ??
    indicators.find(({ isShort, left }) => !isShort || left < SHORT_QUOTA_SHARE)
  );
}

/** The worst of all: a limit that is not shown still warns. */
export function worstSeverity(indicators: readonly Indicator[]): Indicator["severity"] {
  const severities = indicators.map(({ severity }) => severity);
  return severities.includes("error") ? "error" : severities.includes("warning") ? "warning" : "normal";
}

/** One short text: what is left, in percent or in its own unit. */
export function indicatorText({ left, amount }: Indicator, form: "percent" | "amount"): string {
  // Two numbers would be too long for the status bar.
  return form === "percent" || / of /.test(amount) ? `${percentText(left)} left` : amount;
}
