import type { CompletionUsage } from "openai/resources/completions";
import { toldUsage, type Usage, usageOf } from "../../conversation/usage";
import { asCount, asObject, isObject, optional } from "../../json/access";
import { billingOf } from "../billing";

/** Chat Completions' counts: `prompt_tokens` has the cached ones in it. Undefined where there are none. */
export function usageFromChat(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const prompt = asObject(usage.prompt_tokens_details);
  const reasoning = asCount(asObject(usage.completion_tokens_details).reasoning_tokens);
  const counts = {
    inputTokens: asCount(usage.prompt_tokens),
    // DeepSeek's name for the same.
    cachedInputTokens: asCount(prompt.cached_tokens) ?? asCount(usage.prompt_cache_hit_tokens),
    cacheWriteTokens: asCount(prompt.cache_write_tokens),
    cacheWrite1hTokens: undefined,
    outputTokens: asCount(usage.completion_tokens),
    reasoningTokens: reasoning,
  };
  const inFields = usageOf({ ...counts, ...billingOf(usage) });
  // Moonshot's place for it: https://platform.kimi.ai/docs/api/chat
  const cachedInputTokens = counts.cachedInputTokens ?? asCount(usage.cached_tokens);
  const beside = reasoningBeside({ ...counts, cachedInputTokens }, asCount(usage.total_tokens));
  if (inFields === undefined || (beside === 0 && cachedInputTokens === counts.cachedInputTokens))
    return inFields;
  const outputTokens = beside > 0 ? (counts.outputTokens ?? 0) + beside : counts.outputTokens;
  return {
    ...inFields,
    ...optional("cachedInputTokens", cachedInputTokens),
    ...optional("outputTokens", outputTokens),
    inFields,
  };
}

/**
 * What was written in reasoning and is not among `completion_tokens`, as it is with nearly everybody. xAI names it and
 * counts it beside them; Gemini has it in the total alone (https://discuss.ai.google.dev/t/127400). What a total counts
 * for the second time is none: some add what was read from a cache.
 */
function reasoningBeside(
  counts: { readonly [Name in keyof Usage]?: number | undefined },
  total: number | undefined,
): number {
  const { inputTokens, outputTokens = 0, reasoningTokens, cachedInputTokens: cached = 0 } = counts;
  if (inputTokens === undefined || total === undefined) return 0;
  const rest = total - inputTokens - outputTokens;
  if (reasoningTokens !== undefined) return rest === reasoningTokens ? rest : 0;
  const written = counts.cacheWriteTokens ?? 0;
  return [cached, written, cached + written].includes(rest) ? 0 : Math.max(0, rest);
}

export function usageToChat(usage: Usage): CompletionUsage {
  const told = toldUsage(usage);
  const input = told.inputTokens ?? 0;
  const output = told.outputTokens ?? 0;
  const { cachedInputTokens: cached, cacheWriteTokens: written, reasoningTokens: reasoning } = told;
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    ...(cached === undefined && written === undefined
      ? {}
      : {
          prompt_tokens_details: {
            cached_tokens: cached ?? 0,
            ...(written === undefined ? {} : { cache_write_tokens: written }),
          },
        }),
    ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
  };
}
