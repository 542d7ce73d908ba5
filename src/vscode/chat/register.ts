import * as vscode from "vscode";
import { estimateMessage, estimateText } from "../../core/chat/estimate";
import { DisposableStore } from "../common/disposables";
import type { ChatModel } from "../render/chatModel";
import { messageOf } from "./incoming";
import type { ChatProvider } from "./provider";
import { CHAT_VENDOR } from "./vendor";

/**
 * Offers the models to VS Code. VS Code asks right after activation, so the provider is there from then on, and what
 * does the work comes later.
 */
export function registerChat(chat: Promise<ChatProvider>): DisposableStore {
  const disposables = new DisposableStore();
  // Editors that are made from VS Code may lack it.
  if (typeof vscode.lm?.registerLanguageModelChatProvider !== "function") return disposables;
  const changed = disposables.add(new vscode.EventEmitter<void>());
  void chat.then(
    (provider) => disposables.add(provider.onDidChange(() => changed.fire())),
    // Said where the extension is put together.
    () => undefined,
  );
  const provider: vscode.LanguageModelChatProvider<ChatModel> = {
    onDidChangeLanguageModelChatInformation: changed.event,
    provideLanguageModelChatInformation: async ({ silent }) => (await chat).list(silent),
    provideLanguageModelChatResponse: async (model, messages, options, progress, token) =>
      (await chat).respond(model, messages, options, progress, token),
    provideTokenCount: async (_, text) =>
      typeof text === "string" ? estimateText(text) : estimateMessage(messageOf(text)),
  };
  disposables.add(vscode.lm.registerLanguageModelChatProvider(CHAT_VENDOR, provider));
  return disposables;
}
