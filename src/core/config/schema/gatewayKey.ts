import * as z from "zod";
import { HASH_PATTERN } from "../../governance/keyHash";
import { periodSchema } from "./period";
import { text } from "./text";

const count = z.int().min(0);

/** What a gateway key may spend in each period; where several amounts are given, each of them stops it. */
const keyBudgetSchema = z
  .strictObject({
    usd: z.number().min(0).optional().describe("US dollars."),
    tokens: count.optional().describe("Tokens, those read and those written together."),
    requests: count.optional().describe("Requests."),
    premiumRequests: count.optional().describe("Premium requests, where the provider counts them."),
    period: periodSchema,
  })
  .refine(({ period: _, ...amounts }) => Object.values(amounts).some((amount) => amount !== undefined), {
    message: "needs an amount: usd, tokens, requests or premiumRequests",
  });

export const gatewayKeySchema = z
  .strictObject({
    name: text.describe("Which tool or person the gateway key is for."),
    key: text
      .optional()
      .describe("Only as ${env:NAME}: the environment variable that holds the gateway key."),
    hash: z
      .string()
      .regex(HASH_PATTERN, "is not a gateway key's hash; use 'Postern: New Gateway Key'")
      .optional()
      .describe("The salted SHA-256 of a gateway key that Postern has made; the key cannot be read from it."),
    masked: text.optional().describe("The key's first six and last four characters, to tell it by."),
    enabled: z.boolean().default(true).describe("Whether the gateway key is accepted."),
    expires: z
      .union([z.iso.date(), z.iso.datetime({ offset: true, local: true })], {
        error: "must be a date such as 2027-01-01, or a date and time",
      })
      .optional()
      .describe("From when on it is not accepted: a date, which means local midnight, or a date and time."),
    models: z
      .array(text)
      .optional()
      .describe(
        "Which models it may use, as provider/model or model with * for any characters, and routes by name. Left out: all.",
      ),
    budget: keyBudgetSchema.optional().describe("What it may spend; requests beyond are refused."),
    requestsPerMinute: z.int().min(1).optional().describe("Requests in any 60 seconds."),
    tokensPerMinute: z.int().min(1).optional().describe("Tokens in any 60 seconds."),
    labels: z
      .record(z.string().regex(/^[^=\s]+$/, "must have no spaces and no '='"), text)
      .optional()
      .describe("Such as team or cost bucket; budgets can be for a label."),
  })
  .refine(({ key, hash }) => (key === undefined) !== (hash === undefined), {
    message: "needs either key or hash",
    path: ["key"],
  })
  .describe("A gateway key: what a tool sends to be let in, and what it may do.");

export type GatewayKeyConfig = z.output<typeof gatewayKeySchema>;
export type KeyBudget = z.output<typeof keyBudgetSchema>;
