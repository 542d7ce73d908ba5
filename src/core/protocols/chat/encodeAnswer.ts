import type { ChatCompletion, ChatCompletionMessage } from "openai/resources/chat/completions";
import type { Answer } from "../../conversation/answer";
import { type ChatEncoderOptions, chatLogprobs, completionId } from "./encodeStream";
import { stopToChat } from "./stopReason";
import { usageToChat } from "./usage";

/** A whole answer as a client of Chat Completions has it. */
export function encodeChatAnswer(answer: Answer, options: ChatEncoderOptions): ChatCompletion {
  const texts = (kind: "text" | "refusal" | "thinking"): string =>
    answer.blocks.map((block) => (block.kind === kind ? block.text : "")).join("");
  const calls = answer.blocks.filter((block) => block.kind === "toolCall");
  const text = texts("text");
  const refusal = texts("refusal");
  const thinking = texts("thinking");
  const logprobs = answer.blocks.flatMap((block) => (block.kind === "text" ? (block.logprobs ?? []) : []));
  const message: ChatCompletionMessage & { reasoning_content?: string } = {
    role: "assistant",
    content: text === "" && (calls.length > 0 || refusal !== "") ? null : text,
    refusal: refusal === "" ? null : refusal,
  };
  if (thinking !== "") message.reasoning_content = thinking;
  const [first] = calls;
  if (options.legacyFunctions && first) {
    message.function_call = { name: first.name, arguments: first.argumentsText };
  } else if (calls.length > 0) {
    message.tool_calls = calls.map((call) =>
      call.custom
        ? { id: call.id, type: "custom", custom: { name: call.name, input: call.argumentsText } }
        : {
            id: call.id,
            type: "function",
            function: { name: call.name, arguments: jsonText(call.argumentsText) },
          },
    );
  }
  const reason = answer.stop === "refusal" && refusal !== "" ? "stop" : stopToChat(answer.stop);
  return {
    id: completionId(answer.id, options.newId),
    object: "chat.completion",
    created: options.created,
    model: options.model,
    choices: [
      {
        index: 0,
        message,
        logprobs: logprobs.length > 0 ? (chatLogprobs(logprobs) as ChatCompletion.Choice["logprobs"]) : null,
        finish_reason: reason === "tool_calls" && options.legacyFunctions ? "function_call" : reason,
      },
    ],
    ...(answer.usage ? { usage: usageToChat(answer.usage) } : {}),
  };
}

/** A call without arguments has none at some providers; clients parse the text. */
function jsonText(argumentsText: string): string {
  return argumentsText.trim() === "" ? "{}" : argumentsText;
}
