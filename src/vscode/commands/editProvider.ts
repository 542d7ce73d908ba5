import * as vscode from "vscode";
import { isProviderType, type ProviderType } from "../../core/config/schema";
import { originOf } from "../../core/credentials/stored";
import { addressFault, addressWarning, splitNames } from "../../core/providers/draft";
import type { KeyAtNewAddress, ProviderRegistry, ProviderTarget } from "../providers/registry";
import { addressPatch, type ProviderPatch, providerEntryRange } from "../settings/providerEdits";
import { type Answer, type Choice, inputStep, pickStep } from "../ui/steps";
import { askKey, type KeyOwner } from "./keyInput";

type Field = "name" | "baseUrl" | "wireApi" | "apiVersion" | "models" | "key" | "settings";
type Raw = Readonly<Record<string, unknown>>;

/**
 * Changes one field of a provider, with the others left as they are.
 * @returns whether something was changed here
 */
export async function editProviderFlow(registry: ProviderRegistry, target: ProviderTarget): Promise<boolean> {
  for (;;) {
    const raw = registry.raw(target);
    const title = `Edit Provider: ${text(raw.name) || target.id}`;
    const field = await pickStep<Field>({
      title,
      placeholder: "What is to be changed?",
      choices: fieldsOf(raw),
    });
    if (field.kind !== "answer") return false;
    if (field.value === "settings") {
      await openProviderSettings(target);
      return false;
    }
    if (field.value === "key") {
      // It says by itself what has become of the key.
      await vscode.commands.executeCommand("postern.setKey", { target });
      return false;
    }
    if (field.value === "baseUrl") {
      const end = await editAddress(registry, target, raw, title);
      if (end === "back") continue;
      return end === "changed";
    }
    const patch = await askField(field.value, raw, title);
    if (patch.kind === "cancel") return false;
    if (patch.kind === "back") continue;
    await registry.patch(target, patch.value);
    return true;
  }
}

/** A stored key goes to another host only if the person says so. */
async function editAddress(
  registry: ProviderRegistry,
  target: ProviderTarget,
  raw: Raw,
  title: string,
): Promise<"changed" | "left" | "back"> {
  const type = typeOf(raw);
  const address = await inputStep({
    title,
    prompt: "The provider's address",
    value: text(raw.baseUrl),
    canGoBack: true,
    validate: (value) => addressFault(type, value),
    warn: addressWarning,
  });
  if (address.kind !== "answer") return address.kind === "back" ? "back" : "left";
  const baseUrl = address.value.trim();
  const keyIsFor = await registry.keyOrigin(target);
  if (keyIsFor === undefined || keyIsFor === originOf(baseUrl)) {
    await registry.patch(target, addressPatch(baseUrl));
    return "changed";
  }
  const owner = { type, baseUrl, name: text(raw.name) || target.id };
  const key = await askKeyAtNewAddress(owner, keyIsFor, title);
  if (key.kind === "back") return editAddress(registry, target, { ...raw, baseUrl }, title);
  if (key.kind === "cancel") return "left";
  await registry.changeAddress(target, baseUrl, key.value);
  return "changed";
}

async function askKeyAtNewAddress(
  owner: KeyOwner,
  keyIsFor: string,
  title: string,
): Promise<Answer<KeyAtNewAddress>> {
  const choice = await pickStep<KeyAtNewAddress["kind"]>({
    title,
    placeholder: "Which key goes to the new address?",
    prompt: `The stored key was entered for ${keyIsFor}. May it go to ${originOf(owner.baseUrl)}?`,
    canGoBack: true,
    choices: [
      { label: "Enter another key", detail: "The stored one is replaced", value: "other" },
      { label: "Use the same key", detail: `It is sent to ${originOf(owner.baseUrl)}`, value: "same" },
      { label: "Leave it unset", detail: "What is stored for it is deleted", value: "none" },
    ],
  });
  if (choice.kind !== "answer") return choice;
  if (choice.value !== "other") return { kind: "answer", value: { kind: choice.value } };
  const prompt = `The key for ${owner.baseUrl}; it is kept in the secret storage and goes nowhere else.`;
  const key = await askKey(owner, { title, prompt, canGoBack: true }, false);
  if (key.kind === "back") return askKeyAtNewAddress(owner, keyIsFor, title);
  if (key.kind !== "answer") return key;
  return key.value === undefined
    ? { kind: "cancel" }
    : { kind: "answer", value: { kind: "other", key: key.value } };
}

