import type { ModelFacts } from "../models/facts";
import { behindAlias } from "./claudeAlias";
import { nearestIds } from "./editDistance";

/** A model that a provider serves. */
export interface ServedModel {
  readonly id: string;
  readonly name?: string | undefined;
  /** Azure: the deployment, where its name differs. */
  readonly deployment?: string | undefined;
  /** Reached only by a client that names its provider too. */
  readonly hidden?: boolean | undefined;
  /** The model this really is, where the person has said so. */
  readonly baseModel?: string | undefined;
  /** What is known of it. */
  readonly facts?: ModelFacts | undefined;
}

/** A provider as far as model ids are concerned, in the order of the configuration. */
export interface ModelSource {
  readonly id: string;
  readonly enabled: boolean;
  readonly models: readonly ServedModel[];
  /** The models were listed by the person, so no other exists. A list asked from the provider may lack aliases. */
  readonly listIsComplete: boolean;
  /** The list is being asked for. */
  readonly pending?: boolean;
  /** Other names that clients may put before the slash, as long as no provider is called so. */
  readonly aliases?: readonly string[];
}

export type Resolution =
  | { readonly kind: "found"; readonly providerId: string; readonly model: ServedModel }
  /** A provider earlier in the order may turn out to have it too: its list is still being asked for. */
  | { readonly kind: "undecided"; readonly otherwise: Resolution }
  | { readonly kind: "disabled"; readonly providerId: string }
  | { readonly kind: "unknown"; readonly nearest: readonly string[] };

/**
 * Finds who serves the model id that a client sent: `provider/model` first, then a bare id at the first enabled
 * provider that has it (design, section 4), then what an alias for Claude Code stands for.
 * @param names other ids that may have been meant where nobody serves this one, e.g. those of routes
 */
export function resolveModel(
  wanted: string,
  sources: readonly ModelSource[],
  names: readonly string[] = [],
): Resolution {
  const prefixed = resolvePrefixed(wanted, sources);
  if (prefixed?.kind === "found") return prefixed;
  const index = sources.findIndex((source) => source.enabled && shownModel(source, wanted));
  const source = sources[index];
  const model = source && shownModel(source, wanted);
  const aliased = prefixed || model ? undefined : behindAlias(wanted);
  if (aliased !== undefined) return resolveModel(aliased, sources, names);
  const bare: Resolution | undefined = model && { kind: "found", providerId: source.id, model };
  const resolution = bare ?? prefixed ?? disabledHolder(wanted, sources) ?? unknown(wanted, sources, names);
  const before = index < 0 ? sources : sources.slice(0, index);
  const waits = before.some(({ enabled, pending }) => enabled && pending);
  return waits ? { kind: "undecided", otherwise: resolution } : resolution;
}

/** Settles what is undecided when no more can be waited for. */
export function decided(resolution: Resolution): Exclude<Resolution, { kind: "undecided" }> {
  return resolution.kind === "undecided" ? decided(resolution.otherwise) : resolution;
}

function resolvePrefixed(wanted: string, sources: readonly ModelSource[]): Resolution | undefined {
  const slash = wanted.indexOf("/");
  const prefix = wanted.slice(0, slash);
  const source =
    slash > 0
      ? (sources.find(({ id }) => id === prefix) ?? sources.find(({ aliases }) => aliases?.includes(prefix)))
      : undefined;
  if (!source) return undefined;
  const id = wanted.slice(slash + 1);
  const model = modelOf(source, id) ?? (source.listIsComplete || id === "" ? undefined : { id });
  if (!model) return undefined;
  return source.enabled
    ? { kind: "found", providerId: source.id, model }
    : { kind: "disabled", providerId: source.id };
}

function disabledHolder(wanted: string, sources: readonly ModelSource[]): Resolution | undefined {
  const holder = sources.find((source) => !source.enabled && shownModel(source, wanted));
  return holder && { kind: "disabled", providerId: holder.id };
}

function unknown(wanted: string, sources: readonly ModelSource[], names: readonly string[]): Resolution {
  return {
    kind: "unknown",
    // Compared only for who reads it: there may be thousands of ids, and states are told several times a second.
    get nearest() {
      return nearestIds(wanted, [...new Set([...names, ...modelIds(sources)])]);
    },
  };
}

function modelOf(source: ModelSource, id: string): ServedModel | undefined {
  return source.models.find((known) => known.id === id);
}

/** Bare ids go past what is hidden, to the next provider that has the model. */
function shownModel(source: ModelSource, id: string): ServedModel | undefined {
  const model = modelOf(source, id);
  return model?.hidden ? undefined : model;
}

/** Every id a client is told of, each once: bare ids first, then with the provider in front. */
export function modelIds(sources: readonly ModelSource[]): string[] {
  const shown = sources
    .filter((source) => source.enabled)
    .map(({ id, models }) => ({ id, models: models.filter((model) => !model.hidden) }));
  const bare = shown.flatMap((source) => source.models.map((model) => model.id));
  const prefixed = shown.flatMap((source) => source.models.map((model) => `${source.id}/${model.id}`));
  return [...new Set([...bare, ...prefixed])];
}
