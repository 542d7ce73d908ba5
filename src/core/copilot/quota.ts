import type { QuotaFigure } from "../governance/quota";
import { asNumber, asObject, nonEmpty } from "../json/access";

/**
 * What is left of an account's premium requests, out of `account.getQuota`. What is unlimited cannot run out and is no
 * figure.
 *
 * `resetDate` is not always when the quota begins anew (runtime 1.0.85 says when the figures were taken): a moment that
 * has passed is left out.
 * @param now milliseconds since the epoch
 */
export function copilotQuota(answer: unknown, now: number): QuotaFigure[] {
  return Object.entries(asObject(asObject(answer).quotaSnapshots)).flatMap(([kind, value]) => {
    const snapshot = asObject(value);
    const limit = asNumber(snapshot.entitlementRequests);
    if (snapshot.isUnlimitedEntitlement === true || limit === undefined || limit <= 0) return [];
    const used = asNumber(snapshot.usedRequests);
    const percent = asNumber(snapshot.remainingPercentage);
    if (used === undefined && percent === undefined) return [];
    const remaining = used === undefined ? (limit * (percent ?? 0)) / 100 : limit - used;
    const overage = asNumber(snapshot.overage);
    const reset = Date.parse(nonEmpty(snapshot.resetDate) ?? "");
    return [
      {
        unit: kind === "premium_interactions" ? "premiumRequests" : "requests",
        ...(kind === "premium_interactions" ? {} : { name: kind }),
        window: "month",
        limit,
        remaining: Math.max(0, remaining),
        ...(overage !== undefined && overage > 0 ? { overage } : {}),
        ...(reset > now ? { resetsAt: reset } : {}),
        basis: "reported",
      } satisfies QuotaFigure,
    ];
  });
}
