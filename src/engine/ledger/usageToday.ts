import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { startOfLocalDay } from "../../core/governance/period";
import { EVERYTHING, NO_TOTALS } from "../../core/governance/spend";
import { QUARTER_MS } from "../../core/governance/tally";
import type { LedgerStore } from "./ledgerStore";

/** What Postern kept before it had a ledger: one day's counts. */
const FILE = "usage-today.json";

const savedSchema = z.object({
  day: z.string(),
  requests: z.int().min(0),
  inputTokens: z.int().min(0),
  outputTokens: z.int().min(0),
  unreported: z.int().min(0),
});

/**
 * Takes over the counts of an earlier version. To be called in a transaction.
 * @returns what to do when the transaction has ended well
 */
export function takeOverUsageToday(store: LedgerStore, folder: string): () => void {
  const file = join(folder, FILE);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return () => {};
  }
  // Whether they are in already, should the file outlive the transaction.
  if (store.meta(FILE) !== text) {
    const parsed = savedSchema.safeParse(parsedJson(text));
    const day = parsed.success ? startOfLocalDay(parsed.data.day) : undefined;
    if (parsed.success && day !== undefined) {
      const { day: _, ...counts } = parsed.data;
      const start = Math.floor(day / QUARTER_MS) * QUARTER_MS;
      store.addTally([{ scope: EVERYTHING, start, totals: { ...NO_TOTALS, ...counts } }]);
    }
    store.setMeta(FILE, text);
  }
  return () => rmSync(file, { force: true });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
