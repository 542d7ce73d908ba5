import type {
  ResponseCustomToolCall,
  ResponseFunctionToolCall,
  ResponseOutputMessage,
  ResponseOutputRefusal,
  ResponseOutputText,
  ResponseReasoningItem,
} from "openai/resources/responses/responses";
import { type Seal, wrapSeal } from "../../conversation/seal";

/** The items of an answer, each in one form for streams and whole answers. */
export function textPart(text: string, logprobs: readonly unknown[] = []): ResponseOutputText {
  return { type: "output_text", text, annotations: [], logprobs: logprobs as ResponseOutputText.Logprob[] };
}

export function messageItem(
  id: string,
  status: "in_progress" | "completed" | "incomplete",
  content: (ResponseOutputText | ResponseOutputRefusal)[],
): ResponseOutputMessage {
  return { id, type: "message", status, role: "assistant", content };
}

/**
 * Reasoning as a summary, which is what clients show. The encrypted content is there whether or not it was asked
 * for: without it, the provider's signature would not find the way back.
 */
export function reasoningItem(
  id: string,
  text: string,
  seal: Seal | undefined,
  issuer: string,
): ResponseReasoningItem & { id: string } {
  const own = seal?.protocol === "responses" ? seal.value : undefined;
  const encrypted = typeof own?.encrypted_content === "string" ? own.encrypted_content : undefined;
  return {
    id,
    type: "reasoning",
    summary: text === "" ? [] : [{ type: "summary_text", text }],
    encrypted_content: encrypted ?? wrapSeal(issuer, seal ?? { protocol: "chat", value: {} }),
  };
}

export interface CallFields {
  readonly callId: string;
  readonly name: string;
  readonly custom: boolean;
  readonly namespace?: string | undefined;
}

export function callItem(
  id: string,
  call: CallFields,
  argumentsText: string,
  status: "in_progress" | "completed" | "incomplete",
): (ResponseFunctionToolCall | ResponseCustomToolCall) & { id: string } {
  const namespace = call.namespace === undefined ? {} : { namespace: call.namespace };
  if (call.custom) {
    return {
      id,
      type: "custom_tool_call",
      call_id: call.callId,
      name: call.name,
      input: argumentsText,
      // Not in the type, and sent by OpenAI.
      ...(status === "incomplete" ? { status } : {}),
      ...namespace,
    };
  }
  return {
    id,
    type: "function_call",
    status,
    call_id: call.callId,
    name: call.name,
    arguments: argumentsText,
    ...namespace,
  };
}
