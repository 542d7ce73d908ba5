import type { ModelConfig, ModelOverride, PriceConfig, ProviderConfig } from "../config/schema";
import type { ModelStatus } from "../rpc/contract";
import { type FactValues, type ModelFacts, mergeFacts } from "./facts";
import type { ListedModel } from "./listedModel";

/** A model of a provider, as requests and windows see it. */
export interface ProviderModel extends ModelStatus {
  /** Azure: the deployment, where its name differs. */
  readonly deployment?: string;
  /** The model this really is, where the person has said so. */
  readonly baseModel?: string;
}

/** What of a provider's configuration is about its models. */
export type ModelsConfig = Pick<ProviderConfig, "models" | "extraModels" | "modelOverrides">;

/** Asks the catalogue. */
export type FactsLookup = (modelId: string, baseModel: string | undefined) => ModelFacts;

/**
 * The models of a provider: those that the person has named, or else those that the provider lists, and those that the
 * person has added; each with what is known of it. Pinned ones first, otherwise in their order.
 */
export function providerModels(
  config: ModelsConfig,
  listed: readonly ListedModel[],
  lookUp: FactsLookup,
): ProviderModel[] {
  const byId = new Map<string, ProviderModel>();
  const add = (id: string, own: ModelOverride, said?: ListedModel, added?: true): void => {
    if (byId.has(id)) return;
    const changed = { ...own, ...defined(config.modelOverrides?.[id] ?? {}) };
    byId.set(id, modelOf(id, changed, said, lookUp, added));
  };
  for (const { id, ...own } of config.models ?? []) add(id, own);
  if (config.models === undefined) for (const said of listed) add(said.id, {}, said);
  for (const { id, ...own } of config.extraModels ?? []) {
    // The provider has come to list it; the person's word on it still counts.
    byId.delete(id);
    const said = listed.find((model) => model.id === id);
    add(id, own, said, said === undefined ? true : undefined);
  }
  const models = [...byId.values()];
  return [...models.filter(({ pinned }) => pinned), ...models.filter(({ pinned }) => !pinned)];
}

/** One model of a provider, without working out the others; also one that nobody has listed but a client has named. */
export function oneModel(
  id: string,
  {
    provider,
    listed,
  }: { readonly provider: { readonly config: ModelsConfig }; readonly listed: readonly ListedModel[] },
  lookUp: FactsLookup,
): ProviderModel {
  const { models, extraModels = [], modelOverrides } = provider.config;
  const isIt = (model: { readonly id: string }) => model.id === id;
  const only = { models: models?.filter(isIt), extraModels: extraModels.filter(isIt), modelOverrides };
  const [found] = providerModels(only, listed.filter(isIt), lookUp);
  return found ?? modelOf(id, modelOverrides?.[id] ?? {}, undefined, lookUp, undefined);
}

function modelOf(
  id: string,
  own: ModelOverride,
  said: ListedModel | undefined,
  lookUp: FactsLookup,
  added: true | undefined,
): ProviderModel {
  const name = own.name ?? said?.name;
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(own.deployment === undefined ? {} : { deployment: own.deployment }),
    ...(own.baseModel === undefined ? {} : { baseModel: own.baseModel }),
    facts: mergeFacts(ownFacts(own), said?.facts, lookUp(id, own.baseModel)),
    ...(own.pinned ? { pinned: true } : {}),
    ...(own.hidden ? { hidden: true } : {}),
    ...(added ? { added } : {}),
  };
}

/** The person's own values. */
function ownFacts(own: Omit<ModelConfig, "id">): FactValues {
  const { name: _, hidden: __, pinned: ___, deployment: ____, baseModel: _____, price, ...values } = own;
  return { ...defined(values), ...(price === undefined ? {} : { price: ownPrice(price) }) } as FactValues;
}

/** The highest tier that is reached counts, in whatever order a person has written them. */
function ownPrice({ tiers, ...rates }: PriceConfig): PriceConfig {
  const rising = tiers?.map(defined).toSorted((one, other) => one.aboveInput - other.aboveInput);
  return { ...defined(rates), ...(rising?.length ? { tiers: rising } : {}) };
}

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