/** Opens settings.json, where the list of providers can be edited in full, at the provider's entry if one is named. */
export async function openProviderSettings(
  target?: Pick<ProviderTarget, "index">,
  setting: "postern.providers" | "postern.routes" = "postern.providers",
): Promise<void> {
  await vscode.commands.executeCommand("workbench.action.openSettingsJson", {
    revealSetting: { key: setting },
  });
  const editor = target && (await settingsEditor());
  if (target === undefined || editor === undefined) return;
  const { document } = editor;
  const found = providerEntryRange(document.getText(), target.index, setting);
  if (found === undefined) return;
  const range = new vscode.Range(document.positionAt(found.start), document.positionAt(found.end));
  editor.selection = new vscode.Selection(range.start, range.start);
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
}

/** The editor of settings.json, of which the extension host learns a moment after it has opened. */
async function settingsEditor(): Promise<vscode.TextEditor | undefined> {
  const find = (): vscode.TextEditor | undefined =>
    vscode.window.visibleTextEditors.find(({ document }) => document.uri.path.endsWith("/settings.json"));
  for (let waited = 0; waited < 2000 && find() === undefined; waited += 50)
    await new Promise((resolve) => setTimeout(resolve, 50));
  return find();
}

function fieldsOf(raw: Raw): readonly Choice<Field>[] {
  const choices: Choice<Field>[] = [
    { label: "Address", description: text(raw.baseUrl), value: "baseUrl" },
    { label: "Key", description: "in the secret storage", value: "key" },
    { label: "Name", description: text(raw.name), value: "name" },
    { label: "Models", description: modelIds(raw).join(", ") || "listed by the provider", value: "models" },
  ];
  // Of a subscription neither the models nor the API are a person's to name.
  if (raw.type === "copilot") return choices.filter(({ value }) => value !== "models");
  if (raw.type !== "anthropic") {
    choices.push({
      label: "API",
      description: raw.wireApi === "responses" ? "Responses" : "Chat Completions",
      value: "wireApi",
    });
  }
  if (raw.type === "azure") {
    choices.push({
      label: "API version",
      description: apiVersion(raw) || "versionless",
      value: "apiVersion",
    });
  }
  choices.push({ label: "Everything else", description: "in settings.json", value: "settings" });
  return choices;
}

async function askField(
  field: Exclude<Field, "baseUrl" | "key" | "settings">,
  raw: Raw,
  title: string,
): Promise<Answer<ProviderPatch>> {
  const input = (prompt: string, value: string) => inputStep({ title, prompt, value, canGoBack: true });
  switch (field) {
    case "name":
      return map(await input("A name to show; empty shows the id", text(raw.name)), (name) => ({
        name: name.trim() || undefined,
      }));
    case "models": {
      const prompt = "Model ids, separated by commas; empty asks the provider for its list";
      return map(await input(prompt, modelIds(raw).join(", ")), (value) => ({
        models: withIds(raw, splitNames(value)),
      }));
    }
    case "apiVersion": {
      const prompt = "The api-version of the deployments routes; empty uses the versionless routes";
      return map(await input(prompt, apiVersion(raw)), (value) => ({
        azure: value.trim() === "" ? undefined : { apiVersion: value.trim() },
      }));
    }
    case "wireApi": {
      const current = raw.wireApi === "responses" ? "responses" : "completions";
      const choice = (label: string, value: typeof current): Choice<typeof current> => ({
        label,
        ...(value === current ? { description: "$(check) now" } : {}),
        value,
      });
      const answer = await pickStep({
        title,
        placeholder: "Which API does the provider speak?",
        canGoBack: true,
        choices: [choice("Chat Completions", "completions"), choice("Responses", "responses")],
        active: current,
      });
      // The default goes out of the settings.
      return map(answer, (wireApi) => ({ wireApi: wireApi === "completions" ? undefined : wireApi }));
    }
  }
}

/** Models that stay keep what is known about them. */
function withIds(raw: Raw, ids: readonly string[]): readonly unknown[] | undefined {
  if (ids.length === 0) return undefined;
  const known = Array.isArray(raw.models) ? raw.models : [];
  return ids.map((id) => known.find((model: unknown) => idOf(model) === id) ?? { id });
}

function modelIds(raw: Raw): string[] {
  return Array.isArray(raw.models) ? raw.models.flatMap((model: unknown) => idOf(model) ?? []) : [];
}

function idOf(model: unknown): string | undefined {
  if (typeof model !== "object" || model === null || !("id" in model)) return undefined;
  return typeof model.id === "string" ? model.id : undefined;
}

function apiVersion(raw: Raw): string {
  const { azure } = raw;
  return typeof azure === "object" && azure !== null && "apiVersion" in azure ? text(azure.apiVersion) : "";
}

function typeOf(raw: Raw): ProviderType {
  const { type } = raw;
  return isProviderType(type) ? type : "openai";
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function map<T>(answer: Answer<T>, patch: (value: T) => ProviderPatch): Answer<ProviderPatch> {
  return answer.kind === "answer" ? { kind: "answer", value: patch(answer.value) } : answer;
}
