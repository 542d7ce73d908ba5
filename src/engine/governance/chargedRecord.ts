import type { OpenRequest } from "../../core/governance/openRequest";
import type { RequestRecord } from "../../core/governance/requestRecord";

/** Outcomes of requests that a provider was busy with, and which it will charge for. */
const WORKED_ON: readonly RequestRecord["outcome"][] = ["answered", "cut", "clientLeft"];

/**
 * A settled request with a usage: where nobody has told one though a provider has worked on it, what was set aside
 * stands in, which is the most it can have been and says that it is estimated.
 */
export function chargedRecord(record: RequestRecord, { held, priceSource }: OpenRequest): RequestRecord {
  const known = record.usage !== undefined || record.cost !== undefined;
  const sent = record.attempts.length > 0 && record.status < 400;
  if (known || !held || !sent || !WORKED_ON.includes(record.outcome)) return record;
  return {
    ...record,
    usage: { inputTokens: held.inputTokens, outputTokens: held.outputTokens },
    usageBasis: "estimated",
    ...(priceSource === undefined
      ? {}
      : { cost: { microUsd: held.microUsd, basis: "estimated", priceSource } }),
  };
}
