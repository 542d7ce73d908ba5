import type { Judgement } from "../../core/governance/judgeLimit";
import type { Limit } from "../../core/governance/limits";
import { limitTitle, localTime, resetText, spentText, wholePercent } from "../../core/governance/limitText";
import type { TimeRange } from "../../core/governance/period";
import { leftShare, type ProviderQuota } from "../../core/governance/quota";
import type { LimitNotice, LimitStatus } from "../../core/rpc/limitsStatus";

/** Claimed notices that are remembered; older ones belong to periods that have passed. */
const MAX_CLAIMED = 1000;

/** From which part on premium requests are said to run out. */
const PREMIUM_WARN_SHARE = 0.2;
const DAY_MS = 24 * 60 * 60_000;

/** News of limits, each told once, by one window: the first that claims it. */
export class LimitNotices {
  private readonly open = new Map<string, LimitNotice & { readonly until: number }>();
  private readonly claimed = new Set<string>();

  /** A request was refused. That running ones stand in its way passes by itself, and is no news. */
  refused(limit: Limit, range: TimeRange, { error }: Extract<Judgement, { kind: "refused" }>): void {
    if (error.status !== 429 || (error.retryAfterSeconds ?? Number.POSITIVE_INFINITY) <= 5) return;
    this.add(limit, range, "reached", error.message);
  }

  /** Looks at how the limits stand. */
  follow(limits: readonly LimitStatus[], now: number): void {
    for (const limit of limits) {
      const { amount, spent, warnAt, from, until } = limit;
      // Divided and not multiplied: 0.07 × 100 is more than 7.
      if (spent / amount < warnAt) continue;
      const used = spent >= amount;
      const state = used ? "is used up" : `is used to ${wholePercent(spent, amount)}`;
      const text = `${limitTitle(limit)} ${state}: ${spentText(limit, spent)}. ${resetText({ from, until }, now)}`;
      this.add(limit, { from, until }, used ? "reached" : "warning", text);
    }
    for (const [id, { until }] of this.open) if (now >= until) this.open.delete(id);
  }

  /** Premium requests that nearly or wholly have run out, told once until they begin anew. */
  quotas(quotas: readonly ProviderQuota[], now: number): void {
    for (const quota of quotas) {
      const left = quota.unit === "premiumRequests" ? leftShare(quota) : undefined;
      if (left === undefined || left > PREMIUM_WARN_SHARE) continue;
      const { provider, credential, limit = 0, remaining, resetsAt } = quota;
      const level = remaining <= 0 ? "reached" : "warning";
      const until = resetsAt ?? now + DAY_MS;
      const id = `quota ${provider} ${credential} ${resetsAt ?? new Date(now).toDateString()} ${level}`;
      if (this.claimed.has(id) || this.open.has(id)) continue;
      const amount = `${remaining.toLocaleString("en-US")} of ${limit.toLocaleString("en-US")}`;
      const again = resetsAt === undefined ? "" : ` They begin anew at ${localTime(resetsAt)}.`;
      const text =
        level === "reached"
          ? `The premium requests of account "${credential}" at ${provider} are used up.${again}`
          : `Account "${credential}" at ${provider} has ${amount} premium requests left.${again}`;
      this.open.set(id, {
        id,
        level,
        text,
        limit: id,
        of: "quota",
        name: provider,
        measure: "premiumMilli",
        until,
      });
    }
  }

  pending(): LimitNotice[] {
    return [...this.open.values()].map(({ until: _, ...notice }) => notice);
  }

  claim(id: string): boolean {
    if (!this.open.delete(id)) return false;
    this.claimed.add(id);
    for (const old of this.claimed) {
      if (this.claimed.size <= MAX_CLAIMED) break;
      this.claimed.delete(old);
    }
    return true;
  }

  private add(limit: Limit, range: TimeRange, level: LimitNotice["level"], text: string): void {
    // With the amount: a raised budget that is used up again is news.
    const id = `${limit.id} ${limit.amount} ${range.from} ${level}`;
    if (this.claimed.has(id) || this.open.has(id)) return;
    const { of, name, measure } = limit;
    if (level === "reached") this.open.delete(`${limit.id} ${limit.amount} ${range.from} warning`);
    this.open.set(id, { id, level, text, limit: limit.id, of, name, measure, until: range.until });
  }
}
