import { asObject } from "../../json/access";
import type { FactValues } from "../facts";
import { type PriceTier, perMillion } from "../price";
import { at, type Entry, flag, has, objects, present, price, tokens } from "./read";

/**
 * Ollama's `/api/show`. The window is what the model was made for, or less where its Modelfile says so; a server may
 * run with less still, which it does not tell. https://docs.ollama.com/api/show
 */
export function ollama(shown: Entry): FactValues {
  const { capabilities } = shown;
  const architecture = at(shown, "model_info", "general.architecture");
  const trained = tokens(asObject(shown.model_info)[`${String(architecture)}.context_length`]);
  const set = /^num_ctx\s+(\d+)\s*$/m.exec(String(shown.parameters ?? ""))?.[1];
  const windows = [trained, tokens(set === undefined ? undefined : Number(set))].filter(
    (window) => window !== undefined,
  );
  const embeds = has(capabilities, "embedding");
  return present({
    contextWindow: windows.length === 0 ? undefined : Math.min(...windows),
    tools: has(capabilities, "tools"),
    images: has(capabilities, "vision"),
    reasoning: has(capabilities, "thinking"),
    embeddings: embeds && !has(capabilities, "completion") ? true : embeds === undefined ? undefined : false,
  });
}

/**
 * LM Studio's own list, in its version 1 (`capabilities` an object) and 0 (a list of words). A model that is loaded
 * has the window it was loaded with. https://lmstudio.ai/docs/developer/rest/list
 */
export function lmStudio(entry: Entry): FactValues {
  const { capabilities, type } = entry;
  const loaded = objects(entry.loaded_instances).flatMap(
    (instance) => tokens(at(instance, "config", "context_length")) ?? [],
  );
  const words = Array.isArray(capabilities);
  const embeds = type === undefined ? undefined : type === "embedding" || type === "embeddings";
  const reasons = at(capabilities, "reasoning");
  return present({
    contextWindow: tokens(
      loaded.length === 0 ? undefined : Math.min(...loaded),
      entry.loaded_context_length,
      entry.max_context_length,
    ),
    tools: words ? has(capabilities, "tool_use") : flag(at(capabilities, "trained_for_tool_use")),
    images: words || type === "vlm" ? type === "vlm" : flag(at(capabilities, "vision")),
    reasoning: reasons === undefined || words ? undefined : reasons !== false && reasons !== null,
    embeddings: embeds,
  });
}

/** LiteLLM's `/model/info`: https://docs.litellm.ai/docs/proxy/model_management */
export function liteLlm(entry: Entry): FactValues {
  const info = asObject(entry.model_info);
  const tiers = liteLlmTiers(info);
  return present({
    contextWindow: tokens(info.max_input_tokens),
    maxOutput: tokens(info.max_output_tokens),
    tools: flag(info.supports_function_calling),
    images: flag(info.supports_vision),
    reasoning: flag(info.supports_reasoning),
    structuredOutput: flag(info.supports_response_schema),
    embeddings: info.mode === undefined || info.mode === null ? undefined : info.mode === "embedding",
    // It writes 0 where it knows no price.
    price:
      info.input_cost_per_token === 0 && info.output_cost_per_token === 0
        ? undefined
        : price(
            {
              input: perMillion(info.input_cost_per_token),
              cachedInput: perMillion(info.cache_read_input_token_cost),
              cacheWrite: perMillion(info.cache_creation_input_token_cost),
              output: perMillion(info.output_cost_per_token),
            },
            tiers.length === 0 ? {} : { tiers },
          ),
  });
}

/** Where a long context begins differs by model: `…_above_128k_tokens`, `…_above_200k_tokens`, `…_above_272k_tokens`. */
function liteLlmTiers(info: Entry): PriceTier[] {
  const thousands = Object.keys(info).flatMap((name) => {
    const found = /^input_cost_per_token_above_(\d{1,5})k_tokens$/.exec(name)?.[1];
    return found === undefined || perMillion(info[name]) === undefined ? [] : [Number(found)];
  });
  return thousands
    .sort((one, other) => one - other)
    .map((above) => {
      const rate = (name: string) => perMillion(info[`${name}_above_${above}k_tokens`]);
      return {
        aboveInput: above * 1000,
        ...present({
          input: rate("input_cost_per_token"),
          cachedInput: rate("cache_read_input_token_cost"),
          cacheWrite: rate("cache_creation_input_token_cost"),
          output: rate("output_cost_per_token"),
        }),
      };
    });
}

/**
 * What many servers say in the same words: Groq (`context_window`, `max_completion_tokens`), Moonshot and Fireworks
 * (`context_length`, `supports_…`), vLLM (`max_model_len`), llama.cpp (`meta`), newer LiteLLM (`max_input_tokens`).
 * Prices are left out: some give them by the token, some by the million, in the same fields.
 */
export function anyServer(entry: Entry): FactValues {
  return present({
    contextWindow: tokens(
      entry.context_length,
      entry.context_window,
      entry.max_model_len,
      entry.max_context_length,
      entry.max_input_tokens,
      at(entry, "meta", "n_ctx"),
      at(entry, "meta", "n_ctx_train"),
    ),
    maxOutput: tokens(entry.max_completion_tokens, entry.max_output_tokens),
    tools: flag(entry.supports_tools) ?? has(entry.supported_parameters, "tools"),
    images:
      flag(entry.supports_image_in) ??
      flag(entry.supports_image_input) ??
      has(at(entry, "architecture", "input_modalities") ?? entry.input_modalities, "image"),
    reasoning: flag(entry.supports_reasoning),
  });
}
