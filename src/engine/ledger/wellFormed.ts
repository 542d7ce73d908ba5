import type { RequestRecord } from "../../core/governance/requestRecord";

/** What SQLite's integers and JavaScript's numbers both hold, with room for sums. */
const MOST = 2 ** 50;

/** A record whose numbers can be added up: what is no count is left out, so that one bad row spoils nothing. */
export function wellFormed(record: RequestRecord): RequestRecord {
  if (isWellFormed(record)) return record;
  const { usage, cost, premiumRequests, premiumBasis, ...rest } = record;
  const counts = Object.entries(usage ?? {}).filter(([name, value]) => isUsageField(name, value));
  return {
    ...rest,
    startedAt: isCount(Math.round(rest.startedAt)) ? Math.round(rest.startedAt) : 0,
    durationMs: Number.isFinite(rest.durationMs) ? rest.durationMs : 0,
    status: isCount(rest.status) ? rest.status : 0,
    ...(usage === undefined ? {} : { usage: Object.fromEntries(counts) }),
    ...(cost !== undefined && isCount(cost.microUsd) ? { cost } : {}),
    ...(isPremium(premiumRequests)
      ? { premiumRequests, ...(premiumBasis === undefined ? {} : { premiumBasis }) }
      : {}),
  };
}

function isWellFormed({
  startedAt,
  durationMs,
  status,
  usage,
  cost,
  premiumRequests,
}: RequestRecord): boolean {
  if (!isCount(startedAt) || !Number.isFinite(durationMs) || !isCount(status)) return false;
  for (const name in usage) if (!isUsageField(name, usage[name as keyof typeof usage])) return false;
  return (
    (cost === undefined || isCount(cost.microUsd)) &&
    (premiumRequests === undefined || isPremium(premiumRequests))
  );
}

function isUsageField(name: string, value: unknown): boolean {
  if (name === "serviceTier") return typeof value === "string";
  // What the provider asks for is a fraction, and no count.
  return name === "reportedUsd" ? typeof value === "number" : isCount(value);
}

function isPremium(value: number | undefined): boolean {
  return value !== undefined && isCount(Math.round(value * 1000));
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < MOST;
}
