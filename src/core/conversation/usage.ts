/**
 * Token counts of one request, in one way of counting for all protocols.
 * `inputTokens` is everything that was read, the cached part included (as OpenAI counts; Anthropic's
 * `input_tokens` excludes it). A field that the provider did not report is absent: absent is not zero.
 */
export interface Usage {
  readonly inputTokens?: number;
  /** Of the input: read from a prompt cache. */
  readonly cachedInputTokens?: number;
  /** Of the input: written to a prompt cache. */
  readonly cacheWriteTokens?: number;
  /** Of the tokens written to a prompt cache: those that it keeps for an hour, which Anthropic prices apart. */
  readonly cacheWrite1hTokens?: number;
  /** Everything the model wrote, reasoning included. */
  readonly outputTokens?: number;
  /** Of the output: reasoning. */
  readonly reasoningTokens?: number;
  /** The provider says that it has answered in a service tier other than the ordinary: `flex`, `priority`, `batch`… */
  readonly serviceTier?: string;
  /** What the provider says that it charges for the request, in US dollars. */
  readonly reportedUsd?: number;
  /** How many premium requests the provider counts; may be a fraction. */
  readonly premiumRequests?: number;
  /**
   * How many there were of what is billed beside the listed rates, or otherwise than by them, under the names of the
   * provider's report: `web_search_requests`, `audio_tokens`, `inference_geo us`…
   */
  readonly extras?: Readonly<Record<string, number>>;
  /** The counts in the protocol's own fields, where the provider tells in others of its own what they leave out. */
  readonly inFields?: Usage;
  /** What each sampling has used, where it took several to one answer: prices by length go by each one's own. */
  readonly samplings?: readonly Sampling[];
}

/** One of several samplings that made an answer. */
export interface Sampling extends Usage {
  /** The model that it ran on, where that is another than the one that was asked. */
  readonly model?: string;
}

/** What a provider's report says of each count. */
export type ReportedCounts = {
  readonly [Name in Exclude<keyof Usage, "premiumRequests" | "extras" | "inFields" | "samplings">]:
    | Usage[Name]
    | undefined;
} & {
  readonly premiumRequests?: number | undefined;
  readonly extras?: Usage["extras"] | undefined;
};

/**
 * The counts as the provider tells them to clients of its own protocol, for a client of another one: what is paid for
 * beside them is the ledger's.
 */
export function toldUsage(usage: Usage): Usage {
  const answer = usage.samplings?.at(-1) ?? usage;
  return answer.inFields ?? answer;
}

/** The counts that were reported; undefined where there is neither an input nor an output. */
export function usageOf(counts: ReportedCounts): Usage | undefined {
  if (counts.inputTokens === undefined && counts.outputTokens === undefined) return undefined;
  const usage: Record<string, unknown> = {};
  for (const name in counts) {
    const count = counts[name as keyof ReportedCounts];
    if (count !== undefined) usage[name] = count;
  }
  return usage;
}
