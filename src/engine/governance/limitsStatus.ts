import { amountIn, estimatedIn, heldIn, type Limit } from "../../core/governance/limits";
import { periodRange } from "../../core/governance/period";
import { recentRange, runsOutAt } from "../../core/governance/runOut";
import { EVERYTHING } from "../../core/governance/spend";
import type { LimitStatus, LimitsStatus } from "../../core/rpc/limitsStatus";
import type { SpendBook } from "./spendBook";

/** How every limit stands, and what was spent today and this month. */
export function limitsStatus(
  book: Pick<SpendBook, "totals" | "held">,
  limits: readonly Limit[],
  now: number,
): Pick<LimitsStatus, "limits" | "today" | "month"> {
  return {
    limits: limits.map((limit) => limitStatus(book, limit, now)),
    today: book.totals(EVERYTHING, periodRange("day", now)),
    month: book.totals(EVERYTHING, periodRange("month", now)),
  };
}

function limitStatus(book: Pick<SpendBook, "totals" | "held">, limit: Limit, now: number): LimitStatus {
  const { scope, measure, period } = limit;
  const range = periodRange(period, now);
  const totals = book.totals(scope, range);
  const spent = amountIn(totals, measure);
  const recently = recentRange(range, now);
  // To the period's end: nothing is there yet, and the ledger answers whole quarters of an hour fastest.
  const recentTotals = book.totals(scope, { from: recently.from, until: range.until });
  const middle = recently.from + (recently.until - recently.from) / 2;
  const out = runsOutAt(
    limit.amount - spent,
    {
      range: recently,
      amount: amountIn(recentTotals, measure),
      requests: recentTotals.requests,
      earlier: book.totals(scope, { from: recently.from, until: middle }).requests,
    },
    range,
  );
  return {
    ...limit,
    spent,
    estimated: estimatedIn(totals, measure),
    reserved: heldIn(book.held(scope, range), measure),
    uncounted: measure === "microUsd" ? totals.unpriced : 0,
    from: range.from,
    until: range.until,
    ...(out === undefined ? {} : { runsOutAt: out }),
  };
}
