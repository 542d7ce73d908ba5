import type { Migration } from "./migration";

/**
 * How premium requests are known: by the provider's report, or by the model's multiplier. Of rows and totals from
 * before that is not known any more, and they stay as they were told: reported.
 */
export const premiumBasis: Migration = {
  version: 4,
  sql: `
ALTER TABLE requests ADD COLUMN premium_basis TEXT;
ALTER TABLE totals ADD COLUMN estimated_premium_milli INTEGER NOT NULL DEFAULT 0;
`,
};
