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
  /** Everything the model wrote, reasoning included. */
  readonly outputTokens?: number;
  /** Of the output: reasoning. */
  readonly reasoningTokens?: number;
}
