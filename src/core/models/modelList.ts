import { asObject, nonEmpty } from "../json/access";
import type { FactValues } from "./facts";
import type { ListedModel } from "./listedModel";
import { anthropic, gitHub, mistral } from "./lists/makers";
import type { Entry } from "./lists/read";
import { huggingFace, openRouter, together, vercel } from "./lists/routers";
import { anyServer } from "./lists/servers";

const MAX_MODELS = 5000;

/** Who says what in words of its own, by its address. */
const DIALECTS: readonly (readonly [host: RegExp, read: (entry: Entry) => FactValues])[] = [
  [/(^|\.)openrouter\.ai$/, openRouter],
  [/(^|\.)ai-gateway\.vercel\.sh$/, vercel],
  [/(^|\.)together\.(xyz|ai)$/, together],
  [/(^|\.)huggingface\.co$/, huggingFace],
  [/(^|\.)anthropic\.com$/, anthropic],
  [/(^|\.)mistral\.ai$/, mistral],
  [/(^|\.)models\.github\.ai$/, gitHub],
];

/**
 * Reads a provider's models list: `{data: […]}` as OpenAI and Anthropic send it, `{models: […]}`, or a bare array, of
 * models or of their ids alone.
 * @param baseUrl the provider's address, which says what its fields mean
 * @returns undefined if the answer is none of these, or names no model in all its entries
 */
export function parseModelList(body: unknown, baseUrl: string): ListedModel[] | undefined {
  const entries = listIn(body);
  if (entries === undefined) return undefined;
  const host = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : "";
  const read = DIALECTS.find(([pattern]) => pattern.test(host))?.[1] ?? anyServer;
  const models = new Map<string, ListedModel>();
  for (const entry of entries.slice(0, MAX_MODELS).map(asEntry)) {
    const id = idOf(entry, host);
    if (id === undefined || models.has(id)) continue;
    const name = shortText(entry.display_name) ?? shortText(entry.name);
    models.set(id, { id, ...(name !== undefined && name !== id ? { name } : {}), facts: read(entry) });
  }
  return models.size === 0 && entries.length > 0 ? undefined : [...models.values()];
}

function asEntry(value: unknown): Entry {
  return typeof value === "string" ? { id: value.trim() } : asObject(value);
}

/** The list in an answer, wherever it stands. */
export function listIn(body: unknown): readonly unknown[] | undefined {
  if (Array.isArray(body)) return body;
  const { object, data, models } = asObject(body);
  // Servers written in Go send null for a list with nothing in it: Ollama does before a model has been pulled.
  const list = data ?? models ?? (data === null && object === "list" ? [] : undefined);
  return Array.isArray(list) ? list : undefined;
}

/** Google puts a folder before its ids, which no client writes. */
function idOf(entry: Entry, host: string): string | undefined {
  const id = shortText(entry.id) ?? shortText(entry.name);
  return host.endsWith(".googleapis.com") ? id?.replace(/^models\//, "") : id;
}

function shortText(value: unknown): string | undefined {
  const text = nonEmpty(value);
  return text !== undefined && text.length <= 300 ? text : undefined;
}
