import * as vscode from "vscode";
import { knownPreset } from "../../core/providers/knownPreset";
import type { Target } from "../common/target";
import type { ProviderRegistry, ProviderTarget } from "../providers/registry";
import type { ProviderEntry, StateStore } from "../state";
import { confirm, notify } from "../ui/notify";
import { askKey } from "./keyInput";
import { entryOf, nameOf, pickProvider } from "./pickProvider";
import type { CommandHandlers } from "./register";

type KeyCommands = Pick<CommandHandlers, "postern.setKey" | "postern.replaceKey" | "postern.deleteKey">;

const holdsKey = (entry: ProviderEntry): boolean => !entry.faulty && entry.stored;

/** The commands on a provider's key. */
export function keyCommands(store: StateStore, registry: ProviderRegistry): KeyCommands {
  const set = async (title: string, target: Target | undefined, fits: (entry: ProviderEntry) => boolean) => {
    const none = "No provider has a stored key.";
    const chosen = await pickProvider(target, store.value, { title, fits, none });
    if (chosen) await setKey(store, registry, chosen, title);
  };
  return {
    "postern.setKey": (target) => set("Set Key", target, (entry) => !entry.faulty),
    "postern.replaceKey": (target) => set("Replace Key", target, holdsKey),
    "postern.deleteKey": async (target) => {
      const filter = { title: "Delete Key", fits: holdsKey, none: "No provider has a stored key." };
      const chosen = await pickProvider(target, store.value, filter);
      if (!chosen) return;
      const name = nameOf(store.value, chosen);
      const detail = "It leaves the secret storage. The provider itself stays, without a key.";
      if (!(await confirm(`Delete the key of ${name}?`, detail, "Delete"))) return;
      for (const label of await registry.keyLabels(chosen.id)) await registry.deleteKey(chosen.id, label);
      notify("info", `Deleted the key of ${name}.`);
    },
  };
}

async function setKey(
  store: StateStore,
  registry: ProviderRegistry,
  target: ProviderTarget,
  title: string,
): Promise<void> {
  const entry = entryOf(store.value, target);
  if (!entry || entry.faulty)
    throw new Error("The provider is faulty; mend its entry in the settings first.");
  const page = knownPreset(entry)?.keyPage;
  const answer = await askKey(
    entry,
    {
      title: `${title}: ${entry.name}`,
      prompt: `The key for ${entry.baseUrl}; it is kept in the secret storage and goes nowhere else`,
      ...(page === undefined ? {} : { helpPage: { label: "Open the provider's key page", url: page } }),
    },
    false,
  );
  if (answer.kind !== "answer" || answer.value === undefined) return;
  await registry.setOnlyKey(target.id, answer.value, entry.baseUrl);
  await preferStoredKey(registry, target, entry.name);
  notify("info", `The key of ${entry.name} is in the secret storage.`, {
    "Test Connection": () => vscode.commands.executeCommand("postern.testConnection", { target }),
  });
}

/** What stands in the settings wins over what is stored, which would make the new key useless without a word. */
async function preferStoredKey(
  registry: ProviderRegistry,
  target: ProviderTarget,
  name: string,
): Promise<void> {
  const { apiKey, bearerToken } = registry.raw(target);
  if (apiKey === undefined && bearerToken === undefined) return;
  const use = await confirm(
    `The settings of ${name} name an environment variable for its key.`,
    "It wins over the stored key. Take it out of the settings, so that the stored key is used?",
    "Use the Stored Key",
  );
  if (use) await registry.patch(target, { apiKey: undefined, bearerToken: undefined });
}
