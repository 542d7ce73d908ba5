import type { Usage } from "../conversation/usage";
import type { UsageToday } from "../rpc/contract";

/** The local date of a moment, as YYYY-MM-DD. */
export function localDay(moment: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** Counts of a day on which nothing has been asked yet. */
export function emptyDay(day: string): UsageToday {
  return { day, requests: 0, inputTokens: 0, outputTokens: 0, unreported: 0 };
}

/** Adds one answered request; one without a usage report is counted as such, never guessed. */
export function addRequest(today: UsageToday, usage: Usage | undefined): UsageToday {
  const reported = usage?.inputTokens !== undefined || usage?.outputTokens !== undefined;
  return {
    ...today,
    requests: today.requests + 1,
    inputTokens: today.inputTokens + (usage?.inputTokens ?? 0),
    outputTokens: today.outputTokens + (usage?.outputTokens ?? 0),
    unreported: today.unreported + (reported ? 0 : 1),
  };
}
