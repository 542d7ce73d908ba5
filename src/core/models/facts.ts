import type { Effort } from "../conversation/request";
import type { ModelPrice } from "./price";

/** What can be known of a model. What is absent is unknown, which is not the same as no. */
export interface FactValues {
  /** Tokens of input and output together. */
  readonly contextWindow?: number;
  /** Tokens of the longest answer. */
  readonly maxOutput?: number;
  readonly tools?: boolean;
  readonly images?: boolean;
  readonly reasoning?: boolean;
  /** The efforts it can be asked for; empty where none can be. */
  readonly efforts?: readonly Effort[];
  /** Answers by a JSON Schema. */
  readonly structuredOutput?: boolean;
  /** Makes embeddings, and no answers. */
  readonly embeddings?: boolean;
  readonly price?: ModelPrice;
  /** How many of a subscription's premium requests one request counts as; 0 for a model that is free with it. */
  readonly premiumMultiplier?: number;
}

export type FactName = keyof FactValues;

/** `config`: the person said so. `provider`: its models list. Else the catalogue, by name and date. */
export type FactSource = "config" | "provider" | `catalogue ${string}`;

/** What is known of a model, and from where each value is. */
export interface ModelFacts extends FactValues {
  readonly sources: Readonly<Partial<Record<FactName, FactSource>>>;
}

export const FACT_NAMES = [
  "contextWindow",
  "maxOutput",
  "tools",
  "images",
  "reasoning",
  "efforts",
  "structuredOutput",
  "embeddings",
  "price",
  "premiumMultiplier",
] as const satisfies readonly FactName[];

/** Nothing is known. */
export const NO_FACTS: ModelFacts = Object.freeze({ sources: Object.freeze({}) });

/**
 * Puts together what is known, the person's own word first, then the provider's, then the catalogue's. Each value is
 * taken whole: a price of one source is never filled up with another's rates.
 */
export function mergeFacts(
  config: FactValues | undefined,
  provider: FactValues | undefined,
  catalogue: ModelFacts | undefined,
): ModelFacts {
  const merged: Record<string, unknown> = {};
  const sources: Partial<Record<FactName, FactSource>> = {};
  for (const name of FACT_NAMES) {
    const [values, source] =
      config?.[name] !== undefined
        ? [config, "config" as const]
        : provider?.[name] !== undefined
          ? [provider, "provider" as const]
          : [catalogue, catalogue?.sources[name]];
    if (values?.[name] === undefined || source === undefined) continue;
    merged[name] = values[name];
    sources[name] = source;
  }
  return { ...(merged as FactValues), sources };
}
