import type { CompletionUsage } from "openai/resources/completions";
import { type Usage, usageOf } from "../../conversation/usage";
import { asCount, asObject, isObject } from "../../json/access";
import { billingOf } from "../billing";

/** Chat Completions' counts: `prompt_tokens` has the cached ones in it. Undefined where there are none. */
export function usageFromChat(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const prompt = asObject(usage.prompt_tokens_details);
  return usageOf({
    inputTokens: asCount(usage.prompt_tokens),
    // DeepSeek's name for the same.
    cachedInputTokens: asCount(prompt.cached_tokens) ?? asCount(usage.prompt_cache_hit_tokens),
    cacheWriteTokens: asCount(prompt.cache_write_tokens),
    cacheWrite1hTokens: undefined,
    outputTokens: asCount(usage.completion_tokens),
    reasoningTokens: asCount(asObject(usage.completion_tokens_details).reasoning_tokens),
    ...billingOf(usage),
  });
}

export function usageToChat(usage: Usage): CompletionUsage {
  const input = usage.inputTokens ?? 0;
  const output = usage.outputTokens ?? 0;
  const { cachedInputTokens: cached, cacheWriteTokens: written, reasoningTokens: reasoning } = usage;
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
