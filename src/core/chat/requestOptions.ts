import { asEffort } from "../conversation/reasoning";
import type { ConversationRequest, Reasoning } from "../conversation/request";
import { asNumber, asString, type JsonObject } from "../json/access";
import type { ChatAsk } from "./parts";

/** The name that VS Code gives to Thinking Effort in a model's `configurationSchema`; its agents read it by this name. */
export const EFFORT_OPTION = "reasoningEffort";

type Options = Pick<ConversationRequest, "sampling" | "maxTokens" | "stop" | "reasoning">;

/** Sampling options under the names that extensions use for them: OpenAI's, and the SDKs' spelling of them. */
const SAMPLING = {
  temperature: "temperature",
  top_p: "topP",
  topP: "topP",
  top_k: "topK",
  topK: "topK",
  frequency_penalty: "frequencyPenalty",
  frequencyPenalty: "frequencyPenalty",
  presence_penalty: "presencePenalty",
  presencePenalty: "presencePenalty",
  seed: "seed",
} as const;
const MAX_TOKENS = ["max_tokens", "maxTokens", "max_completion_tokens", "max_output_tokens"];
const STOP = ["stop", "stop_sequences", "stopSequences"];
const EFFORT = ["reasoning_effort", "reasoningEffort"];

/**
 * What `modelOptions` and the person's choice mean. Keys that begin with `_` are VS Code's own and never go anywhere;
 * of the others, what is not known is reported.
 */
export function requestOptions({ options, configuration }: ChatAsk, notCarried: string[]): Options {
  const sampling: Record<string, number> = {};
  let maxTokens: number | undefined;
  let stop: readonly string[] = [];
  let effort = asString(configuration[EFFORT_OPTION]);
  for (const [key, value] of Object.entries(options)) {
    if (key.startsWith("_") || value === undefined || value === null) continue;
    const number = asNumber(value);
    if (Object.hasOwn(SAMPLING, key) && number !== undefined)
      sampling[SAMPLING[key as keyof typeof SAMPLING]] = number;
    else if (MAX_TOKENS.includes(key) && number !== undefined && number >= 1) maxTokens = Math.floor(number);
    else if (STOP.includes(key) && isTexts(value)) stop = typeof value === "string" ? [value] : value;
    else if (EFFORT.includes(key) && asEffort(value)) effort = asString(value);
    else notCarried.push(`modelOptions.${key.slice(0, 60)}`);
  }
  const reasoning = reasoningOf(effort, options);
  return {
    sampling,
    stop,
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(reasoning ? { reasoning } : {}),
  };
}

/** Without a choice nothing is asked for, and the model does what it does by itself. */
function reasoningOf(chosen: string | undefined, options: JsonObject): Reasoning | undefined {
  const effort = asEffort(chosen);
  if (!effort) return undefined;
  // VS Code's Chat switches thinking off for small tasks of its own.
  if (effort === "none" || options._enableThinking === false) return { enabled: false, effort: "none" };
  return { enabled: true, effort, visible: true };
}

function isTexts(value: unknown): value is string | string[] {
  return typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "string"));
}
