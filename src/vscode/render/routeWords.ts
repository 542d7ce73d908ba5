import type { Strategy } from "../../core/config/schema";

/** What each strategy is called in a row, and what it does in a sentence. */
export const STRATEGY_WORDS: Readonly<
  Record<Strategy, { readonly short: string; readonly label: string; readonly detail: string }>
> = {
  fallback: {
    short: "in order",
    label: "In order",
    detail: "The first target answers; where it fails or is limited, the next one does.",
  },
  weighted: {
    short: "by weight",
    label: "By weight",
    detail: "Conversations are spread over the targets by their weights.",
  },
  "round-robin": {
    short: "in turn",
    label: "In turn",
    detail: "Each conversation begins at the next target.",
  },
  "least-latency": {
    short: "fastest first",
    label: "Fastest first",
    detail: "The target that has begun to answer fastest lately is asked first.",
  },
  cheapest: {
    short: "cheapest first",
    label: "Cheapest first",
    detail: "By the price of input and output together; a target without a known price comes last.",
  },
};
