// A program with a ledger of its own, for tests with several processes: does what it is told over its channel.

import type { OpenRequest } from "../../src/core/governance/openRequest";
import { ALL_TIME } from "../../src/core/governance/period";
import type { RequestRecord } from "../../src/core/governance/requestRecord";
import { EVERYTHING, type Totals } from "../../src/core/governance/spend";
import { Ledger } from "../../src/engine/ledger/ledger";
import { EngineLog } from "../../src/engine/log/log";

export type Order =
  | { readonly do: "append"; readonly records: readonly RequestRecord[]; readonly flush: boolean }
  | { readonly do: "hold"; readonly requests: readonly OpenRequest[] }
  | { readonly do: "opened"; readonly requests: readonly OpenRequest[]; readonly flush: boolean }
  /** Holds each request only if what is spent and held with it is not above the limit, one after the other. */
  | { readonly do: "holdWithin"; readonly requests: readonly OpenRequest[]; readonly microUsd: number }
  | { readonly do: "sums" }
  | { readonly do: "close" };

export interface Sums {
  readonly totals: Totals;
  readonly heldMicroUsd: number;
  readonly log: readonly string[];
}

const log = new EngineLog(Date.now);
const ledger = new Ledger({ folder: process.argv[2], log });

function sums(): Sums {
  return {
    totals: ledger.totals(EVERYTHING, ALL_TIME),
    heldMicroUsd: ledger.held(EVERYTHING, ALL_TIME).microUsd,
    log: log.recent().map(({ message }) => message),
  };
}

/** As long as an answer takes at the least. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function obey(order: Order): Promise<unknown> {
  switch (order.do) {
    case "append":
      for (const record of order.records) ledger.append(record);
      if (order.flush) ledger.flush();
      return turn();
    case "hold":
      for (const request of order.requests) ledger.transaction((spend) => spend.hold(request));
      return undefined;
    case "opened":
      for (const request of order.requests) ledger.opened(request);
      if (order.flush) ledger.flush();
      return turn();
    case "holdWithin": {
      let held = 0;
      for (const request of order.requests) {
        held += ledger.transaction((spend) => {
          const before =
            spend.spent(EVERYTHING, ALL_TIME).microUsd + spend.held(EVERYTHING, ALL_TIME).microUsd;
          if (before + (request.held?.microUsd ?? 0) > order.microUsd) return 0;
          spend.hold(request);
          return 1;
        });
        await new Promise((resolve) => setImmediate(resolve));
      }
      return held;
    }
    case "sums":
      return sums();
    case "close":
      ledger.close();
      return undefined;
  }
}

let obeyed: Promise<unknown> = Promise.resolve();
process.on("message", (order: Order) => {
  obeyed = obeyed
    .then(() => obey(order))
    .then((result) => {
      process.send?.(result ?? null);
      if (order.do === "close") process.disconnect();
    });
});
