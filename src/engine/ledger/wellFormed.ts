import type { RequestRecord } from "../../core/governance/requestRecord";

/** What SQLite's integers and JavaScript's numbers both hold, with room for sums. */
const MOST = 2 ** 50;

/** A record whose numbers can be added up: what is no count is left out, so that one bad row spoils nothing. */
export function wellFormed(record: RequestRecord): RequestRecord {
  const { usage, cost, premiumRequests, ...rest } = record;
  const counts = Object.fromEntries(
    Object.entries(usage ?? {}).filter(([, count]) => typeof count === "string" || isCount(count)),
  );
  return {
    ...rest,
    startedAt: isCount(Math.round(rest.startedAt)) ? Math.round(rest.startedAt) : 0,
    durationMs: Number.isFinite(rest.durationMs) ? rest.durationMs : 0,
    status: isCount(rest.status) ? rest.status : 0,
    ...(usage === undefined ? {} : { usage: counts }),
    ...(cost !== undefined && isCount(cost.microUsd) ? { cost } : {}),
    ...(premiumRequests !== undefined && isCount(Math.round(premiumRequests * 1000))
      ? { premiumRequests }
      : {}),
  };
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < MOST;
}
