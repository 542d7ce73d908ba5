import type { SpentSum, UsageToday } from "../rpc/contract";
import type { Totals } from "./spend";

/** The day's counts as the status has them: tokens that providers reported, estimated ones left out. */
export function usageToday(day: string, today: Totals, month: Totals): UsageToday {
  return {
    day,
    requests: today.requests,
    inputTokens: today.inputTokens - today.estimatedInputTokens,
    outputTokens: today.outputTokens - today.estimatedOutputTokens,
    unreported: today.unreported,
    cost: spentSum(today),
    month: spentSum(month),
  };
}

function spentSum({ microUsd, estimatedMicroUsd, unpriced }: Totals): SpentSum {
  return { microUsd, estimatedMicroUsd, unpriced };
}
