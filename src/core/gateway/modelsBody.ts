import { optional } from "../json/access";
import type { WireProtocol } from "../protocols/wire";
import type { OfferedModel } from "./offeredModels";
import { pageOf } from "./page";

/**
 * `GET /v1/models` in OpenAI's shape. Codex reads `models` and fails without it. Each entry there must hold the
 * instructions that Codex gives to the model, in place of its own 17 KB for a model that it does not know (measured
 * with 0.169: an entry without `base_instructions` is an error, an empty one leaves the agent without any). Those are
 * not ours to write, so the list is empty, and Codex goes by what it knows.
 * https://github.com/openai/codex/blob/main/codex-rs/protocol/src/openai_models.rs
 */
export function openAiModelsBody(models: readonly OfferedModel[]): string {
  return JSON.stringify({ object: "list", data: models.map(openAiModel), models: [] });
}

/** `GET /v1/models` in Anthropic's shape. */
export function anthropicModelsBody(models: readonly OfferedModel[], query: URLSearchParams): string {
  const { entries, hasMore } = pageOf(models, query);
  return JSON.stringify({
    data: entries.map(anthropicModel),
    has_more: hasMore,
    first_id: entries[0]?.id ?? null,
    last_id: entries.at(-1)?.id ?? null,
  });
}

/** `GET /v1/models/{id}`. */
export function modelBody(protocol: WireProtocol, model: OfferedModel): string {
  return JSON.stringify(protocol === "messages" ? anthropicModel(model) : openAiModel(model));
}

// Neither shape may lack a date, and no provider's list gives one in common: the epoch says "unknown".
/** The limits in the words that compatible servers have for them (Groq's); OpenAI's own list has none. */
function openAiModel({ id, providerId, contextWindow, maxOutput }: OfferedModel) {
  return {
    id,
    object: "model",
    created: 0,
    owned_by: providerId,
    ...optional("context_window", contextWindow),
    ...optional("max_output_tokens", maxOutput),
  };
}

/** https://platform.claude.com/docs/en/api/models/list: a limit that is not known is null. */
function anthropicModel({ id, name, contextWindow, maxOutput }: OfferedModel) {
  return {
    type: "model",
    id,
    display_name: name ?? id,
    created_at: "1970-01-01T00:00:00Z",
    max_input_tokens: contextWindow ?? null,
    max_tokens: maxOutput ?? null,
  };
}
