import * as z from "zod";

export const quotaSchema = z.strictObject({
  balances: z
    .boolean()
    .default(true)
    .describe(
      "Whether providers that tell it (OpenRouter, DeepSeek, Moonshot, Novita) are asked what money is left, at their own address, after requests and at most every five minutes.",
    ),
});

export type QuotaConfig = z.output<typeof quotaSchema>;
