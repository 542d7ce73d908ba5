import type { Answer, AnswerBlock } from "../../conversation/answer";
import { asArray, asObject, asString, isObject, type JsonObject, nonEmpty } from "../../json/access";
import type { WireError } from "../errorShape";
import { malformed } from "../providerError";
import { readStreamError } from "../streamError";
import { stopFromMessages } from "./stopReason";
import { type MessagesCounts, mergeCounts, usageFromCounts } from "./usage";

/** A whole answer of a Messages provider. An error inside a 200 is an error. */
export function decodeMessagesAnswer(body: unknown, newId: (prefix: string) => string): Answer | WireError {
  if (!isObject(body)) return malformed("it is not a JSON object");
  if (body.type === "error" || isObject(body.error)) return readStreamError(body);
  if (!Array.isArray(body.content)) return malformed("it has no content");
  const counts: MessagesCounts = {};
  mergeCounts(counts, body.usage);
  const usage = usageFromCounts(counts);
  const blocks = asArray(body.content)
    .map((block) => decodeBlock(asObject(block), newId))
    .filter((block) => block !== undefined);
  const reason = nonEmpty(body.stop_reason);
  const stopSequence = asString(body.stop_sequence);
  const called = blocks.some((block) => block.kind === "toolCall");
  const id = nonEmpty(body.id);
  const model = nonEmpty(body.model);
  return {
    ...(id ? { id } : {}),
    ...(model ? { model } : {}),
    blocks,
    ...(usage ? { usage } : {}),
    stop: reason ? stopFromMessages(reason) : called ? "toolCalls" : "stop",
    ...(stopSequence === undefined ? {} : { stopSequence }),
  };
}

function decodeBlock(block: JsonObject, newId: (prefix: string) => string): AnswerBlock | undefined {
  switch (block.type) {
    case "text": {
      const text = asString(block.text) ?? "";
      return text === "" ? undefined : { kind: "text", text };
    }
    case "thinking": {
      const text = asString(block.thinking) ?? "";
      const signature = nonEmpty(block.signature);
      const seal = signature && { protocol: "messages" as const, value: { signature, thinking: text } };
      return { kind: "thinking", text, ...(seal ? { seal } : {}) };
    }
    case "redacted_thinking":
      return {
        kind: "thinking",
        text: "",
        redacted: true,
        seal: { protocol: "messages", value: { redacted: asString(block.data) ?? "" } },
      };
    case "tool_use":
      return {
        kind: "toolCall",
        id: nonEmpty(block.id) ?? newId("toolu_"),
        name: nonEmpty(block.name) ?? "unnamed_tool",
        custom: false,
        argumentsText: isObject(block.input) ? JSON.stringify(block.input) : (asString(block.input) ?? "{}"),
      };
    default:
      // The provider's own tools; what they found is in the text around them.
      return undefined;
  }
}
