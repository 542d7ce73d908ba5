import type { Effort } from "./request";
import type { Seal } from "./seal";

/**
 * In what a provider's model differs from its protocol's own maker. Encoders are told; they know no provider by
 * name. `core/providers/quirks.ts` has the table.
 */
export interface Quirks {
  /** Chat Completions: the field that limits the answer. */
  readonly maxTokensField: "max_tokens" | "max_completion_tokens";
  /** Whether temperature, top_p, penalties and stop are taken. */
  readonly sampling: boolean;
  /** Whether another verbosity than `medium` is taken. */
  readonly verbosity: boolean;
  /** How reasoning is asked for; `none` where asking is an error. */
  readonly reasoning: "effort" | "budget" | "adaptive" | "none";
  /** The efforts the model takes: any other is an error. */
  readonly efforts: readonly Effort[];
  /** Whether the model is known to reason, so that its reasoning can be asked for unread. */
  readonly reasons: boolean;
  /** Messages: how thinking is switched off, where it is on unless that is said; `never` where it cannot be. */
  readonly thinkingOff?: "disabled" | "between_tools" | "never";
  /** Whether a tool can be forced: elsewhere asking for it is an error. */
  readonly forcedTools: boolean;
  /** OpenAI's own extras (`prompt_cache_key`, `user`, `store`, …): strict servers refuse them. */
  readonly openAiExtras: boolean;
  /** Chat Completions: a stream may be asked for its usage; where that is an error, it is told unasked. */
  readonly usageOption: boolean;
  /** Chat Completions: whether log probabilities may be asked for. */
  readonly logprobs: boolean;
  /** Chat Completions: whether it may be said that calls are, or are not, to be made at the same time. */
  readonly parallelToolCalls: boolean;
  /** Chat Completions: whether a user may speak right after a tool, before the model does. */
  readonly userAfterTool: boolean;
  /** Whether an answer may be begun for the model; where not, a conversation must not end with the assistant. */
  readonly prefill: boolean;
  /** The provider searches the web itself, if asked. */
  readonly webSearch: boolean;
  /** Free-text tools are taken as they are. */
  readonly customTools: boolean;
  /** Chat Completions: whether `reasoning_content` is taken back with a tool call. */
  readonly reasoningBack: boolean;
  /** Chat Completions: an instruction in the middle of a conversation may have the role `system`. */
  readonly systemAnywhere: boolean;
  /** Chat Completions: `cache_control` on text parts, as OpenRouter takes it for Claude. */
  readonly cacheMarks: boolean;
  /** Which JSON Schema keywords the provider refuses. */
  readonly schema: "full" | "gemini";
  /** Messages: `format` where the model takes a schema for its answer, `tool` where it has to be a forced tool. */
  readonly structuredOutput: "format" | "tool";
  /** The longest answer the model gives; asking for more is an error. */
  readonly maxOutput: number;
  /** Messages: `max_tokens` where the client set none; the protocol requires one. */
  readonly defaultMaxTokens: number;
  /** Messages: the provider caches by itself if asked at the top level. */
  readonly automaticCaching: boolean;
  /** What a tool call's id may look like. */
  readonly toolId: { readonly pattern: RegExp; readonly maxLength: number; readonly exactLength?: number };
}

/** To whom a request goes, as far as an encoder needs it. */
export interface Destination {
  /** The provider's name of the model. */
  readonly model: string;
  readonly issuer: string;
  readonly quirks: Quirks;
}

/**
 * Whether a seal goes back to the one who issued it. One without our mark came in the client's own protocol, from a
 * provider of that protocol; only a provider of the same protocol can be its issuer.
 */
export function sealFits(
  seal: Seal | undefined,
  destination: Destination,
  protocol: Seal["protocol"],
): boolean {
  if (seal === undefined || seal.protocol !== protocol) return false;
  return seal.issuer === undefined || seal.issuer === destination.issuer;
}
