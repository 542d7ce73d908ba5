import * as vscode from "vscode";
import type { ChatAsk, ChatMessage, ChatPart } from "../../core/chat/parts";

/** `LanguageModelChatMessageRole` has two values; a third arrives from VS Code's own Chat. */
const SYSTEM_ROLE = 3;

/** What an extension asks, as plain data. */
export function askOf(
  messages: readonly vscode.LanguageModelChatRequestMessage[],
  options: vscode.ProvideLanguageModelChatResponseOptions,
): ChatAsk {
  return {
    messages: messages.map(messageOf),
    tools: (options.tools ?? []).map(({ name, description, inputSchema }) => ({
      name,
      description,
      ...(inputSchema ? { inputSchema } : {}),
    })),
    toolRequired: options.toolMode === vscode.LanguageModelChatToolMode.Required,
    options: options.modelOptions ?? {},
    configuration: options.modelConfiguration ?? {},
  };
}

export function messageOf({ role, content }: vscode.LanguageModelChatRequestMessage): ChatMessage {
  return { role: roleOf(role), parts: content.map(partOf) };
}

function roleOf(role: number): ChatMessage["role"] {
  if (role === SYSTEM_ROLE) return "system";
  return role === vscode.LanguageModelChatMessageRole.Assistant ? "assistant" : "user";
}

function partOf(part: unknown): ChatPart {
  if (part instanceof vscode.LanguageModelTextPart) return { kind: "text", text: part.value };
  if (part instanceof vscode.LanguageModelDataPart)
    return { kind: "data", mimeType: part.mimeType, data: part.data };
  if (part instanceof vscode.LanguageModelToolCallPart)
    return { kind: "toolCall", id: part.callId, name: part.name, input: part.input };
  if (part instanceof vscode.LanguageModelToolResultPart) {
    return {
      kind: "toolResult",
      id: part.callId,
      parts: part.content.map(partOf),
      isError: part.isError === true,
    };
  }
  if (part instanceof vscode.LanguageModelPromptTsxPart) return { kind: "promptTsx", value: part.value };
  if (isThinking(part)) {
    const { value, metadata } = part;
    return {
      kind: "thinking",
      text: Array.isArray(value) ? value.join("") : value,
      metadata: metadata ?? {},
    };
  }
  return { kind: "unknown" };
}

function isThinking(part: unknown): part is vscode.LanguageModelThinkingPart {
  return (
    typeof vscode.LanguageModelThinkingPart === "function" && part instanceof vscode.LanguageModelThinkingPart
  );
}
