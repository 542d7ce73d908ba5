import type { Usage } from "../conversation/usage";
import type { WireProtocol } from "../protocols/wire";

type Fields = Record<string, unknown>;

/**
 * Reads a provider's usage object into our one way of counting. Only what is there is taken: an absent, negative or
 * broken number stays absent.
 */
export function reportedUsage(protocol: WireProtocol, usage: unknown): Usage | undefined {
  if (!isFields(usage)) return undefined;
  const counts = protocol === "messages" ? messagesUsage(usage) : openAiUsage(usage);
  const present = Object.entries(counts).filter(([, count]) => count !== undefined);
  return present.length > 0 ? (Object.fromEntries(present) as Usage) : undefined;
}

/** Later reports are cumulative, so each field's last one counts. */
export function mergeUsage(earlier: Usage | undefined, later: Usage | undefined): Usage | undefined {
  return earlier && later ? { ...earlier, ...later } : (later ?? earlier);
}

type Counts = { [Name in keyof Usage]: number | undefined };

/** Chat Completions says prompt and completion, Responses says input and output; the details have the same names. */
function openAiUsage(usage: Fields): Counts {
  const input = fields(usage.input_tokens_details) ?? fields(usage.prompt_tokens_details);
  const output = fields(usage.output_tokens_details) ?? fields(usage.completion_tokens_details);
  return {
    inputTokens: count(usage.input_tokens) ?? count(usage.prompt_tokens),
    // DeepSeek reports the cached part under a name of its own.
    cachedInputTokens: count(input?.cached_tokens) ?? count(usage.prompt_cache_hit_tokens),
    cacheWriteTokens: count(input?.cache_write_tokens),
    outputTokens: count(usage.output_tokens) ?? count(usage.completion_tokens),
    reasoningTokens: count(output?.reasoning_tokens),
  };
}

/** Anthropic counts the cached parts beside `input_tokens`, not within. */
function messagesUsage(usage: Fields): Counts {
  const fresh = count(usage.input_tokens);
  const read = count(usage.cache_read_input_tokens);
  const written = count(usage.cache_creation_input_tokens);
  return {
    inputTokens: fresh === undefined ? undefined : fresh + (read ?? 0) + (written ?? 0),
    cachedInputTokens: read,
    cacheWriteTokens: written,
    outputTokens: count(usage.output_tokens),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function fields(value: unknown): Fields | undefined {
  return isFields(value) ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
