import type { CompletionUsage } from "openai/resources/completions";
import type { Usage } from "../../conversation/usage";
import { asCount, asObject, isObject } from "../../json/access";

/** Chat Completions' counts: `prompt_tokens` has the cached ones in it. Undefined where there are none. */
export function usageFromChat(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const prompt = asObject(usage.prompt_tokens_details);
  const input = asCount(usage.prompt_tokens);
  const output = asCount(usage.completion_tokens);
  if (input === undefined && output === undefined) return undefined;
  // DeepSeek's name for the same.
  const cached = asCount(prompt.cached_tokens) ?? asCount(usage.prompt_cache_hit_tokens);
  const written = asCount(prompt.cache_write_tokens);
  const reasoning = asCount(asObject(usage.completion_tokens_details).reasoning_tokens);
  return {
    ...(input === undefined ? {} : { inputTokens: input }),
    ...(cached === undefined ? {} : { cachedInputTokens: cached }),
    ...(written === undefined ? {} : { cacheWriteTokens: written }),
    ...(output === undefined ? {} : { outputTokens: output }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
  };
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
