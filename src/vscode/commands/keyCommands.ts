import * as vscode from "vscode";
import { freeLabel } from "../../core/credentials/stored";
import { knownPreset } from "../../core/providers/knownPreset";
import type { Target } from "../common/target";
import { labelFault } from "../credentials/storedEdits";
import type { CredentialEditor } from "../providers/credentialEditor";
import type { ProviderTarget } from "../providers/registry";
import { DEFAULT_LABEL } from "../secrets/storedKey";
import type { CredentialEntry, ProviderEntry, StateStore, UsableEntry } from "../state";
import { confirm, notify } from "../ui/notify";
import { inputStep, pickStep } from "../ui/steps";
import { askKey } from "./keyInput";
import { type ChosenCredential, pickCredential } from "./pickCredential";
import { entryOf, pickProvider } from "./pickProvider";
import type { CommandHandlers } from "./register";

type KeyCommands = Pick<
  CommandHandlers,
  | "postern.setKey"
  | "postern.replaceKey"
  | "postern.addKey"
  | "postern.deleteKey"
  | "postern.renameKey"
  | "postern.moveKeyUp"
  | "postern.moveKeyDown"
>;

const isStored = ({ source }: CredentialEntry): boolean => source === "stored";
/** What has a place of its own: stored keys, and entries of a provider's list. */
const isNamed = (credential: CredentialEntry): boolean =>
  isStored(credential) || credential.place !== undefined;
const NO_KEY = "No provider has a stored key.";
const NO_CREDENTIAL = "No provider has a credential of its own.";

/** The commands on a provider's keys. */
export function keyCommands(store: StateStore, editor: CredentialEditor): KeyCommands {
  const move = async (target: Target | undefined, direction: "up" | "down") => {
    const filter = {
      title: direction === "up" ? "Move Key Up" : "Move Key Down",
      fits: isNamed,
      none: NO_CREDENTIAL,
    };
    const chosen = await pickCredential(target, store.value, filter);
    if (chosen) await editor.moveCredential(chosen.provider, chosen.credential, direction);
  };
  return {
    "postern.setKey": async (target) => {
      const fits = (entry: ProviderEntry): boolean => !entry.faulty;
      const chosen = await pickProvider(target, store.value, { title: "Set Key", fits });
      if (chosen) await setKey(store, editor, chosen, "Set Key");
    },
    "postern.replaceKey": async (target) => {
      const filter = { title: "Replace Key", fits: isStored, none: NO_KEY };
      const chosen = await pickCredential(target, store.value, filter);
      if (chosen)
        await storeKey(editor, chosen.provider, chosen.entry, chosen.credential.label, "Replace Key");
    },
    "postern.addKey": async (target) => {
      const fits = (entry: ProviderEntry): boolean => !entry.faulty;
      const chosen = await pickProvider(target, store.value, { title: "Add Key", fits });
      if (chosen) await addKey(store, editor, chosen);
    },
    "postern.deleteKey": async (target) => {
      const filter = { title: "Remove Key", fits: isNamed, none: NO_CREDENTIAL };
      const chosen = await pickCredential(target, store.value, filter);
      if (chosen) await removeKey(editor, chosen);
    },
    "postern.renameKey": async (target) => {
      const filter = { title: "Rename Key", fits: isNamed, none: NO_CREDENTIAL };
      const chosen = await pickCredential(target, store.value, filter);
      if (!chosen) return;
      const { entry, credential, provider } = chosen;
      const label = await askLabel("Rename Key", entry, credential.label);
      if (label !== undefined && label !== credential.label)
        await editor.renameCredential(provider, credential, label);
    },
    "postern.moveKeyUp": (target) => move(target, "up"),
    "postern.moveKeyDown": (target) => move(target, "down"),
  };
}

async function setKey(
  store: StateStore,
  editor: CredentialEditor,
  target: ProviderTarget,
  title: string,
): Promise<void> {
  const entry = entryOf(store.value, target);
  if (!entry || entry.faulty)
    throw new Error("The provider is faulty; mend its entry in the settings first.");
  const labels = await editor.keyLabels(target.id);
  if (labels.length < 2) return storeKey(editor, target, entry, labels[0] ?? DEFAULT_LABEL, title);
  const answer = await pickStep<string | undefined>({
    title: `${title}: ${entry.name}`,
    placeholder: "Which key is replaced?",
    choices: [
      ...labels.map((label) => ({ label: `$(key) ${label}`, value: label })),
      { label: "$(add) Another key", description: "beside those that are there", value: undefined },
    ],
  });
  if (answer.kind !== "answer") return;
  if (answer.value === undefined) return addKey(store, editor, target);
  return storeKey(editor, target, entry, answer.value, title);
}

