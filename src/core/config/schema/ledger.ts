import * as z from "zod";

export const ledgerSchema = z.strictObject({
  retentionDays: z
    .int()
    .min(1)
    .max(3_650)
    .default(400)
    .describe("How many days each request is kept; what was spent stays known after that."),
  maxMb: z
    .int()
    .min(10)
    .max(100_000)
    .default(200)
    .describe(
      "How large the ledger may grow, in MB; the oldest requests go first. 200 MB hold about 500,000.",
    ),
});

export type LedgerConfig = z.output<typeof ledgerSchema>;
