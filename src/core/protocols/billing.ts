import type { ReportedCounts } from "../conversation/usage";
import { asBoolean, asNumber, asObject, isObject, type JsonObject, nonEmpty } from "../json/access";

/**
 * A usage report with the service tier in it, which Anthropic says within and OpenAI beside it.
 * @param tier the `service_tier` of what the report stands in
 */
export function withServiceTier(report: unknown, tier: unknown): unknown {
  if (!isObject(report) || typeof tier !== "string" || "service_tier" in report) return report;
  return { ...report, service_tier: tier };
}

/** Tiers that are billed as listed, which is what no tier at all means too. */
const ORDINARY = ["default", "standard", "auto", "on_demand"];

/** The service tier and the provider's own bill in a usage report, the same in every protocol. */
export function billingOf(report: JsonObject): Pick<ReportedCounts, "serviceTier" | "reportedUsd"> {
  const tier = nonEmpty(report.service_tier)?.slice(0, 40);
  const serviceTier = tier === undefined || ORDINARY.includes(tier) ? undefined : tier;
  return { serviceTier, reportedUsd: reportedUsd(report) };
}

/**
 * OpenRouter's `cost`, and what the person pays elsewhere where the key behind it is their own:
 * https://openrouter.ai/docs/use-cases/usage-accounting
 */
function reportedUsd(report: JsonObject): number | undefined {
  const cost = asNumber(report.cost);
  if (cost === undefined || cost < 0) return undefined;
  if (asBoolean(report.is_byok) !== true) return cost;
  const elsewhere = asNumber(asObject(report.cost_details).upstream_inference_cost);
  // What is paid elsewhere is most of it: without it there is no sum.
  return elsewhere === undefined || elsewhere < 0 ? undefined : cost + elsewhere;
}
