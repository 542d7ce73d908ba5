import type { ContentBlock, Message } from "@anthropic-ai/sdk/resources/messages";
import type { Answer, AnswerBlock } from "../../conversation/answer";
import { argumentsObject } from "../../conversation/arguments";
import { safeToolId } from "../../conversation/toolIds";
import { type MessagesEncoderOptions, messageId, redactedData, signatureOf } from "./encodeStream";
import { stopToMessages } from "./stopReason";
import { messagesUsage } from "./usage";

/** A whole answer as a client of Messages has it. */
export function encodeMessagesAnswer(answer: Answer, options: MessagesEncoderOptions): Message {
  const refused = answer.blocks.some((block) => block.kind === "refusal");
  return {
    id: messageId(answer.id, options.newId),
    type: "message",
    role: "assistant",
    model: options.model,
    content: answer.blocks.flatMap((block) => encodeBlock(block, options.issuer)),
    container: null,
    diagnostics: null,
    stop_details: null,
    stop_reason: stopToMessages(refused && answer.stop === "stop" ? "refusal" : answer.stop),
    stop_sequence: answer.stopSequence ?? null,
    usage: {
      ...messagesUsage(answer.usage),
      cache_creation: null,
      inference_geo: null,
      service_tier: null,
      speed: null,
    },
  };
}

function encodeBlock(block: AnswerBlock, issuer: string): ContentBlock[] {
  switch (block.kind) {
    case "text":
    case "refusal":
      return block.text === "" ? [] : [{ type: "text", text: block.text, citations: null }];
    case "thinking": {
      const data = redactedData(block.seal);
      if (data !== undefined) return [{ type: "redacted_thinking", data }];
      return [{ type: "thinking", thinking: block.text, signature: signatureOf(block.seal, issuer) }];
    }
    case "toolCall": {
      const seal: ContentBlock[] = block.seal
        ? [{ type: "thinking", thinking: "", signature: signatureOf(block.seal, issuer) }]
        : [];
      const input = argumentsObject(block.argumentsText);
      const call: ContentBlock = {
        type: "tool_use",
        id: safeToolId(block.id),
        name: block.name,
        input,
        caller: { type: "direct" },
      };
      return [...seal, call];
    }
  }
}
