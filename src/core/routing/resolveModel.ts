import { behindAlias } from "./claudeAlias";
import { nearestIds } from "./editDistance";

/** A model that a provider serves. */
export interface ServedModel {
  readonly id: string;
  readonly name?: string | undefined;
  /** Azure: the deployment, where its name differs. */
  readonly deployment?: string | undefined;
}

/** A provider as far as model ids are concerned, in the order of the configuration. */
export interface ModelSource {
  readonly id: string;
  readonly enabled: boolean;
  readonly models: readonly ServedModel[];
  /** The models were listed by the person, so no other exists. A list asked from the provider may lack aliases. */
  readonly listIsComplete: boolean;
}

export type Resolution =
  | { readonly kind: "found"; readonly providerId: string; readonly model: ServedModel }
  | { readonly kind: "disabled"; readonly providerId: string }
  | { readonly kind: "unknown"; readonly nearest: readonly string[] };

/**
 * Finds who serves the model id that a client sent: `provider/model` first, then a bare id at the first enabled
 * provider that has it (design, section 4), then what an alias for Claude Code stands for.
 */
export function resolveModel(wanted: string, sources: readonly ModelSource[]): Resolution {
  const slash = wanted.indexOf("/");
  const prefixed = slash > 0 ? sources.find((source) => source.id === wanted.slice(0, slash)) : undefined;
  if (prefixed) {
    const id = wanted.slice(slash + 1);
    const model =
      prefixed.models.find((known) => known.id === id) ??
      (prefixed.listIsComplete || id === "" ? undefined : { id });
    if (model) {
      return prefixed.enabled
        ? { kind: "found", providerId: prefixed.id, model }
        : { kind: "disabled", providerId: prefixed.id };
    }
  }
  for (const source of sources) {
    const model = source.enabled ? source.models.find((known) => known.id === wanted) : undefined;
    if (model) return { kind: "found", providerId: source.id, model };
  }
  const holder = sources.find((source) => source.models.some((known) => known.id === wanted));
  if (holder) return { kind: "disabled", providerId: holder.id };
  const aliased = behindAlias(wanted);
  if (aliased !== undefined) return resolveModel(aliased, sources);
  return { kind: "unknown", nearest: nearestIds(wanted, modelIds(sources)) };
}

/** Every id a client may send, each once: bare ids first, then with the provider in front. */
export function modelIds(sources: readonly ModelSource[]): string[] {
  const enabled = sources.filter((source) => source.enabled);
  const bare = enabled.flatMap((source) => source.models.map((model) => model.id));
  const prefixed = enabled.flatMap((source) => source.models.map((model) => `${source.id}/${model.id}`));
  return [...new Set([...bare, ...prefixed])];
}