/** Asks for a key and puts it in the place of the one of its label. */
async function storeKey(
  editor: CredentialEditor,
  target: ProviderTarget,
  entry: UsableEntry,
  label: string,
  title: string,
): Promise<void> {
  const key = await enterKey(entry, title);
  if (key === undefined) return;
  await editor.setKey(target.id, key, entry.baseUrl, label);
  await preferStoredKey(editor, target, entry.name, label);
  tellStored(entry.name, target);
}

/** Asks for another key and its label; both are used from then on. */
export async function addKey(
  store: StateStore,
  editor: CredentialEditor,
  target: ProviderTarget,
): Promise<void> {
  const entry = entryOf(store.value, target);
  if (!entry || entry.faulty)
    throw new Error("The provider is faulty; mend its entry in the settings first.");
  const taken = entry.credentials.map(({ label }) => label);
  const label = await askLabel("Add Key", entry, freeLabel(DEFAULT_LABEL, taken), taken);
  if (label === undefined) return;
  const key = await enterKey(entry, "Add Key");
  if (key === undefined) return;
  await editor.addKey(target, key, entry.baseUrl, label);
  tellStored(entry.name, target);
}

async function removeKey(
  editor: CredentialEditor,
  { provider, entry, credential }: ChosenCredential,
): Promise<void> {
  const name = entry.credentials.length > 1 ? `"${credential.label}" of ${entry.name}` : `of ${entry.name}`;
  const detail = isStored(credential)
    ? "It leaves the secret storage. The provider itself stays."
    : "It leaves the settings. The provider itself stays.";
  if (!(await confirm(`Remove the key ${name}?`, detail, "Remove"))) return;
  const undo = await editor.removeCredential(provider, credential);
  notify("info", `Removed the key ${name}.`, { Undo: undo });
}

async function askLabel(
  title: string,
  entry: UsableEntry,
  value: string,
  taken = entry.credentials.map(({ label }) => label).filter((label) => label !== value),
): Promise<string | undefined> {
  const answer = await inputStep({
    title: `${title}: ${entry.name}`,
    prompt:
      "A label: whose key is it, or what is it for? It shows in the view and in what is kept of requests.",
    placeholder: "work",
    value,
    validate: (text) => labelFault(text, taken),
  });
  return answer.kind === "answer" ? answer.value.trim() : undefined;
}

async function enterKey(entry: UsableEntry, title: string): Promise<string | undefined> {
  const page = knownPreset(entry)?.keyPage;
  const answer = await askKey(
    entry,
    {
      title: `${title}: ${entry.name}`,
      prompt: `The key for ${entry.baseUrl}; it is kept in the secret storage and goes nowhere else.`,
      ...(page === undefined ? {} : { helpPage: { label: "Open the provider's key page", url: page } }),
    },
    false,
  );
  return answer.kind === "answer" ? answer.value : undefined;
}

function tellStored(name: string, target: ProviderTarget): void {
  notify("info", `The key of ${name} is in the secret storage.`, {
    "Test Connection": () => vscode.commands.executeCommand("postern.testConnection", { target }),
  });
}

/** What stands in the settings wins over what is stored, which would make the new key useless without a word. */
async function preferStoredKey(
  editor: CredentialEditor,
  target: ProviderTarget,
  name: string,
  label: string,
): Promise<void> {
  const use = editor.useOfKey(target, label);
  if (use === "used") return;
  if (use === "off") {
    const on = await confirm(
      `The key "${label}" of ${name} is switched off.`,
      "It is stored, and not used until it is switched on.",
      "Switch On",
    );
    if (on) await editor.useKey(target, label);
    return;
  }
  const alone = await confirm(
    `The settings of ${name} say where its key comes from.`,
    "They win over the stored key. Take that out of the settings, so that the stored key is used?",
    "Use the Stored Key",
  );
  if (alone) await editor.useStoredAlone(target);
}
