import * as z from "zod";
import { auditSchema } from "./audit";
import { budgetSchema } from "./budget";
import { gatewaySchema } from "./gateway";
import { ledgerSchema } from "./ledger";
import { policySchema } from "./policy";
import { providerSchema } from "./provider";
import { quotaSchema } from "./quota";
import { routeSchema, routingSchema } from "./route";
import { text } from "./text";

export * from "./audit";
export * from "./budget";
export * from "./credential";
export * from "./gateway";
export * from "./gatewayKey";
export * from "./ledger";
export * from "./model";
export * from "./period";
export * from "./policy";
export * from "./price";
export * from "./provider";
export * from "./quota";
export * from "./route";

/**
 * The one configuration schema (design, section 4): VS Code's settings `postern.*` and the headless file
 * have the same shape. Unknown fields are refused, so a part that this version does not build is never
 * silently ignored.
 */

export const configSchema = z.strictObject({
  providers: z.array(providerSchema).default([]).describe("Your model providers."),
  gateway: gatewaySchema.prefault({}),
  budgets: z.array(budgetSchema).default([]).describe("What may be spent, and when it begins anew."),
  quota: quotaSchema.prefault({}),
  routes: z.array(routeSchema).default([]).describe("Model ids of your own, and the models behind them."),
  routing: routingSchema.prefault({}),
  ledger: ledgerSchema.prefault({}),
  audit: auditSchema.prefault({}),
  policy: policySchema.prefault({}),
  dataDir: text.optional().describe("Folder for what the engine keeps; relative to the configuration file."),
});

export type Config = z.output<typeof configSchema>;
