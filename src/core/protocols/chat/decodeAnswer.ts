import type { Answer, AnswerBlock, StreamEvent } from "../../conversation/answer";
import { foldEvents } from "../../conversation/foldAnswer";
import { createSequencer } from "../../conversation/sequencer";
import { asArray, asObject, isObject, type JsonObject } from "../../json/access";
import type { WireError } from "../errorShape";
import { malformed } from "../providerError";
import { readStreamError } from "../streamError";
import { createChatDecoder } from "./decodeStream";

/**
 * A whole answer of a Chat Completions provider. A completion is one big chunk: reading it as one keeps a single
 * place that knows the vendors' ways. An error inside a 200 is an error.
 */
export function decodeChatAnswer(body: unknown, newId: (prefix: string) => string): Answer | WireError {
  if (!isObject(body)) return malformed("it is not a JSON object");
  if (body.error !== undefined && body.error !== null) return readStreamError(body);
  const choices = asArray(body.choices).map(asObject);
  const first = choices.find((choice) => (choice.index ?? 0) === 0) ?? choices[0];
  if (!first) {
    return body.choices === undefined && (body.message !== undefined || body.detail !== undefined)
      ? readStreamError(body)
      : malformed("it has no choices");
  }
  const decoder = createChatDecoder(newId);
  const sequence = createSequencer();
  const events: StreamEvent[] = [];
  const message = withIndexes(asObject(first.message));
  const whole = { ...body, choices: [{ ...first, index: 0, message, delta: undefined }] };
  for (const event of [...decoder.chunk(whole), ...decoder.event("[DONE]", "")]) {
    events.push(...sequence(event));
  }
  const failed = events.find((event) => event.type === "error");
  if (failed) {
    // An empty answer is an answer, once it is whole.
    const nothing = first.finish_reason === undefined || first.finish_reason === null;
    if (!nothing || failed.error.code !== "provider_incomplete") return failed.error;
    return { blocks: [], stop: "stop" };
  }
  const answer = foldEvents(events);
  return answer ? { ...answer, blocks: answer.blocks.filter(hasContent) } : malformed("it does not end");
}

/** Calls of a whole message have no index; each is a call of its own. */
function withIndexes(message: JsonObject): JsonObject {
  if (!Array.isArray(message.tool_calls)) return message;
  return { ...message, tool_calls: message.tool_calls.map((call, index) => ({ ...asObject(call), index })) };
}

function hasContent(block: AnswerBlock): boolean {
  return block.kind === "toolCall" || block.kind === "thinking" || block.text !== "";
}
