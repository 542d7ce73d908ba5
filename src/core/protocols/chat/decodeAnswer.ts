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
  // Alternatives have an index each; without one, they are one answer in pieces (GitHub Copilot's Claude).
  const unnumbered = choices.filter((choice) => (choice.index ?? 0) === 0);
  const pieces = unnumbered.length > 0 ? unnumbered : choices.slice(0, 1);
  const last = pieces.at(-1);
  if (!last) {
    return body.choices === undefined && (body.message !== undefined || body.detail !== undefined)
      ? readStreamError(body)
      : malformed("it has no choices");
  }
  const decoder = createChatDecoder(newId);
  const sequence = createSequencer();
  const events: StreamEvent[] = [];
  let calls = 0;
  const decoded = pieces.flatMap((piece) => {
    const message = withIndexes(asObject(piece.message), calls);
    calls += asArray(message.tool_calls).length;
    return decoder.chunk({ ...body, choices: [{ ...piece, index: 0, message, delta: undefined }] });
  });
  for (const event of [...decoded, ...decoder.event("[DONE]", "")]) events.push(...sequence(event));
  const failed = events.find((event) => event.type === "error");
  if (failed) {
    // An empty answer is an answer, once it is whole.
    const nothing = last.finish_reason === undefined || last.finish_reason === null;
    if (!nothing || failed.error.code !== "provider_incomplete") return failed.error;
    return { blocks: [], stop: "stop" };
  }
  const answer = foldEvents(events);
  return answer ? { ...answer, blocks: answer.blocks.filter(hasContent) } : malformed("it does not end");
}

/** Calls of a whole message have no index; each is a call of its own. */
function withIndexes(message: JsonObject, before: number): JsonObject {
  if (!Array.isArray(message.tool_calls)) return message;
  const calls = message.tool_calls.map((call, at) => ({ ...asObject(call), index: before + at }));
  return { ...message, tool_calls: calls };
}

function hasContent(block: AnswerBlock): boolean {
  return block.kind === "toolCall" || block.kind === "thinking" || block.text !== "";
}
