import { parseJson } from "../../json/access";

/** Longer words are no words: base64, hashes, minified code. */
const MAX_WORD = 200;
const MAX_CHARACTERS = 1_000_000;
/** Members whose values nobody searches for. */
const LEFT_OUT = new Set([
  "id",
  "data",
  "signature",
  "encrypted_content",
  "type",
  "role",
  "call_id",
  "tool_call_id",
]);

/** What of a kept text is searched: the texts that a JSON text holds, or the text itself. */
export function searchableText(text: string): string {
  const parsed = parseJson(text);
  const texts: string[] = [];
  if (parsed === undefined || typeof parsed !== "object") texts.push(text);
  else collect(parsed, texts);
  return texts
    .join("\n")
    .slice(0, MAX_CHARACTERS)
    .replace(/\S+/g, (word) => (word.length > MAX_WORD ? "" : word));
}

function collect(value: unknown, texts: string[], depth = 0): void {
  if (depth > 50) return;
  if (typeof value === "string") texts.push(value);
  else if (Array.isArray(value)) for (const item of value) collect(item, texts, depth + 1);
  else if (typeof value === "object" && value !== null)
    for (const [name, member] of Object.entries(value))
      if (!LEFT_OUT.has(name)) collect(member, texts, depth + 1);
}

/**
 * A search as SQLite's FTS5 takes it: each word by itself and all of them, so that nothing that a person types is an
 * operator. Undefined where there is no word. https://www.sqlite.org/fts5.html#full_text_query_syntax
 */
export function searchExpression(typed: string): string | undefined {
  const words = typed.match(/[\p{L}\p{N}_]+/gu)?.slice(0, 20) ?? [];
  return words.length > 0 ? words.map((word) => `"${word}"*`).join(" AND ") : undefined;
}
