import type { Held, OpenRequest } from "../../core/governance/openRequest";
import type { TimeRange } from "../../core/governance/period";
import type { RequestRecord } from "../../core/governance/requestRecord";
import type { Scope, Totals } from "../../core/governance/spend";

/** What a decision sees while no other engine and no other request can come between. */
export interface SpendView {
  spent(scope: Scope, range: TimeRange): Totals;
  held(scope: Scope, range: TimeRange): Held;
  hold(request: OpenRequest): void;
}

/** What the governor needs of the ledger. */
export interface SpendBook {
  transaction<T>(work: (spend: SpendView) => T): T;
  totals(scope: Scope, range: TimeRange): Totals;
  held(scope: Scope, range: TimeRange): Held;
  /** Notes a request as running where no limit has to be asked. */
  opened(request: OpenRequest): void;
  /** Takes a request's row, which ends what is held for it. */
  append(record: RequestRecord): void;
}
