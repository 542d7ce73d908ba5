import type { EngineProvider } from "../config/engineConfig";
import { resolveProvider } from "../config/engineConfig";
import type { Environment } from "../config/reference";
import { providerSchema } from "../config/schema";
import { baseUrlFault } from "./baseUrl";
import type { ProviderKind } from "./kinds";

/** A provider while it is being set up. Nothing of it is stored. */
export interface ProviderDraft {
  readonly kind: ProviderKind;
  readonly baseUrl: string;
  readonly key?: string;
  readonly deployments: readonly string[];
}

/** What is wrong with an address for this kind; undefined if nothing is. */
export function addressFault(kind: Pick<ProviderKind, "type">, text: string): string | undefined {
  const baseUrl = text.trim();
  if (baseUrl === "") return "Enter the provider's address.";
  const fault = baseUrlFault({ type: kind.type, baseUrl });
  return fault === null ? undefined : `The address ${fault}.`;
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
    id: kind.idFromAddress ? (idFromAddress(baseUrl) ?? kind.id) : kind.id,
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
