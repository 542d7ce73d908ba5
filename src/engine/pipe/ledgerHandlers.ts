import type { Within } from "../../core/rpc/contract";
import type { Ledger } from "../ledger/ledger";
import type { SessionHandlers } from "./session";

type LedgerMethod = "queryRequests" | "findRequest" | "runningRequests" | "totals" | "breakdown";

/** What a window may ask of the ledger. */
export function ledgerHandlers(ledger: Ledger): Pick<SessionHandlers, LedgerMethod> {
  const rangeOf = (within: Within) => ("range" in within ? within.range : ledger.period(within.period));
  return {
    queryRequests: (query) => ledger.requests(query),
    findRequest: async ({ id }) => {
      const request = ledger.request(id);
      return request ? { request } : {};
    },
    runningRequests: async () => ({ requests: ledger.runningRequests() }),
    totals: async ({ scope, ...within }) => {
      const range = rangeOf(within);
      return { range, totals: ledger.totals(scope, range), held: ledger.held(scope, range) };
    },
    breakdown: async ({ by, ...within }) => {
      const range = rangeOf(within);
      const entries = [...ledger.breakdown(by, range)].map(([name, totals]) => ({ name, totals }));
      return { range, entries };
    },
  };
}
