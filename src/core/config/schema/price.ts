import * as z from "zod";

const rate = z.number().min(0);

/** A person's own price; it wins over every list. */
export const priceSchema = z
  .strictObject({
    input: rate.describe("Input."),
    cachedInput: rate.optional().describe("Input read from the provider's cache."),
    cacheWrite: rate.optional().describe("Input written to the provider's cache."),
    cacheWrite1h: rate.optional().describe("Input written to the cache for an hour."),
    output: rate.describe("Output."),
  })
  .describe("What the model costs, in US dollars per million tokens.");

export type PriceConfig = z.output<typeof priceSchema>;
