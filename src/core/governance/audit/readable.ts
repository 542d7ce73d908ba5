import type { AnswerBlock } from "../../conversation/answer";
import { DroppedReport } from "../../conversation/dropped";
import type { Block, ConversationRequest } from "../../conversation/request";
import { resultText, textOf } from "../../conversation/turns";
import { isObject, type JsonObject, parseJson } from "../../json/access";
import { decodeChatRequest } from "../../protocols/chat/decodeRequest";
import { decodeMessagesRequest } from "../../protocols/messages/decodeRequest";
import { decodeResponsesRequest } from "../../protocols/responses/decodeRequest";
import type { WireProtocol } from "../../protocols/wire";
import { decodeAnswer } from "../../translation/codecs";

/** A piece of what somebody said. */
export interface ReadablePart {
  /** `text`, `thinking`, `image`, `call of bash`… */
  readonly title: string;
  readonly text: string;
}

/** What one side said at a time. */
export interface ReadableTurn {
  /** `system`, `user` or `assistant`. */
  readonly who: string;
  readonly parts: readonly ReadablePart[];
}

/** A kept request as a conversation; undefined where it is none, or was cut. */
export function readableRequest(protocol: WireProtocol, text: string): readonly ReadableTurn[] | undefined {
  const body = parseJson(text);
  if (!isObject(body)) return undefined;
  try {
    const request = decodeRequest(protocol, body);
    const system = textOf(request.system, "\n\n");
    return [
      ...(system === "" ? [] : [{ who: "system", parts: [{ title: "text", text: system }] }]),
      ...request.messages.map(({ role, blocks }) => ({ who: role, parts: blocks.map(partOf) })),
    ];
  } catch {
    return undefined;
  }
}

/** A kept answer; undefined where it is no model's. */
export function readableAnswer(protocol: WireProtocol, text: string): readonly ReadableTurn[] | undefined {
  const body = parseJson(text);
  if (!isObject(body)) return undefined;
  const blocks = Array.isArray(body.blocks) ? (body.blocks as AnswerBlock[]) : decoded(protocol, body);
  return blocks && [{ who: "assistant", parts: blocks.map(partOf) }];
}

function decodeRequest(protocol: WireProtocol, body: JsonObject): ConversationRequest {
  const dropped = new DroppedReport();
  if (protocol === "chat") return decodeChatRequest(body, dropped);
  return protocol === "responses"
    ? decodeResponsesRequest(body, dropped)
    : decodeMessagesRequest(body, dropped);
}

function decoded(protocol: WireProtocol, body: JsonObject): readonly AnswerBlock[] | undefined {
  try {
    const answer = decodeAnswer(protocol, body, { now: () => 0, newId: (prefix) => prefix });
    return "blocks" in answer ? answer.blocks : undefined;
  } catch {
    return undefined;
  }
}

function partOf(block: Block | AnswerBlock): ReadablePart {
  switch (block.kind) {
    case "text":
    case "refusal":
      return { title: block.kind, text: block.text };
    case "thinking":
      return { title: "thinking", text: block.redacted ? "(only its issuer can read it)" : block.text };
    case "toolCall":
      return { title: `call of ${block.name}`, text: block.argumentsText };
    case "toolResult":
      return { title: block.isError ? "tool error" : "tool result", text: resultText(block) };
    case "image":
    case "document": {
      const { source } = block;
      const what =
        source.kind === "url" ? source.url : `${source.mediaType}, ${source.data.length} characters`;
      return { title: block.kind, text: what };
    }
  }
}
