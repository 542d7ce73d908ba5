import type { OpenRequest } from "../../core/governance/openRequest";
import type { RequestRecord } from "../../core/governance/requestRecord";

/**
 * A settled request with a usage: where nobody has told one though a provider has begun to answer well, what was set
 * aside stands in, which is the most it can have been and says that it is estimated.
 */
export function chargedRecord(record: RequestRecord, { held, priceSource }: OpenRequest): RequestRecord {
  const known = record.usage !== undefined || record.cost !== undefined;
  const begun = record.status >= 200 && record.status < 300 && record.outcome !== "refused";
  if (known || !held || !begun) return record;
  return {
    ...record,
    usage: { inputTokens: held.inputTokens, outputTokens: held.outputTokens },
    usageBasis: "estimated",
    ...(priceSource === undefined
      ? {}
      : { cost: { microUsd: held.microUsd, basis: "estimated", priceSource } }),
  };
}
