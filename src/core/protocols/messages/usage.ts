import type { MessageDeltaUsage } from "@anthropic-ai/sdk/resources/messages";
import { type Usage, usageOf } from "../../conversation/usage";
import { asArray, asCount, asObject, isObject } from "../../json/access";
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
  /** Of compactions before the answer, which the sums above leave out. */
  compactions?: readonly MessagesCounts[];
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
  const { serviceTier, reportedUsd } = billingOf(usage);
  into.serviceTier = serviceTier ?? into.serviceTier;
  into.reportedUsd = reportedUsd ?? into.reportedUsd;
  const compactions = asArray(usage.iterations).flatMap((one) => compactionIn(one) ?? []);
  if (compactions.length > 0) into.compactions = compactions;
}

/**
 * A compaction is a sampling of its own, by the same model, and is paid for beside the answer:
 * https://platform.claude.com/docs/en/build-with-claude/compaction
 */
function compactionIn(iteration: unknown): MessagesCounts | undefined {
  if (!isObject(iteration) || iteration.type !== "compaction") return undefined;
  const counts: MessagesCounts = {};
  mergeCounts(counts, iteration);
  return counts;
}

/** Anthropic's `input_tokens` leaves out what was read from and written to the cache. */
export function usageFromCounts(counts: MessagesCounts): Usage | undefined {
  const answer = usageOfOne(counts);
  const compactions = counts.compactions?.flatMap((one) => usageOfOne(one) ?? []) ?? [];
  if (answer === undefined || compactions.length === 0) return answer;
  const samplings = [...compactions, answer];
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

function usageOfOne(counts: MessagesCounts): Usage | undefined {
  const { input, cacheRead, cacheWrite, output, thinking, serviceTier, reportedUsd } = counts;
  return usageOf({
    inputTokens: input === undefined ? undefined : input + (cacheRead ?? 0) + (cacheWrite ?? 0),
    cachedInputTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    cacheWrite1hTokens: counts.cacheWrite1h,
    outputTokens: output,
    reasoningTokens: thinking,
    serviceTier,
    reportedUsd,
  });
}

/**
 * The usage of an answer. Clients add these up and crash on a missing one, so what the provider did not report
 * is 0 here; the ledger knows the difference.
 */
export function messagesUsage(usage: Usage | undefined): MessageDeltaUsage & { input_tokens: number } {
  const cached = usage?.cachedInputTokens ?? 0;
  const written = usage?.cacheWriteTokens ?? 0;
  return {
    // Some vendors report more cached tokens than tokens.
    input_tokens: Math.max(0, (usage?.inputTokens ?? 0) - cached - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens: usage?.outputTokens ?? 0,
    output_tokens_details:
      usage?.reasoningTokens === undefined ? null : { thinking_tokens: usage.reasoningTokens },
    server_tool_use: null,
  };
}
