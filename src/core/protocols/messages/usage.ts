import type { MessageDeltaUsage } from "@anthropic-ai/sdk/resources/messages";
import { type Sampling, toldUsage, type Usage, usageOf } from "../../conversation/usage";
import { asArray, asCount, asObject, asString, isObject, type JsonObject, nonEmpty } from "../../json/access";
import { billingOf } from "../billing";

/** Anthropic's counts as they come: in `message_start`, then cumulative in each `message_delta`. */
export interface MessagesCounts {
  input?: number;
  cacheRead?: number;
  cacheWrite?: number;
  cacheWrite1h?: number;
  output?: number;
  thinking?: number;
  serviceTier?: string | undefined;
  reportedUsd?: number | undefined;
  extras?: Usage["extras"];
  /** The model that it ran on, where that is another than the one that was asked. */
  model?: string | undefined;
  /** Of compactions before the answer and of an advisor's words on it, which the sums above leave out. */
  apart?: readonly MessagesCounts[];
}

/** Takes over what a report has; a field that is missing or null says nothing new. */
export function mergeCounts(into: MessagesCounts, usage: unknown): void {
  if (!isObject(usage)) return;
  const set = (
    key: "input" | "cacheRead" | "cacheWrite" | "cacheWrite1h" | "output" | "thinking",
    value: unknown,
  ): void => {
    const count = asCount(value);
    if (count !== undefined) into[key] = count;
  };
  set("input", usage.input_tokens);
  set("cacheRead", usage.cache_read_input_tokens);
  set("cacheWrite", usage.cache_creation_input_tokens);
  set("cacheWrite1h", asObject(usage.cache_creation).ephemeral_1h_input_tokens);
  set("output", usage.output_tokens);
  if (isObject(usage.output_tokens_details)) set("thinking", usage.output_tokens_details.thinking_tokens);
  const { serviceTier, reportedUsd, extras } = billingOf(usage);
  into.serviceTier = serviceTier ?? into.serviceTier;
  into.reportedUsd = reportedUsd ?? into.reportedUsd;
  const iterations = asArray(usage.iterations).map(asObject);
  const fallback = iterations.find(({ type }) => type === "fallback_message");
  into.model = nonEmpty(fallback?.model) ?? into.model;
  // Whether what declined before it is billed too, the report does not tell.
  const declined = fallback ? { fallback_message: 1 } : {};
  if (extras || fallback) into.extras = { ...into.extras, ...extras, ...declined };
  const apart = iterations.flatMap((one) => samplingApart(one) ?? []);
  if (apart.length > 0) into.apart = apart;
}

/**
 * A compaction is a sampling of its own, by the same model, and is paid for beside the answer; so is what an advisor
 * says, by its own model: https://platform.claude.com/docs/en/build-with-claude/compaction,
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool
 */
function samplingApart({ iterations: _, ...iteration }: JsonObject): MessagesCounts | undefined {
  if (iteration.type !== "compaction" && iteration.type !== "advisor_message") return undefined;
  const counts: MessagesCounts = {};
  mergeCounts(counts, iteration);
  if (iteration.type === "advisor_message") counts.model = asString(iteration.model) ?? "";
  return counts;
}

/** Anthropic's `input_tokens` leaves out what was read from and written to the cache. */
export function usageFromCounts(counts: MessagesCounts): Usage | undefined {
  const answer = usageOfOne(counts);
  const apart = counts.apart?.flatMap((one) => samplingOf(one) ?? []) ?? [];
  if (answer === undefined || (apart.length === 0 && counts.model === undefined)) return answer;
  const samplings = [...apart, samplingOf(counts) ?? answer];
  const sums = COUNTS.flatMap((name) => {
    const counts = samplings.flatMap((one) => one[name] ?? []);
    return counts.length === 0 ? [] : [[name, counts.reduce((sum, count) => sum + count, 0)]];
  });
  return { ...answer, ...Object.fromEntries(sums), samplings };
}

const COUNTS = [
  "inputTokens",
  "cachedInputTokens",
  "cacheWriteTokens",
  "cacheWrite1hTokens",
  "outputTokens",
  "reasoningTokens",
] as const;

function samplingOf(counts: MessagesCounts): Sampling | undefined {
  const usage = usageOfOne(counts);
  return usage && counts.model !== undefined ? { ...usage, model: counts.model } : usage;
}

function usageOfOne(counts: MessagesCounts): Usage | undefined {
  const { input, cacheRead, cacheWrite, output, thinking, serviceTier, reportedUsd, extras } = counts;
  return usageOf({
    inputTokens: input === undefined ? undefined : input + (cacheRead ?? 0) + (cacheWrite ?? 0),
    cachedInputTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    cacheWrite1hTokens: counts.cacheWrite1h,
    outputTokens: output,
    reasoningTokens: thinking,
    serviceTier,
    reportedUsd,
    extras,
  });
}

/**
 * The usage of an answer. Clients add these up and crash on a missing one, so what the provider did not report
 * is 0 here; the ledger knows the difference.
 */
export function messagesUsage(usage: Usage | undefined): MessageDeltaUsage & { input_tokens: number } {
  const told = toldUsage(usage ?? {});
  const cached = told.cachedInputTokens ?? 0;
  const written = told.cacheWriteTokens ?? 0;
  return {
    // Some vendors report more cached tokens than tokens.
    input_tokens: Math.max(0, (told.inputTokens ?? 0) - cached - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens: told.outputTokens ?? 0,
    output_tokens_details:
      told.reasoningTokens === undefined ? null : { thinking_tokens: told.reasoningTokens },
    server_tool_use: null,
  };
}
