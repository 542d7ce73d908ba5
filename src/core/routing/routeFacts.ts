import { FACT_NAMES, type FactValues } from "../models/facts";
import type { ModelStatus, ProviderStatus, RouteStatus } from "../rpc/contract";

const ABILITIES = ["tools", "images", "reasoning", "structuredOutput", "embeddings"] as const;
const LIMITS = ["contextWindow", "maxOutput"] as const;

/**
 * What a client may count on, whichever of these models answers: the smallest limits, and the abilities that all of
 * them have. What is not known of one of them is not known of all; a price is each model's own.
 */
export function sharedFacts(models: readonly FactValues[]): FactValues {
  const shared: Record<string, unknown> = {};
  if (models.length === 0) return shared;
  for (const name of LIMITS) {
    const limits = models.flatMap((model) => model[name] ?? []);
    if (limits.length === models.length) shared[name] = Math.min(...limits);
  }
  for (const name of ABILITIES) {
    if (models.some((model) => model[name] === false)) shared[name] = false;
    else if (models.every((model) => model[name] === true)) shared[name] = true;
  }
  const efforts = models.map((model) => model.efforts);
  if (efforts.every((list) => list !== undefined))
    shared.efforts = (efforts[0] ?? []).filter((effort) => efforts.every((list) => list?.includes(effort)));
  return Object.fromEntries(FACT_NAMES.flatMap((name) => (name in shared ? [[name, shared[name]]] : [])));
}

/** A route's facts, from what the engine tells: those that all the targets share that can be asked at all. */
export function routeFacts(route: RouteStatus, providers: readonly ProviderStatus[]): FactValues {
  const askable = route.targets.filter(({ state }) => state !== "unusable");
  return sharedFacts(askable.map(({ servedBy }) => servedModel(servedBy, providers)?.facts ?? {}));
}

/** The model of an address `provider/model`. */
export function servedModel(
  address: string | undefined,
  providers: readonly ProviderStatus[],
): ModelStatus | undefined {
  const slash = address?.indexOf("/") ?? -1;
  if (address === undefined || slash < 0) return undefined;
  const provider = providers.find(({ id }) => id === address.slice(0, slash));
  return provider?.models.find(({ id }) => id === address.slice(slash + 1));
}
