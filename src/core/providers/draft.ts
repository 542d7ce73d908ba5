import type { EngineProvider } from "../config/engineConfig";
import { resolveProvider } from "../config/engineConfig";
import type { Environment } from "../config/reference";
import { type ProviderConfig, providerSchema } from "../config/schema";
import { baseUrlFault, isLocalAddress } from "./baseUrl";
import { fillAddress, type Placeholder, type ProviderPreset, placeholderFault } from "./preset";
import { loopbackOrigin } from "./runtimes";

/** The API that a custom endpoint speaks. */
export type DraftApi = "completions" | "responses" | "messages";

/** A provider while it is being set up. Nothing of it is stored. */
export interface ProviderDraft {
  readonly preset: ProviderPreset;
  readonly baseUrl: string;
  /** What has been entered for the placeholders of the address. */
  readonly values?: Readonly<Record<string, string>>;
  /** Asked for a custom endpoint only; the others' is known. */
  readonly api?: DraftApi;
  /** A local runtime: found, so that its address need not be asked for, or there but to be started first. */
  readonly found?: "running" | "stopped";
  /** The command that starts it, where it is stopped. */
  readonly startWith?: string;
  /** As the person wrote it; absent where the suggested one was taken. */
  readonly id?: string;
  readonly key?: string;
  /** The environment variable that holds the key, or a token of the preset's, instead of the key itself. */
  readonly keyVariable?: string;
  /** The provider has said that it wants a key, whatever its preset does. */
  readonly keyWanted?: true;
  /** The models, or on Azure the deployments, that were named. */
  readonly deployments: readonly string[];
}

/** A draft of a preset in which nothing has been entered yet. */
export function newDraft(preset: ProviderPreset): ProviderDraft {
  const baseUrl = (preset.placeholders ?? []).length > 0 ? "" : preset.address;
  return { preset, baseUrl, deployments: [] };
}

/** Which type of provider the draft is of; a custom endpoint's follows from the API it speaks. */
export function draftType({ preset, api }: Pick<ProviderDraft, "preset" | "api">): ProviderConfig["type"] {
  return api === "messages" ? "anthropic" : preset.type;
}

