import type { EngineProvider } from "../config/engineConfig";
import { resolveProvider } from "../config/engineConfig";
import type { Environment } from "../config/reference";
import { providerSchema } from "../config/schema";
import { baseUrlFault, isLocalAddress } from "./baseUrl";
import type { ProviderKind } from "./kinds";

/** A provider while it is being set up. Nothing of it is stored. */
export interface ProviderDraft {
  readonly kind: ProviderKind;
  readonly baseUrl: string;
  /** As the person wrote it; absent where the suggested one was taken. */
  readonly id?: string;
  readonly key?: string;
  /** The provider has said that it wants a key, whatever its kind does. */
  readonly keyWanted?: true;
  readonly deployments: readonly string[];
}

/** What is wrong with an address for this kind, also while it is being typed; undefined if nothing is. */
export function addressFault(kind: Pick<ProviderKind, "type">, text: string): string | undefined {
  const baseUrl = text.trim();
  if (baseUrl === "") return "Enter the provider's address.";
  const begun = ["https://", "http://"].some((scheme) => scheme.startsWith(baseUrl.toLowerCase()));
  if (!begun && !/^https?:\/\//i.test(baseUrl)) return "Start with http:// or https://.";
  if (begun || !URL.canParse(baseUrl)) return "Enter the whole address, like https://api.example.com/v1.";
  const fault = baseUrlFault({ type: kind.type, baseUrl });
  return fault === null ? undefined : `The address ${fault}.`;
}

/** What to think of before an address without faults is used; undefined if nothing is. */
export function addressWarning(text: string): string | undefined {
  const baseUrl = text.trim();
  if (!URL.canParse(baseUrl) || new URL(baseUrl).protocol !== "http:" || isLocalAddress(baseUrl))
    return undefined;
  return "Over http:// the key and all that is asked can be read on the way. Use https:// if the provider has it.";
}

/** Whether a key is asked for; the engine asks no other machine without one. */
export function keyNeed(draft: ProviderDraft): ProviderKind["key"] {
  const { kind, baseUrl, keyWanted } = draft;
  if (kind.key === "required" || keyWanted) return "required";
  return baseUrl === "" || isLocalAddress(baseUrl) ? kind.key : "required";
}

/** What is wrong with a name (the id) for a new provider; undefined if nothing is. */
export function idFault(text: string, taken: readonly string[]): string | undefined {
  const id = text.trim();
  if (id === "") return "Enter a short name.";
  if (taken.includes(id)) return `"${id}" is taken by another provider.`;
  if (providerSchema.shape.id.safeParse(id).success) return undefined;
  return "Use up to 64 letters, digits, '.', '_' or '-', a letter or digit first.";
}

/** The id that a new provider gets if the person does not want another: of its kind, or else of its address. */
export function suggestedId({ kind, baseUrl }: Pick<ProviderDraft, "kind" | "baseUrl">): string {
  return kind.idFromAddress ? (idFromAddress(baseUrl) ?? kind.id) : kind.id;
}

/** Splits what was entered as a list of deployments. */
export function splitNames(text: string): string[] {
  return [...new Set(text.split(/[,\s]+/).filter((name) => name !== ""))];
}

/** The entry for the settings: only what differs from the defaults, and never the key. */
export function draftEntry(
  draft: ProviderDraft,
): Readonly<Record<string, unknown>> & { readonly id: string } {
  const { kind, baseUrl, deployments } = draft;
  return {
    id: draft.id ?? suggestedId(draft),
    type: kind.type,
    ...(kind.wireApi === "completions" ? {} : { wireApi: kind.wireApi }),
    baseUrl: baseUrl.trim(),
    ...(deployments.length > 0 ? { models: deployments.map((id) => ({ id })) } : {}),
  };
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
