import type { ResponseUsage } from "openai/resources/responses/responses";
import { toldUsage, type Usage, usageOf } from "../../conversation/usage";
import { asCount, asObject, isObject } from "../../json/access";
import { billingOf } from "../billing";

/** Responses' counts: `input_tokens` has the cached ones in it. Undefined where there are none. */
export function usageFromResponses(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const details = asObject(usage.input_tokens_details);
  return usageOf({
    inputTokens: asCount(usage.input_tokens),
    cachedInputTokens: asCount(details.cached_tokens),
    cacheWriteTokens: asCount(details.cache_write_tokens),
    cacheWrite1hTokens: undefined,
    outputTokens: asCount(usage.output_tokens),
    reasoningTokens: asCount(asObject(usage.output_tokens_details).reasoning_tokens),
    ...billingOf(usage),
  });
}

/** Codex fails to read the last event where one of the three sums is no integer. */
export function usageToResponses(usage: Usage): ResponseUsage {
  const told = toldUsage(usage);
  const input = told.inputTokens ?? 0;
  const output = told.outputTokens ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: told.cachedInputTokens ?? 0,
      cache_write_tokens: told.cacheWriteTokens ?? 0,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: told.reasoningTokens ?? 0 },
    total_tokens: input + output,
  };
}
