import type { ReportedCounts } from "../conversation/usage";
import {
  asArray,
  asBoolean,
  asCount,
  asNumber,
  asObject,
  isObject,
  type JsonObject,
  nonEmpty,
} from "../json/access";

/**
 * A usage report with the service tier in it, which Anthropic says within and OpenAI beside it.
 * @param tier the `service_tier` of what the report stands in
 */
export function withServiceTier(report: unknown, tier: unknown): unknown {
  if (!isObject(report) || typeof tier !== "string" || "service_tier" in report) return report;
  return { ...report, service_tier: tier };
}

/**
 * Tools of Responses that the provider runs itself, and bills by the call or by what they use:
 * https://developers.openai.com/api/docs/pricing
 */
const HOSTED_CALLS = "web_search_call|file_search_call|code_interpreter_call|image_generation_call";
const HOSTED_CALL = new RegExp(`^(${HOSTED_CALLS})$`);
const HOSTED_CALL_IN_JSON = new RegExp(`"type"\\s*:\\s*"(${HOSTED_CALLS})"`, "g");

/** A usage report with the calls of such tools in it, which the response has among its output. */
export function withHostedCalls(report: unknown, output: unknown): unknown {
  const types = asArray(output).map((item) => nonEmpty(asObject(item).type) ?? "");
  return withCalls(
    report,
    types.filter((type) => HOSTED_CALL.test(type)),
  );
}

/** The same, from a piece of a response that is too large to be parsed. */
export function withHostedCallsIn(report: unknown, json: string): unknown {
  return withCalls(
    report,
    [...json.matchAll(HOSTED_CALL_IN_JSON)].flatMap((match) => match[1] ?? []),
  );
}

function withCalls(report: unknown, calls: readonly string[]): unknown {
  if (!isObject(report) || calls.length === 0) return report;
  const counts: Record<string, number> = {};
  for (const call of calls) counts[call] = (counts[call] ?? 0) + 1;
  return { ...report, hosted_calls: counts };
}

/** Tiers that are billed as listed, which is what no tier at all means too. */
const ORDINARY = ["default", "standard", "auto", "on_demand"];

/** The service tier, the provider's own bill and what it bills beside the tokens, the same in every protocol. */
export function billingOf(
  report: JsonObject,
): Pick<ReportedCounts, "serviceTier" | "reportedUsd" | "extras"> {
  const tier = nonEmpty(report.service_tier)?.slice(0, 40);
  const serviceTier = tier === undefined || ORDINARY.includes(tier) ? undefined : tier;
  return { serviceTier, reportedUsd: reportedUsd(report), extras: extrasIn(report) };
}

/** Where Anthropic's inference ran is priced apart, unless it is one of these. */
const ORDINARY_GEO = ["global", "not_available"];
/** Server tools of Anthropic that cost nothing beside their tokens. */
const FREE_TOOLS = ["web_fetch_requests"];
/** What xAI and Perplexity count of the searches that they bill apart. */
const SEARCHES = ["num_sources_used", "num_server_side_tools_used", "num_search_queries"];

/** Where the protocols tell of what kinds the tokens were that were read, and written. */
const READ_DETAILS = ["prompt_tokens_details", "input_tokens_details"];
const WRITTEN_DETAILS = ["completion_tokens_details", "output_tokens_details"];

function extrasIn(report: JsonObject): Readonly<Record<string, number>> | undefined {
  let extras: Map<string, number> | undefined;
  const note = (name: string, value: unknown): void => {
    const count = asCount(value) ?? 0;
    if (count <= 0) return;
    extras ??= new Map();
    extras.set(name, count);
  };
  const sum = (places: readonly string[], kind: string): number => {
    let total = 0;
    for (const place of places) total += asCount(asObject(report[place])[kind]) ?? 0;
    return total;
  };
  note("audio_tokens", sum(READ_DETAILS, "audio_tokens") + sum(WRITTEN_DETAILS, "audio_tokens"));
  note("image_tokens", sum(WRITTEN_DETAILS, "image_tokens"));
  const geo = nonEmpty(report.inference_geo)?.slice(0, 40) ?? "global";
  if (!ORDINARY_GEO.includes(geo)) note(`inference_geo ${geo}`, 1);
  if (report.speed === "fast") note("speed fast", 1);
  for (const name of SEARCHES) note(name, report[name]);
  const tools = asObject(report.server_tool_use);
  for (const name of Object.keys(tools)) if (!FREE_TOOLS.includes(name)) note(name, tools[name]);
  const hosted = asObject(report.hosted_calls);
  for (const name of Object.keys(hosted)) note(name, hosted[name]);
  return extras && Object.fromEntries(extras);
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
