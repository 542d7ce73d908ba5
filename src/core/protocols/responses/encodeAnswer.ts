import type {
  ResponseOutputItem,
  ResponseOutputRefusal,
  ResponseOutputText,
} from "openai/resources/responses/responses";
import type { Answer } from "../../conversation/answer";
import type { JsonObject } from "../../json/access";
import { callItem, messageItem, reasoningItem, textPart } from "./outputItems";
import { type ResponsesEncoderOptions, responseId, responseObject, statusOf } from "./responseObject";

/** A whole answer as a client of Responses has it. */
export function encodeResponsesAnswer(answer: Answer, options: ResponsesEncoderOptions): JsonObject {
  const output: ResponseOutputItem[] = [];
  let parts: (ResponseOutputText | ResponseOutputRefusal)[] | undefined;
  const refused = answer.blocks.some((block) => block.kind === "refusal");
  const state = statusOf(answer.stop === "refusal" && refused ? "stop" : answer.stop);
  for (const block of answer.blocks) {
    if (block.kind === "text" || block.kind === "refusal") {
      if (!parts) {
        parts = [];
        output.push(messageItem(options.newId("msg_"), state.status, parts));
      }
      parts.push(
        block.kind === "text"
          ? textPart(block.text, block.logprobs)
          : { type: "refusal", refusal: block.text },
      );
      continue;
    }
    parts = undefined;
    if (block.kind === "thinking") {
      output.push(reasoningItem(options.newId("rs_"), block.text, block.seal, options.issuer));
      continue;
    }
    if (block.seal) output.push(reasoningItem(options.newId("rs_"), "", block.seal, options.issuer));
    const fields = { callId: block.id, name: block.name, custom: block.custom, namespace: block.namespace };
    const item = options.newId(block.custom ? "ctc_" : "fc_");
    // What the model was cut off in.
    const status = block === answer.blocks.at(-1) ? state.status : "completed";
    output.push(callItem(item, fields, block.argumentsText, status));
  }
  return responseObject(responseId(answer.id, options.newId), options, {
    ...state,
    output,
    usage: answer.usage,
  });
}
