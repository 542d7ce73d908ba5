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

/** How a model request ended, as far as the day's counts go. */
export interface CountedRequest {
  /** What the provider reported, also where the answer then broke off. */
  readonly usage: Usage | undefined;
  /** The provider answered: tokens were spent, so a report was due. */
  readonly answered: boolean;
}

/** Adds one request; a good answer without a usage report is counted as such, never guessed. */
export function addRequest(today: UsageToday, { usage, answered }: CountedRequest): UsageToday {
  const reported = usage?.inputTokens !== undefined || usage?.outputTokens !== undefined;
  return {
    ...today,
    requests: today.requests + 1,
    inputTokens: today.inputTokens + (usage?.inputTokens ?? 0),
    outputTokens: today.outputTokens + (usage?.outputTokens ?? 0),
    unreported: today.unreported + (answered && !reported ? 1 : 0),
  };
}
