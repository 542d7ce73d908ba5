import type { FactValues } from "../facts";
import { perMillion } from "../price";
import { at, dollars, type Entry, flag, has, objects, present, price, tokens } from "./read";

/** OpenRouter: https://openrouter.ai/docs/api/api-reference/models/get-models */
export function openRouter(entry: Entry): FactValues {
  const parameters = entry.supported_parameters;
  const rate = (name: string) => perMillion(at(entry, "pricing", name));
  const request = dollars(at(entry, "pricing", "request"));
  return present({
    contextWindow: tokens(at(entry, "top_provider", "context_length"), entry.context_length),
    maxOutput: tokens(at(entry, "top_provider", "max_completion_tokens")),
    tools: has(parameters, "tools"),
    images: has(at(entry, "architecture", "input_modalities"), "image"),
    reasoning: has(parameters, "reasoning", "include_reasoning"),
    structuredOutput: has(parameters, "structured_outputs"),
    embeddings: has(at(entry, "architecture", "output_modalities"), "embeddings"),
    price: price(
      {
        input: rate("prompt"),
        cachedInput: rate("input_cache_read"),
        cacheWrite: rate("input_cache_write"),
        output: rate("completion"),
      },
      request ? { perRequest: request } : {},
    ),
  });
}

/** Vercel's AI Gateway: https://vercel.com/docs/ai-gateway/sdks-and-apis/rest-api */
export function vercel(entry: Entry): FactValues {
  const rate = (name: string) => perMillion(at(entry, "pricing", name));
  const embeds = entry.type === "embedding";
  return present({
    contextWindow: tokens(entry.context_window),
    maxOutput: embeds ? undefined : tokens(entry.max_tokens),
    tools: has(entry.tags, "tool-use"),
    images: has(entry.tags, "vision"),
    reasoning: has(entry.tags, "reasoning"),
    embeddings: entry.type === undefined ? undefined : embeds,
    price: price({
      input: rate("input"),
      cachedInput: rate("input_cache_read"),
      cacheWrite: rate("input_cache_write"),
      output: rate("output"),
    }),
  });
}

/** Together: prices by the million. https://docs.together.ai/reference/models */
export function together(entry: Entry): FactValues {
  const rate = (name: string) => dollars(at(entry, "pricing", name));
  const priced = rate("input") || rate("output");
  return present({
    contextWindow: tokens(entry.context_length),
    embeddings: entry.type === undefined ? undefined : entry.type === "embedding",
    // What is paid by the hour, and what is not for sale, stands there with zeros.
    price: priced
      ? price({
          input: rate("input"),
          cachedInput: rate("cached_input") || undefined,
          output: rate("output"),
        })
      : undefined,
  });
}

/**
 * Hugging Face's router sends a request to any of a model's providers, so a value counts only as far as all of them
 * have it. https://huggingface.co/docs/inference-providers/hub-api
 */
export function huggingFace(entry: Entry): FactValues {
  const live = objects(entry.providers).filter(({ status }) => status === "live");
  if (live.length === 0) return {};
  const windows = live.map(({ context_length }) => tokens(context_length));
  const known = windows.every((window) => window !== undefined);
  return present({
    contextWindow: known ? Math.min(...windows.map((window) => window ?? 0)) : undefined,
    tools: shared(live, "supports_tools"),
    structuredOutput: shared(live, "supports_structured_output"),
    images: has(at(entry, "architecture", "input_modalities"), "image"),
  });
}

function shared(entries: readonly Entry[], name: string): boolean | undefined {
  const [first, ...others] = entries.map((entry) => flag(entry[name]));
  return others.every((value) => value === first) ? first : undefined;
}
