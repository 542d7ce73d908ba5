import * as vscode from "vscode";
import type { ChatFailure } from "../../core/chat/failure";
import type { AnswerPart } from "../../core/chat/parts";

/** A piece of an answer as VS Code takes it; undefined for what this VS Code has no way to show. */
export function responsePart(part: AnswerPart): vscode.LanguageModelResponsePart | undefined {
  switch (part.kind) {
    case "text":
      return new vscode.LanguageModelTextPart(part.text);
    case "toolCall":
      return new vscode.LanguageModelToolCallPart(part.id, part.name, part.input);
    case "usage":
      // Read by the context widget of Chat: https://github.com/microsoft/vscode-copilot-chat
      return new vscode.LanguageModelDataPart(new TextEncoder().encode(JSON.stringify(part.usage)), "usage");
    case "thinking":
      if (typeof vscode.LanguageModelThinkingPart !== "function") return undefined;
      return new vscode.LanguageModelThinkingPart(
        part.text,
        part.id,
        part.metadata,
      ) as unknown as vscode.LanguageModelResponsePart;
  }
}

/** VS Code's own Chat. */
const OWN_CHAT = "github.copilot-chat";

/**
 * What a request fails with. VS Code's own Chat shows an error to the person with its stack, if it has one, and knows
 * nothing of codes; extensions may.
 */
export function failureError({ kind, message }: ChatFailure, initiator: string | undefined): Error {
  if (kind !== "Unknown" && initiator?.toLowerCase() !== OWN_CHAT)
    return vscode.LanguageModelError[kind](message);
  const error = new Error(message);
  error.stack = "";
  return error;
}
