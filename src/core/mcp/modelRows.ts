import { optional } from "../json/access";
import type { ModelFacts } from "../models/facts";
import type { ModelPrice } from "../models/price";
import type { ModelSource } from "../routing/resolveModel";

/** How a model is paid for, as far as that is known. */
export type Billing = "free" | "paid" | "premium" | "unknown";

/** A model as `list_models` tells of it. What is absent is not known. */
export interface ModelRow {
  readonly id: string;
  readonly provider?: string;
  readonly name?: string;
  /** In tokens. */
  readonly context_window?: number;
  readonly max_output_tokens?: number;
  readonly billing: Billing;
  /** How many premium requests one request counts as; 0 costs none. */
  readonly premium_multiplier?: number;
  readonly usd_per_million_tokens?: Omit<ModelPrice, "perRequest">;
  readonly usd_per_request?: number;
  /** `config`, `provider`, or a catalogue and its date. */
  readonly price_source?: string;
}

/**
 * The models of enabled providers by their full ids, routes first. Models that are hidden or only make embeddings are
 * left out.
 * @param sources only what the caller may use
 */
export function modelRows(sources: readonly ModelSource[], routes: readonly string[]): ModelRow[] {
  const models = sources
    .filter(({ enabled }) => enabled)
    .flatMap(({ id, models }) =>
      models
        .filter(({ hidden, facts }) => !hidden && !facts?.embeddings)
        .map((model): ModelRow => {
          const facts: ModelFacts | undefined = model.facts;
          return {
            id: `${id}/${model.id}`,
            provider: id,
            ...optional("name", model.name),
            ...optional("context_window", facts?.contextWindow),
            ...optional("max_output_tokens", facts?.maxOutput),
            ...billingOf(facts),
          };
        }),
    );
  return [...routes.map((id): ModelRow => ({ id, billing: "unknown" })), ...models];
}

function billingOf(
  facts: ModelFacts | undefined,
): Pick<
  ModelRow,
  "billing" | "premium_multiplier" | "usd_per_million_tokens" | "usd_per_request" | "price_source"
> {
  const multiplier = facts?.premiumMultiplier;
  if (multiplier !== undefined)
    return { billing: multiplier === 0 ? "free" : "premium", premium_multiplier: multiplier };
  if (!facts?.price) return { billing: "unknown" };
  const { perRequest, ...rates } = facts.price;
  return {
    billing: isFree(facts.price) ? "free" : "paid",
    usd_per_million_tokens: rates,
    ...optional("usd_per_request", perRequest),
    ...optional("price_source", facts.sources.price),
  };
}

/** Only what is known to cost nothing in both directions. */
function isFree({ input, output, perRequest = 0, tiers = [] }: ModelPrice): boolean {
  return (
    [{ input, output }, ...tiers].every((rates) => rates.input === 0 && rates.output === 0) &&
    perRequest === 0
  );
}
