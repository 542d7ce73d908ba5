import type { Quirks } from "../conversation/quirks";
import type { Effort } from "../conversation/request";
import type { FactName, FactValues, ModelFacts } from "../models/facts";
import type { WireProtocol } from "../protocols/wire";

/** What of a provider's configuration decides its quirks. */
export interface QuirkySource {
  readonly type: string;
  readonly baseUrl: string;
}

/** What is known of a model beside its name. */
export interface KnownModel {
  /** The model this really is, where its name is one of the person's own. */
  readonly baseModel?: string | undefined;
  readonly facts?: ModelFacts | undefined;
}

/** What the person has said of a model: it wins over what its name lets expect. */
function saidOf({ facts }: KnownModel): FactValues {
  if (facts === undefined) return {};
  return Object.fromEntries(
    Object.entries(facts).filter(([name]) => facts.sources[name as FactName] === "config"),
  );
}

/**
 * OpenAI's models that reason: they take no sampling parameters, and `max_completion_tokens` only.
 * https://platform.openai.com/docs/guides/reasoning
 */
function isOpenAiReasoning(model: string): boolean {
  return /^(o\d|gpt-[5-9]|gpt-\d\d|codex|computer-use)/.test(model) && !/^gpt-5[\d.]*-chat/.test(model);
}

/** OpenAI's models that do not reason, and answer `reasoning_effort` with an error. */
function isOpenAiPlain(model: string): boolean {
  return /^(gpt-[34]|chatgpt-|gpt-5[\d.]*-chat|text-|davinci|babbage)/.test(model);
}

/** The name without a vendor before it and a variant behind it: `anthropic/claude-sonnet-4.5:beta`. */
function bareModel(model: string): string {
  return (model.toLowerCase().split("/").pop() ?? "").split(":")[0] ?? "";
}

/** A Claude's version as a number: 3.5, 4, 4.6; undefined for what is no Claude, and Infinity for an unknown name. */
function claudeVersion(model: string): number | undefined {
  const bare = bareModel(model).replace(/^(?:[a-z-]+\.)?(?:anthropic\.)?(?=claude)/, "");
  if (!bare.startsWith("claude")) return undefined;
  // claude-3-5-sonnet-20241022 and claude-sonnet-4-5-20250929; a date is no minor version.
  const found = /-(\d{1,2})(?:[-.](\d{1,2})(?!\d))?(?:-|$|@)/.exec(bare);
  return found ? Number(`${found[1]}.${found[2] ?? 0}`) : Number.POSITIVE_INFINITY;
}

/** https://platform.claude.com/docs/en/about-claude/models/whats-new-claude-4-6#prefill-removal */
const takesPrefill = (version: number | undefined): boolean => version === undefined || version < 4.6;

const hostOf = (baseUrl: string, withPort = false): string => {
  try {
    const url = new URL(baseUrl);
    return (withPort ? url.host : url.hostname).toLowerCase();
  } catch {
    return "";
  }
};

/**
 * The longest answers of OpenAI's models that take no more than 16K or so; agents ask for 32000 of any.
 * https://platform.openai.com/docs/models
 */
function openAiMaxOutput(bare: string): number {
  if (/^gpt-4o|^chatgpt-4o|^gpt-5[\d.]*-chat/.test(bare)) return 16384;
  if (/^gpt-4\.1/.test(bare)) return 32768;
  if (/^gpt-4-(turbo|1106|0125|vision)|^gpt-3\.5/.test(bare)) return 4096;
  return /^gpt-4(-\d{4})?$/.test(bare) ? 8192 : Number.POSITIVE_INFINITY;
}

const NO_MODELS = /^$/;

