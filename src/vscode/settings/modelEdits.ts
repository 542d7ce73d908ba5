import type { ProviderPatch } from "./providerEdits";

/**
 * Changes to the models of a provider's entry in `postern.providers`. They work on what the person wrote and touch
 * nothing else of it.
 */
export type RawProvider = Readonly<Record<string, unknown>>;

/** Fields of a model to change; undefined removes one. */
export type ModelPatch = Readonly<Record<string, unknown>>;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Changes a model where it stands: in the lists that the person has written, or else in `modelOverrides`. What an
 * override says of a field is changed there, because it wins.
 */
export function patchModel(provider: RawProvider, modelId: string, patch: ModelPatch): ProviderPatch {
  const overrides = fields(provider.modelOverrides);
  const override = fields(overrides[modelId]);
  const list = (["models", "extraModels"] as const).find((name) => find(provider[name], modelId) >= 0);
  const inOverride = Object.entries(patch).filter(
    ([name, value]) => list === undefined || Object.hasOwn(override, name) || value === undefined,
  );
  const inList = Object.entries(patch).filter(
    ([name, value]) => value === undefined || !Object.hasOwn(override, name),
  );
  const rest = { ...overrides, [modelId]: merged(override, Object.fromEntries(inOverride)) };
  return {
    ...(list === undefined ? {} : { [list]: patched(provider[list], modelId, Object.fromEntries(inList)) }),
    ...(inOverride.length === 0 && override === NOTHING
      ? {}
      : { modelOverrides: unlessEmpty(withoutEmpty(rest)) }),
  };
}

/** The fields of a model as they are now, to be put back later. */
export function fieldsOf(provider: RawProvider, modelId: string, names: readonly string[]): ModelPatch {
  const { entry, override } = modelEntry(provider, modelId);
  return Object.fromEntries(names.map((name) => [name, override[name] ?? entry[name]]));
}

/** All that the person has written of a model: its entry in a list, and what overrides it. */
export function modelEntry(
  provider: RawProvider,
  modelId: string,
): { readonly entry: Fields & { readonly id: string }; readonly override: ModelPatch } {
  const entry = (["models", "extraModels"] as const)
    .map((name) => items(provider[name])[find(provider[name], modelId)])
    .find((found) => found !== undefined);
  return {
    entry: { ...fields(entry), id: modelId },
    override: fields(fields(provider.modelOverrides)[modelId]),
  };
}

/** Adds a model to the person's own list, or beside what the provider lists. */
export function addModel(provider: RawProvider, model: Fields & { readonly id: string }): ProviderPatch {
  const name = Array.isArray(provider.models) ? "models" : "extraModels";
  return { [name]: [...items(provider[name]), model] };
}

/** Takes away a model that the person has written down, and what else they have said of it. */
export function removeModel(provider: RawProvider, modelId: string): ProviderPatch {
  const without = (value: unknown) => items(value).filter((entry) => fields(entry).id !== modelId);
  const { [modelId]: _, ...overrides } = fields(provider.modelOverrides);
  const extra = without(provider.extraModels);
  return {
    ...(Array.isArray(provider.models) ? { models: without(provider.models) } : {}),
    extraModels: extra.length === 0 ? undefined : extra,
    modelOverrides: unlessEmpty(overrides),
  };
}

const NOTHING: Fields = Object.freeze({});

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : NOTHING;
}

function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function find(value: unknown, modelId: string): number {
  return items(value).findIndex((entry) => fields(entry).id === modelId);
}

function patched(value: unknown, modelId: string, patch: ModelPatch): readonly unknown[] {
  const at = find(value, modelId);
  return items(value).map((entry, index) => (index === at ? merged(fields(entry), patch) : entry));
}

function merged(before: Fields, patch: ModelPatch): Fields {
  return Object.fromEntries(
    Object.entries({ ...before, ...patch }).filter(([, value]) => value !== undefined),
  );
}

function withoutEmpty(overrides: Fields): Fields {
  return Object.fromEntries(
    Object.entries(overrides).filter(
      ([, value]) => Object.keys(fields(value)).length > 0 || fields(value) !== value,
    ),
  );
}

function unlessEmpty(overrides: Fields): Fields | undefined {
  return Object.keys(overrides).length === 0 ? undefined : overrides;
}
