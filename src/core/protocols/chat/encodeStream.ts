import type { ChatCompletionChunk } from "openai/resources/chat/completions";
import type { StreamEncoder, StreamEvent } from "../../conversation/answer";
import type { Usage } from "../../conversation/usage";
import { asObject } from "../../json/access";
import { comment, dataEvent } from "../../sse/format";
import { errorEvent } from "../errorShape";
import { stopToChat } from "./stopReason";
import { usageToChat } from "./usage";

export interface ChatEncoderOptions {
  readonly model: string;
  readonly includeUsage: boolean;
  /** The client declared `functions`, and takes a call as `function_call`. */
  readonly legacyFunctions: boolean;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly newId: (prefix: string) => string;
}

type FunctionCallDelta = ChatCompletionChunk.Choice.Delta.ToolCall;
/** `reasoning_content` is DeepSeek's, and what clients that show reasoning read; custom calls are not typed in chunks. */
type Delta = Omit<ChatCompletionChunk.Choice.Delta, "tool_calls"> & {
  reasoning_content?: string;
  tool_calls?: (FunctionCallDelta | CustomCallDelta)[];
};
interface CustomCallDelta {
  index: number;
  id?: string;
  type?: "custom";
  custom: { name?: string; input: string };
}

/** One id for all chunks, one `finish_reason`, then the usage if it was asked for, then `[DONE]`. */
export function createChatEncoder(options: ChatEncoderOptions): StreamEncoder {
  let id: string | undefined;
  let over = false;
  let usage: Usage | undefined;
  let calls = 0;
  let custom = false;
  let refused = false;

  const chunk = (choices: unknown[], rest?: object): string =>
    dataEvent({
      id: id ?? "",
      object: "chat.completion.chunk",
      created: options.created,
      model: options.model,
      choices,
      ...rest,
    });
  const delta = (content: Delta, logprobs?: readonly unknown[]): string =>
    chunk([
      {
        index: 0,
        delta: content,
        ...(logprobs ? { logprobs: chatLogprobs(logprobs) } : {}),
        finish_reason: null,
      },
    ]);
  const start = (providerId?: string): string => {
    if (id !== undefined) return "";
    id = completionId(providerId, options.newId);
    return delta({ role: "assistant", content: "" });
  };

  const encode = (event: StreamEvent): string => {
    switch (event.type) {
      case "start":
        return start(event.id);
      case "textDelta":
        return event.text === "" && !event.logprobs?.length
          ? ""
          : start() + delta({ content: event.text }, event.logprobs);
      case "refusalDelta":
        refused = true;
        return event.text === "" ? "" : start() + delta({ refusal: event.text });
      case "thinkingDelta":
        return event.text === "" ? "" : start() + delta({ reasoning_content: event.text });
      case "thinkingEnd":
      case "textEnd":
      case "toolEnd":
        return "";
      case "toolStart": {
        const index = calls++;
        custom = event.custom;
        const before = start();
        if (options.legacyFunctions) {
          return index > 0 ? "" : before + delta({ function_call: { name: event.name, arguments: "" } });
        }
        const call: FunctionCallDelta | CustomCallDelta = custom
          ? { index, id: event.id, type: "custom", custom: { name: event.name, input: "" } }
          : { index, id: event.id, type: "function", function: { name: event.name, arguments: "" } };
        return before + delta({ tool_calls: [call] });
      }
      case "toolArguments": {
        if (event.text === "") return "";
        const index = calls - 1;
        if (options.legacyFunctions)
          return index > 0 ? "" : delta({ function_call: { arguments: event.text } });
        return delta({
          tool_calls: [
            custom
              ? { index, custom: { input: event.text } }
              : { index, function: { arguments: event.text } },
          ],
        });
      }
      case "usage":
        usage = event.usage;
        return "";
      case "stop": {
        over = true;
        const plain = event.reason === "refusal" && refused ? "stop" : stopToChat(event.reason);
        const reason = plain === "tool_calls" && options.legacyFunctions ? "function_call" : plain;
        return (
          start() +
          chunk([{ index: 0, delta: {}, finish_reason: reason }]) +
          (options.includeUsage && usage ? chunk([], { usage: usageToChat(usage) }) : "") +
          "data: [DONE]\n\n"
        );
      }
      case "error":
        over = true;
        return errorEvent("chat", event.error);
    }
  };

  return {
    encode: (event) => (over ? "" : encode(event)),
    keepAlive: () => (over ? "" : comment("keep-alive")),
  };
}

/** Responses leaves `bytes` out of its deltas; here it is required, and may be null. */
export function chatLogprobs(logprobs: readonly unknown[]): object {
  return { content: logprobs.map((entry) => ({ bytes: null, ...asObject(entry) })), refusal: null };
}

/** Clients expect `chatcmpl-`; the provider's own id stays recognisable behind it. */
export function completionId(id: string | undefined, newId: (prefix: string) => string): string {
  if (!id) return newId("chatcmpl-");
  return id.startsWith("chatcmpl") ? id : `chatcmpl-${id}`;
}