/** Servers where asking a model that does not reason for an effort is an error, with the models that may be asked. */
const EFFORT_ONLY_FOR: readonly (readonly [server: RegExp, models: RegExp])[] = [
  [
    /^(localhost|127\.0\.0\.1|\[::1\]):11434$|(^|\.)ollama\.com/,
    /gpt-oss|deepseek-(r|v3\.)|qwen3|qwq|magistral|reason|think/,
  ],
  [/(^|\.)groq\.com/, /gpt-oss/],
  [/(^|\.)cerebras\.ai/, /gpt-oss/],
  // https://docs.x.ai/docs/guides/reasoning
  [/(^|\.)x\.ai/, /grok-(3-mini|4\.[3-9](?!\d)|[5-9])/],
  [/(^|\.)mistral\.ai/, NO_MODELS],
];

function takesEffort(baseUrl: string, bare: string, said: FactValues): boolean {
  if (said.efforts !== undefined) return said.efforts.length > 0;
  if (said.reasoning === false) return false;
  if (isOpenAiPlain(bare) && said.reasoning === undefined) return false;
  const server = hostOf(baseUrl, true);
  const models = EFFORT_ONLY_FOR.find(([pattern]) => pattern.test(server))?.[1];
  // Mistral's reason without being asked.
  return models === undefined || models.test(bare) || (said.reasoning === true && models !== NO_MODELS);
}

/** A model that the person says reasons takes what OpenAI's own take only where it is one of OpenAI's. */
function reasonsLikeOpenAi({ reasoning }: FactValues, bare: string, openAi: boolean): boolean {
  return reasoning === undefined ? isOpenAiReasoning(bare) : reasoning && (openAi || isOpenAiReasoning(bare));
}

const USUAL_EFFORTS: readonly Effort[] = ["low", "medium", "high"];

/**
 * The efforts that families of models take, the first that matches.
 * https://platform.openai.com/docs/guides/reasoning, https://api-docs.deepseek.com
 */
const EFFORTS_OF: readonly (readonly [models: RegExp, efforts: readonly Effort[]])[] = [
  [/^gpt-oss|^o\d|^codex|^gpt-5-codex/, USUAL_EFFORTS],
  [/^gpt-5-pro/, ["high"]],
  [/^gpt-5(?![.\d])/, ["minimal", ...USUAL_EFFORTS]],
  [/^gpt-5\.1-codex(?!-max)/, USUAL_EFFORTS],
  [/^gpt-5\.\d+-codex/, [...USUAL_EFFORTS, "xhigh"]],
  [/^gpt-5\.1/, ["none", ...USUAL_EFFORTS]],
  [/^gpt-5\.\d+-pro/, ["medium", "high", "xhigh"]],
  [/^gpt-5\.[2-5](?!\d)/, ["none", ...USUAL_EFFORTS, "xhigh"]],
  [/^grok-3-mini/, ["low", "high"]],
  // https://ai.google.dev/gemini-api/docs/openai: 2.5 Pro and 3 always think.
  [/^gemini-(2\.5-pro|[3-9])/, ["minimal", ...USUAL_EFFORTS]],
  [/^gemini-/, ["none", "minimal", ...USUAL_EFFORTS]],
];
/** Where no list of models says more: from gpt-5.6 on all take `max`, and only some `none`. */
const EFFORTS_UNLISTED: readonly (readonly [models: RegExp, efforts: readonly Effort[]])[] = [
  [/^gpt-/, [...USUAL_EFFORTS, "xhigh", "max"]],
  [/^grok-/, USUAL_EFFORTS],
];
/** `max` is left out: most servers' highest level is `xhigh`. */
const ALL_EFFORTS: readonly Effort[] = ["none", "minimal", ...USUAL_EFFORTS, "xhigh"];

function effortsOf(host: string, bare: string, { facts }: KnownModel): readonly Effort[] {
  if (host.endsWith("deepseek.com")) return [...USUAL_EFFORTS, "max"];
  const of = (table: typeof EFFORTS_OF) => table.find(([models]) => models.test(bare))?.[1];
  return of(EFFORTS_OF) ?? facts?.efforts ?? of(EFFORTS_UNLISTED) ?? ALL_EFFORTS;
}

/** Servers that answer a field they do not know with an error. */
const STRICT_HOSTS =
  /(^|\.)(mistral\.ai|groq\.com|googleapis\.com|cohere\.(ai|com)|cerebras\.ai|perplexity\.ai)$/;