/** What is wrong with an address for a type, also while it is being typed; undefined if nothing is. */
export function addressFault(type: ProviderConfig["type"], text: string): string | undefined {
  const baseUrl = text.trim();
  if (baseUrl === "") return "Enter the provider's address.";
  const begun = ["https://", "http://"].some((scheme) => scheme.startsWith(baseUrl.toLowerCase()));
  if (!begun && !/^https?:\/\//i.test(baseUrl)) return "Start with http:// or https://.";
  if (begun || !URL.canParse(baseUrl)) return "Enter the whole address, like https://api.example.com/v1.";
  const fault = baseUrlFault({ type, baseUrl });
  return fault === null ? undefined : `The address ${fault}.`;
}

const KIND_OF_TYPE: Readonly<Record<string, string>> = {
  azure: "Azure OpenAI",
  anthropic: "Claude on Microsoft Foundry",
  openai: "Microsoft Foundry",
};

/** A fault of an Azure address in the words of the guided setup, where kinds are chosen and types are not. */
export function inKinds(fault: string | undefined): string | undefined {
  return fault?.replace(/\btype "(\w+)"/g, (whole, type: string) => {
    const kind = KIND_OF_TYPE[type];
    return kind === undefined ? whole : `the kind "${kind}"`;
  });
}

/** What to think of before an address without faults is used; undefined if nothing is. */
export function addressWarning(text: string): string | undefined {
  const baseUrl = text.trim();
  if (!URL.canParse(baseUrl) || new URL(baseUrl).protocol !== "http:" || isLocalAddress(baseUrl))
    return undefined;
  return "Over http:// the key and all that is asked can be read on the way. Use https:// if the provider has it.";
}

/** What is wrong with the answer to a placeholder's question: its value, or a whole address instead. */
export function valueFault(draft: ProviderDraft, placeholder: Placeholder, text: string): string | undefined {
  return isAddress(text) ? addressFault(draftType(draft), text) : placeholderFault(placeholder, text);
}

/** The draft with a placeholder filled in. Portals show whole addresses, so that is taken too. */
export function withValue(draft: ProviderDraft, placeholder: Placeholder, text: string): ProviderDraft {
  const value = text.trim();
  if (isAddress(value)) {
    const { [placeholder.name]: _, ...values } = draft.values ?? {};
    return { ...draft, values, baseUrl: value };
  }
  if (draft.values?.[placeholder.name] === value && draft.baseUrl !== "") return draft;
  const values = { ...draft.values, [placeholder.name]: value };
  const baseUrl = fillAddress(draft.preset, values);
  return { ...draft, values, baseUrl: /[{}]/.test(baseUrl) ? "" : baseUrl };
}

function isAddress(text: string): boolean {
  return /^\s*https?:\/\//i.test(text);
}

/** Whether a key is asked for; the engine asks no other machine without one. */
export function keyNeed(draft: ProviderDraft): ProviderPreset["key"] {
  const { preset, baseUrl, keyWanted } = draft;
  if (preset.key === "required" || keyWanted) return "required";
  return baseUrl === "" || isLocalAddress(baseUrl) ? preset.key : "required";
}

/** What is wrong with a name (the id) for a new provider; undefined if nothing is. */
export function idFault(text: string, taken: readonly string[]): string | undefined {
  const id = text.trim();
  if (id === "") return "Enter a short name.";
  if (taken.includes(id)) return `"${id}" is taken by another provider.`;
  if (providerSchema.shape.id.safeParse(id).success) return undefined;
  return "Use up to 64 letters, digits, '.', '_' or '-', a letter or digit first.";
}

/** The id that a new provider gets if the person does not want another: of its preset, or else of its address. */
export function suggestedId({ preset, baseUrl }: Pick<ProviderDraft, "preset" | "baseUrl">): string {
  return preset.group === "custom" ? (idFromAddress(baseUrl) ?? preset.id) : preset.id;
}

/** Splits what was entered as a list of deployments. */
export function splitNames(text: string): string[] {
  return [...new Set(text.split(/[,\s]+/).filter((name) => name !== ""))];
}

/** The entry for the settings: only what differs from the defaults, and never the key. */
export function draftEntry(
  draft: ProviderDraft,
): Readonly<Record<string, unknown>> & { readonly id: string } {
  const { preset, api, deployments } = draft;
  const baseUrl = draft.baseUrl.trim();
  const wireApi = api === "responses" ? "responses" : preset.wireApi;
  return {
    id: draft.id ?? suggestedId(draft),
    type: draftType(draft),
    ...(wireApi === "completions" ? {} : { wireApi }),
    baseUrl,
    ...(preset.authHeader === undefined ? {} : { authHeader: preset.authHeader }),
    ...(draft.keyVariable === undefined || keyNeed(draft) === "none"
      ? {}
      : { [credentialField(preset, draft.keyVariable)]: `\${env:${draft.keyVariable}}` }),
    ...(deployments.length > 0 ? { models: deployments.map((id) => ({ id })) } : {}),
    // Only on this machine is there a program whose port could be followed.
    ...(preset.runtime !== undefined && loopbackOrigin(baseUrl) !== undefined
      ? { runtime: preset.runtime }
      : {}),
  };
}

/** What a variable holds by its name: a key, or a token, which is sent in another header. */
function credentialField({ environment }: ProviderPreset, variable: string): "apiKey" | "bearerToken" {
  return environment.token?.includes(variable) ? "bearerToken" : "apiKey";
}

/** The name by which people know an address: `together` of https://api.together.xyz/v1; undefined for a bare address. */
function idFromAddress(baseUrl: string): string | undefined {
  const labels = new URL(baseUrl.trim()).hostname.toLowerCase().split(".");
  if (labels.every((label) => /^\d+$/.test(label)) || labels[0]?.startsWith("[")) return undefined;
  const name = labels.length > 1 ? labels.at(-2) : labels[0];
  return name !== undefined && /^[a-z][a-z0-9-]*$/.test(name) ? name : undefined;
}

/** The draft as the engine can test it. */
export function draftProvider(draft: ProviderDraft, environment: Environment): EngineProvider {
  const provider = providerSchema.parse(draftEntry(draft));
  return resolveProvider(provider, environment, draft.key === undefined ? {} : { apiKey: draft.key });
}
