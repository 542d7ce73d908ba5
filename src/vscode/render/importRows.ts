import type { ImportedProvider, ImportPlan } from "../../core/interchange/imported";
import { counted } from "./numbers";

/** A row of the preview: a provider that can be added, or a heading over what is left out. */
export type ImportRow =
  | {
      readonly provider: ImportedProvider;
      readonly label: string;
      readonly description: string;
      readonly detail: string;
      /** Chosen beforehand. */
      readonly picked: boolean;
    }
  | { readonly heading: string };

/** The preview of an import: what will be added, what of it is not carried over, and what is left out and why. */
export function importRows({ providers, skipped }: ImportPlan): readonly ImportRow[] {
  return [
    ...providers.map(providerRow),
    ...(skipped.length > 0 ? [{ heading: `Left out: ${skipped.length}` }] : []),
    ...skipped.map(({ what, why }) => ({ heading: `${what}: ${why}` })),
  ];
}

function providerRow(provider: ImportedProvider): ImportRow {
  const { entry, alreadyThere, foreignKey, notes } = provider;
  const name = typeof entry.name === "string" ? entry.name : entry.id;
  const models = Array.isArray(entry.models)
    ? counted(entry.models.length, "model")
    : "its own list of models";
  const doubts = [
    ...(alreadyThere === undefined ? [] : [`there is ${alreadyThere} at this address already`]),
    ...(foreignKey === undefined ? [] : [`its key looks like one of ${foreignKey}`]),
  ];
  return {
    provider,
    label: name,
    description: entry.id === name ? entry.baseUrl : `${entry.id} · ${entry.baseUrl}`,
    detail: [...doubts, keyText(provider), models, ...notes].join("; "),
    picked: doubts.length === 0,
  };
}

function keyText({ secrets, variables }: ImportedProvider): string {
  const stored = secrets.length === 0 ? "" : `${counted(secrets.length, "key")} into the secret storage`;
  const named = variables.length === 0 ? "" : `key from ${variables.join(", ")}`;
  return [stored, named].filter(Boolean).join(", ") || "no key";
}

/** What was done, in a sentence. */
export function importedText(ids: readonly string[]): string {
  return ids.length === 1
    ? `Added the provider ${ids[0]}.`
    : `Added ${counted(ids.length, "provider")}: ${ids.join(", ")}.`;
}
