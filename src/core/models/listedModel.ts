import * as z from "zod";
import type { FactValues } from "./facts";

/** A model as its provider lists it, with what the provider says of it. */
export interface ListedModel {
  readonly id: string;
  readonly name?: string;
  readonly facts: FactValues;
}

/** A list with what was known of its models where it says nothing of it itself. */
export function withEarlierFacts(
  listed: readonly ListedModel[],
  earlier: readonly ListedModel[],
): readonly ListedModel[] {
  const known = new Map(earlier.map(({ id, facts }) => [id, facts]));
  return listed.map((model) => ({ ...model, facts: { ...known.get(model.id), ...model.facts } }));
}

const tokens = z.int().positive().optional();
const flag = z.boolean().optional();
const rate = z.number().min(0).optional();
const rates = { input: rate, cachedInput: rate, cacheWrite: rate, cacheWrite1h: rate, output: rate };

/** A listed model as it is kept in a file. */
export const listedModelSchema = z.object({
  id: z.string().min(1).max(300),
  name: z.string().optional(),
  facts: z.object({
    contextWindow: tokens,
    maxOutput: tokens,
    tools: flag,
    images: flag,
    reasoning: flag,
    efforts: z.array(z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])).optional(),
    structuredOutput: flag,
    embeddings: flag,
    price: z
      .object({
        ...rates,
        perRequest: rate,
        tiers: z.array(z.object({ ...rates, aboveInput: z.int().min(0) })).optional(),
      })
      .optional(),
    premiumMultiplier: rate,
  }),
});
