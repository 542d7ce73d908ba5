import type { DroppedReport } from "./dropped";

/** The limit of an answer as the model takes it: agents ask for 32000 tokens of any model, and some refuse that. */
export function limitedTokens(
  wanted: number | undefined,
  maxOutput: number,
  dropped: DroppedReport,
): number | undefined {
  if (wanted === undefined || wanted <= maxOutput) return wanted;
  dropped.add(`max_tokens>${maxOutput}`);
  return maxOutput;
}