/**
 * Hosts that take an instruction in the midst of a conversation. Servers that put a model's own template to work
 * (vLLM, Ollama, llama.cpp) may refuse it: Qwen's says "System message must be at the beginning".
 */
const SYSTEM_ANYWHERE =
  /(^|\.)(openai\.com|azure\.com|openrouter\.ai|deepseek\.com|x\.ai|groq\.com|together\.(xyz|ai)|fireworks\.ai|githubcopilot\.com|moonshot\.(ai|cn))$/;

/** Models whose makers let nobody but them speak after a tool, wherever they run (zed-industries/zed#37021). */
const MISTRAL_MODELS = /^(mistral|ministral|magistral|devstral|codestral|pixtral|voxtral)/;

/** In what a provider and its model differ from the protocol; an unknown server is taken to follow it. */
export function quirksOf(
  provider: QuirkySource,
  protocol: WireProtocol,
  model: string,
  known: KnownModel = {},
): Quirks {
  const name = known.baseModel ?? model;
  return protocol === "messages"
    ? messagesQuirks(provider, name, known)
    : openAiQuirks(provider, protocol, name, known);
}

function openAiQuirks(
  provider: QuirkySource,
  protocol: WireProtocol,
  model: string,
  known: KnownModel,
): Quirks {
  const said = saidOf(known);
  const host = hostOf(provider.baseUrl);
  const azure = provider.type === "azure";
  const openAi = azure || host.endsWith("openai.com") || host.endsWith(".azure.com");
  const bare = bareModel(model);
  const reasons = reasonsLikeOpenAi(said, bare, openAi);
  const efforts = said.efforts ?? effortsOf(host, bare, known);
  const gemini = host.endsWith("googleapis.com");
  const mistral = host.endsWith("mistral.ai");
  return {
    // Azure's older models know only max_tokens, OpenAI's newer ones only the other.
    maxTokensField: reasons || host.endsWith("openai.com") ? "max_completion_tokens" : "max_tokens",
    sampling: !reasons,
    // google-deepmind/concordia#164, openai/codex#9035
    verbosity: !isOpenAiPlain(bare) && !/codex/.test(bare),
    reasoning: efforts.length > 0 && takesEffort(provider.baseUrl, bare, said) ? "effort" : "none",
    efforts,
    reasons,
    forcedTools: true,
    openAiExtras: !STRICT_HOSTS.test(host),
    // openai/openai-agents-python#442
    usageOption: !mistral,
    // https://console.groq.com/docs/openai
    logprobs: !mistral && !host.endsWith("groq.com"),
    // tensorzero/tensorzero#2805, agno-agi/agno#4508
    parallelToolCalls: !(openAi && /^o\d/.test(bare)) && !host.endsWith("cerebras.ai"),
    userAfterTool: !mistral && !MISTRAL_MODELS.test(bare),
    prefill: takesPrefill(claudeVersion(model)),
    webSearch: openAi && protocol === "responses",
    customTools: openAi && reasons,
    reasoningBack: !openAi && !STRICT_HOSTS.test(host),
    systemAnywhere: azure || SYSTEM_ANYWHERE.test(host),
    cacheMarks: host.endsWith("openrouter.ai") && /^anthropic\//.test(model),
    schema: gemini || /^gemini-/.test(bare) ? "gemini" : "full",
    structuredOutput: "format",
    maxOutput: said.maxOutput ?? (azure ? Number.POSITIVE_INFINITY : openAiMaxOutput(bare)),
    defaultMaxTokens: 0,
    automaticCaching: false,
    toolId: mistral
      ? { pattern: /^[a-zA-Z0-9]+$/, maxLength: 9, exactLength: 9 }
      : { pattern: /^[\x21-\x7e]+$/, maxLength: protocol === "chat" ? 40 : 64 },
  };
}

