import * as vscode from "vscode";
import { messageOf } from "../common/log";
import type { EngineApi } from "../engine/api";
import type { CredentialEditor } from "../providers/credentialEditor";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import { inputStep } from "../ui/steps";
import { type AddCopilotNeeds, addCopilotFlow, tellAdded } from "./addCopilot";
import { pickCredential } from "./pickCredential";
import type { CommandHandlers } from "./register";

type CopilotCommands = Pick<
  CommandHandlers,
  | "postern.addCopilot"
  | "postern.downloadCopilotRuntime"
  | "postern.enableCredential"
  | "postern.disableCredential"
>;

/** What these commands work with. */
export interface CopilotCommandParts extends AddCopilotNeeds {
  readonly store: StateStore;
  readonly editor: Pick<CredentialEditor, "switchCredential">;
  readonly api: Pick<EngineApi, "downloadCopilot" | "refreshModels">;
}

/** The commands on a Copilot subscription and its accounts. */
export function copilotCommands(parts: CopilotCommandParts): CopilotCommands {
  const { store, editor } = parts;
  return {
    "postern.addCopilot": async () => {
      const id = await addCopilotFlow(parts);
      if (id !== undefined) tellAdded(id);
    },
    "postern.downloadCopilotRuntime": () => download(parts, undefined),
    "postern.enableCredential": async (target) => {
      const filter = {
        title: "Enable Credential",
        fits: ({ why }: { why?: string }) => why === "stopped",
        none: "No credential is switched off.",
      };
      const found = await pickCredential(target, store.value, filter);
      if (found) await editor.switchCredential(found.provider, found.credential, true);
    },
    "postern.disableCredential": async (target) => {
      const filter = {
        title: "Disable Credential",
        fits: ({ why }: { why?: string }) => why !== "stopped",
        none: "No credential is switched on.",
      };
      const found = await pickCredential(target, store.value, filter);
      if (found) await editor.switchCredential(found.provider, found.credential, false);
    },
  };
}

async function download({ store, api }: CopilotCommandParts, registry: string | undefined): Promise<void> {
  try {
    const path = await withProgress((told, signal) => api.downloadCopilot(registry, told, signal));
    notify("info", `The Copilot runtime is at ${path}.`);
  } catch (error) {
    const message = messageOf(error);
    if (registry !== undefined || !message.includes("which npm registry")) throw error;
    const answer = await inputStep({
      title: "Download Copilot Runtime",
      prompt: "The npm registry's address; npm itself is not on this machine and cannot be asked",
      placeholder: "https://…",
      validate: (text) => (/^https:\/\/\S+$/.test(text.trim()) ? undefined : "Enter an https:// address."),
    });
    if (answer.kind === "answer") await download({ store, api } as CopilotCommandParts, answer.value.trim());
    return;
  }
  for (const entry of store.value.local.providers)
    if (!entry.faulty && entry.type === "copilot" && entry.enabled) await api.refreshModels(entry.id);
}

function withProgress<T>(
  run: (told: (received: number, total: number | undefined) => void, signal: AbortSignal) => Promise<T>,
): Thenable<T> {
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: "Downloading the Copilot runtime",
      cancellable: true,
    },
    async (progress, token) => {
      const abort = new AbortController();
      const cancelled = token.onCancellationRequested(() => abort.abort());
      let shown = 0;
      try {
        return await run((received, total) => {
          const share = total === undefined ? 0 : Math.floor((received / total) * 100);
          const megabytes = `${Math.round(received / 1e6)} MB`;
          progress.report({ increment: share - shown, message: megabytes });
          shown = share;
        }, abort.signal);
      } finally {
        cancelled.dispose();
      }
    },
  );
}
