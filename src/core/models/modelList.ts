import type { ListedModel } from "./listedModel";

const MAX_MODELS = 5000;

/**
 * Reads a provider's models list: `{data: […]}` as OpenAI and Anthropic send it, `{models: […]}`, or a bare array.
 * @returns undefined if the answer is none of these
 */
export function parseModelList(body: unknown): ListedModel[] | undefined {
  const entries = Array.isArray(body) ? body : (member(body, "data") ?? member(body, "models"));
  if (!Array.isArray(entries)) return undefined;
  const models = new Map<string, ListedModel>();
  for (const entry of entries.slice(0, MAX_MODELS)) {
    const id = textOf(entry, "id") ?? textOf(entry, "name");
    if (id === undefined || models.has(id)) continue;
    const name = textOf(entry, "display_name") ?? textOf(entry, "name");
    const context =
      member(entry, "context_length") ?? member(entry, "context_window") ?? member(entry, "max_input_tokens");
    models.set(id, {
      id,
      ...(name !== undefined && name !== id ? { name } : {}),
      facts: typeof context === "number" && context > 0 ? { contextWindow: context } : {},
    });
  }
  return [...models.values()];
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === "string" && found !== "" && found.length <= 300 ? found : undefined;
}