/** https://platform.claude.com/docs/en/about-claude/models/overview, "Max output" */
function claudeMaxTokens(version: number, model: string): number {
  if (version < 3.5) return 4096;
  if (version < 3.7) return 8192;
  if (version < 4.5 && /opus/.test(model)) return 32000;
  return version < 4.6 || version === Number.POSITIVE_INFINITY ? 64000 : 128_000;
}

/** How a Claude of some version is asked to reason; other models behind Messages are taken for earlier ones. */
function claudeReasoning(version: number | undefined): Quirks["reasoning"] {
  if (version === undefined) return "budget";
  if (version >= 4.6) return "adaptive";
  return version >= 3.7 ? "budget" : "none";
}

/** https://platform.claude.com/docs/en/build-with-claude/effort: 4.6 came before `xhigh`. */
function claudeEfforts(version: number | undefined): readonly Effort[] {
  return version === 4.6 ? [...USUAL_EFFORTS, "max"] : [...USUAL_EFFORTS, "xhigh", "max"];
}

/**
 * From 5 on Claude thinks unless told not to, each family in a way of its own.
 * https://platform.claude.com/docs/en/models/sonnet-5-5/whats-new-sonnet-5-5 and those of the other models
 */
function claudeThinkingOff(version: number, model: string): Quirks["thinkingOff"] {
  if (/fable|mythos/.test(model)) return "never";
  if (version < 5 || version === Number.POSITIVE_INFINITY) return undefined;
  if (version < 5.5 || /haiku/.test(model)) return "disabled";
  return /sonnet/.test(model) ? "between_tools" : "never";
}

/** Models that answer a forced tool with an error; what's new in Fable 5.1, Opus 5.5 and Sonnet 5.5 says so. */
function claudeRefusesForcedTools(version: number | undefined, model: string): boolean {
  if (version === undefined || version === Number.POSITIVE_INFINITY) return false;
  return /fable|mythos/.test(model) ? version > 5 : version >= 5.5 && !/haiku/.test(model);
}

function messagesQuirks(provider: QuirkySource, model: string, known: KnownModel): Quirks {
  const version = claudeVersion(model);
  const said = saidOf(known);
  const usual = claudeReasoning(version);
  const able = usual === "none" ? "budget" : usual;
  const takesSchema = said.structuredOutput ?? (version === undefined || version >= 4.1);
  const reasoning = said.reasoning === undefined ? usual : said.reasoning ? able : "none";
  const reasons = said.reasoning ?? (version !== undefined && version >= 3.7);
  // A server that imitates Messages may think unless told not to.
  const imitates = version === undefined && reasoning !== "none" && !reasons;
  const thinkingOff = version === undefined ? imitates && "disabled" : claudeThinkingOff(version, model);
  return {
    maxTokensField: "max_tokens",
    // From 4.7 on, anything but the default is refused.
    sampling: version === undefined || version < 4.7,
    verbosity: false,
    reasoning,
    efforts: said.efforts ?? claudeEfforts(version),
    reasons,
    ...(thinkingOff ? { thinkingOff } : {}),
    forcedTools: !claudeRefusesForcedTools(version, model),
    openAiExtras: false,
    usageOption: true,
    logprobs: false,
    parallelToolCalls: true,
    userAfterTool: true,
    prefill: takesPrefill(version),
    webSearch: hostOf(provider.baseUrl).endsWith("anthropic.com"),
    customTools: false,
    reasoningBack: false,
    systemAnywhere: false,
    cacheMarks: true,
    schema: "full",
    structuredOutput: takesSchema ? "format" : "tool",
    maxOutput:
      said.maxOutput ?? (version === undefined ? Number.POSITIVE_INFINITY : claudeMaxTokens(version, model)),
    // Servers that imitate Messages serve smaller models; 32000 is what Claude Code asks of any.
    defaultMaxTokens: said.maxOutput ?? (version === undefined ? 32000 : claudeMaxTokens(version, model)),
    automaticCaching: hostOf(provider.baseUrl).endsWith("anthropic.com"),
    toolId: { pattern: /^[a-zA-Z0-9_-]+$/, maxLength: 64 },
  };
}
