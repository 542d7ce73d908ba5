import { asArray, asObject, asString, isObject, type JsonObject } from "../../json/access";

/** A piece of what an assistant says, in the forms that servers of Chat Completions use. */
export interface Piece {
  readonly kind: "text" | "thinking" | "refusal";
  readonly text: string;
  /** As clients of OpenRouter and LiteLLM mark parts. */
  readonly cache?: JsonObject;
}

/** The types of parts that are pieces. */
export const PIECE_TYPES: readonly string[] = ["text", "refusal", "thinking"];

/**
 * `content` is a string, or at some vendors a list of parts (Mistral: `text` and `thinking`, whose own content is a
 * list again).
 */
export function contentPieces(content: unknown): Piece[] {
  if (typeof content === "string") return content === "" ? [] : [{ kind: "text", text: content }];
  return asArray(content).flatMap((part): Piece[] => {
    if (typeof part === "string") return [{ kind: "text", text: part }];
    const { type, text, refusal, thinking, cache_control: mark } = asObject(part);
    const cache = isObject(mark) ? { cache: mark } : {};
    if (type === "text") return [{ kind: "text", text: asString(text) ?? "", ...cache }];
    if (type === "refusal") return [{ kind: "refusal", text: asString(refusal) ?? "" }];
    if (type === "thinking") return [{ kind: "thinking", text: plainText(thinking) }];
    return [];
  });
}

function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  return asArray(value)
    .map((part) => asString(asObject(part).text) ?? "")
    .join("");
}

/**
 * Reasoning beside the content: DeepSeek's `reasoning_content`, OpenRouter's and Ollama's `reasoning`, GitHub
 * Copilot's `reasoning_text`, and OpenRouter's `reasoning_details` where it has nothing else.
 */
export function reasoningText(message: JsonObject): string {
  const direct =
    asString(message.reasoning_content) || asString(message.reasoning) || asString(message.reasoning_text);
  if (direct) return direct;
  return asArray(message.reasoning_details)
    .map((detail) => asString(asObject(detail).text) ?? asString(asObject(detail).summary) ?? "")
    .join("");
}

/** The fields that reasoning comes in; `reasoning` also stands for the details. */
export type ReasoningField = "reasoning_content" | "reasoning" | "reasoning_text";

export function reasoningField(message: JsonObject): ReasoningField {
  if (asString(message.reasoning_content)) return "reasoning_content";
  return asString(message.reasoning_text) && !asString(message.reasoning) ? "reasoning_text" : "reasoning";
}

/** What has to go back with reasoning: OpenRouter's details as they came, or nothing. */
export function reasoningDetails(message: JsonObject): readonly unknown[] {
  return asArray(message.reasoning_details).filter(isObject);
}
