import type { Seal } from "../../conversation/seal";
import { asArray, asObject, asString, type JsonObject, nonEmpty } from "../../json/access";

/** What a whole item says, part by part. */
export type ItemPiece =
  | {
      readonly kind: "text";
      readonly index: number;
      readonly text: string;
      readonly logprobs: readonly unknown[];
    }
  | { readonly kind: "refusal" | "summary" | "content"; readonly index: number; readonly text: string }
  | { readonly kind: "call"; readonly text: string };

export function readItem(item: JsonObject): ItemPiece[] {
  const texts = (list: unknown): string[] => asArray(list).map((part) => asString(asObject(part).text) ?? "");
  switch (item.type) {
    case "message":
      return asArray(item.content).map((part, index): ItemPiece => {
        const { type, text, refusal, logprobs } = asObject(part);
        if (type === "refusal") return { kind: "refusal", index, text: asString(refusal) ?? "" };
        return { kind: "text", index, text: asString(text) ?? "", logprobs: asArray(logprobs) };
      });
    case "reasoning":
      return [
        ...texts(item.content).map((text, index): ItemPiece => ({ kind: "content", index, text })),
        ...texts(item.summary).map((text, index): ItemPiece => ({ kind: "summary", index, text })),
      ];
    case "function_call":
      return [{ kind: "call", text: asString(item.arguments) ?? "" }];
    case "custom_tool_call":
      return [{ kind: "call", text: asString(item.input) ?? "" }];
    default:
      // The provider's own tools (web search, code interpreter, …): what they found is in the text around them.
      return [];
  }
}

/** What has to come back of a reasoning item: its encrypted content, or, where the provider stores it, its id. */
export function reasoningSeal(item: JsonObject): Seal | undefined {
  const encrypted = nonEmpty(item.encrypted_content);
  const id = nonEmpty(item.id);
  if (encrypted === undefined) return undefined;
  return { protocol: "responses", value: { encrypted_content: encrypted, ...(id ? { id } : {}) } };
}
