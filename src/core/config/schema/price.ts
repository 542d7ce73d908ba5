import * as z from "zod";

const rate = z.number().min(0);

const rates = {
  input: rate.describe("Input."),
  cachedInput: rate.optional().describe("Input read from the provider's cache."),
  cacheWrite: rate.optional().describe("Input written to the provider's cache."),
  cacheWrite1h: rate.optional().describe("Input written to the cache for an hour."),
  output: rate.describe("Output."),
};

const tierSchema = z.strictObject({
  aboveInput: z
    .int()
    .min(0)
    .describe(
      "These prices count for the whole request if it has more tokens of input, cached ones included.",
    ),
  ...rates,
});

/** A person's own price; it wins over every list. */
export const priceSchema = z
  .strictObject({
    ...rates,
    perRequest: rate.optional().describe("US dollars for each request, beside its tokens."),
    tiers: z
      .array(tierSchema)
      .optional()
      .describe(
        "Other prices for long contexts, each with the tokens of input above which it counts for the whole request: { aboveInput, input, output… }.",
      ),
  })
  .describe("What the model costs, in US dollars per million tokens.");

export type PriceConfig = z.output<typeof priceSchema>;
