import { isObject, type JsonObject, lookup } from "../json/access";

/** Values that ask for nothing: what they stand for is the default everywhere. */
function isIdle(key: string, value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  if (Array.isArray(value) && value.length === 0) return true;
  if (isObject(value) && Object.keys(value).length === 0) return true;
  const idle: Record<string, unknown> = {
    n: 1,
    frequency_penalty: 0,
    presence_penalty: 0,
    truncation: "disabled",
    top_logprobs: 0,
  };
  return lookup(idle, key) === value;
}

/** The fields of a request that its decoder has no meaning for, without those that ask for nothing. */
export function leftovers(body: JsonObject, known: readonly string[]): JsonObject {
  return Object.fromEntries(
    Object.entries(body).filter(([key, value]) => !known.includes(key) && !isIdle(key, value)),
  );
}
