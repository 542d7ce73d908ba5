import * as vscode from "vscode";
import { type Disposable, DisposableStore } from "../common/disposables";
import type { Log } from "../common/log";
import { EXTENSION_VERSION } from "../common/version";
import type { ChatModel } from "../render/chatModel";
import { ChatExchange, ChatFailureError } from "./exchange";
import { askOf } from "./incoming";
import type { ChatModels } from "./models";
import { failureError, responsePart } from "./outgoing";
import type { PrivateClient } from "./privateClient";
import { workspaceOrigin } from "./workspaceOrigin";

/** VS Code's name for a conversation, in the options of its own Chat: good for keeping requests together, no more. */
const CONVERSATION = "_conversationId";

/** Postern's models in VS Code's Chat, and for every extension that asks for them. */
export class ChatProvider implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly exchange: ChatExchange;
  readonly onDidChange: ChatModels["onDidChange"];

  constructor(
    private readonly models: ChatModels,
    client: PrivateClient,
    private readonly log: Log,
  ) {
    this.disposables.add(models);
    this.exchange = new ChatExchange(client, log);
    this.onDidChange = models.onDidChange;
  }

  /** @param silent whether the person must not be asked anything; else they have just asked for models */
  async list(silent: boolean): Promise<ChatModel[]> {
    if (!silent) void vscode.commands.executeCommand("postern.addProvider");
    return [...(await this.models.list())];
  }

  async respond(
    model: ChatModel,
    messages: readonly vscode.LanguageModelChatRequestMessage[],
    options: vscode.ProvideLanguageModelChatResponseOptions,
    progress: vscode.Progress<vscode.LanguageModelResponsePart>,
    token: vscode.CancellationToken,
  ): Promise<void> {
    const abort = new AbortController();
    const cancelling = token.onCancellationRequested(() => abort.abort());
    if (token.isCancellationRequested) abort.abort();
    const session: unknown = options.modelOptions?.[CONVERSATION];
    const workspace = workspaceOrigin();
    try {
      await this.exchange.run({
        ask: askOf(messages, options),
        model,
        origin: {
          ...(options.requestInitiator ? { caller: options.requestInitiator } : {}),
          ...(typeof session === "string" && session !== "" ? { session } : {}),
          ...(workspace ? { workspace } : {}),
        },
        userAgent: `postern/${EXTENSION_VERSION} vscode/${vscode.version}`,
        signal: abort.signal,
        report: (part) => {
          const shown = responsePart(part);
          if (shown) progress.report(shown);
        },
      });
    } catch (error) {
      if (!(error instanceof ChatFailureError)) throw error;
      this.log.warn(`Chat: ${model.id}: failed (${error.failure.kind}).`);
      throw failureError(error.failure, options.requestInitiator);
    } finally {
      cancelling.dispose();
    }
  }

  dispose(): void {
    this.disposables.dispose();
  }
}
