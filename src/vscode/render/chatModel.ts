import type { ChatTarget } from "../../core/chat/chatRequest";
import { EFFORT_OPTION } from "../../core/chat/requestOptions";
import type { Effort } from "../../core/conversation/request";
import type { WireProtocol } from "../../core/protocols/wire";
import { quirksOf } from "../../core/providers/quirks";
import type { ModelStatus } from "../../core/rpc/contract";
import { escapeMarkdown } from "./markdown";

/** A provider, as far as its models in Chat's picker depend on it. */
export interface ChatProvider {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly baseUrl: string;
  /** The protocol it prefers. */
  readonly protocol: WireProtocol;
}

/** What may be known of a model. What is absent is unknown, which is not the same as no. */
export interface KnownModel extends ModelStatus {
  /** Tokens of the longest answer. */
  readonly maxOutput?: number | undefined;
  readonly tools?: boolean | undefined;
  readonly images?: boolean | undefined;
  readonly reasoning?: boolean | undefined;
  readonly efforts?: readonly Effort[] | undefined;
  /** Makes embeddings, and no answers. */
  readonly embeddings?: boolean | undefined;
  /** US dollars per million tokens. */
  readonly price?: { readonly input?: number; readonly output?: number } | undefined;
  readonly hidden?: boolean | undefined;
}

/**
 * A model as Chat's picker shows it: `vscode.LanguageModelChatInformation`, with what VS Code reads besides (host.d.ts).
 * The very object comes back with a request, so what is needed to send it rides on it.
 */
export interface ChatModel {
  readonly id: string;
  readonly name: string;
  /** VS Code's agent words its instructions by it: `claude-…`, `gpt-…`. */
  readonly family: string;
  readonly version: string;
  readonly detail: string;
  /** Markdown. */
  readonly tooltip: string;
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  /** Left out where it is not known. */
  readonly maxContextWindowTokens?: number;
  readonly capabilities: { readonly toolCalling: boolean; readonly imageInput: boolean };
  readonly isUserSelectable: true;
  readonly isBYOK: true;
  readonly pricing?: string;
  readonly configurationSchema?: { readonly properties: Readonly<Record<string, EffortSchema>> };
  readonly target: ChatTarget;
  /** The provider's name, for error sentences. */
  readonly from: string;
}

interface EffortSchema {
  readonly type: "string";
  readonly title: string;
  readonly enum: readonly Effort[];
  readonly enumItemLabels: readonly string[];
  readonly enumDescriptions: readonly string[];
  readonly default: Effort;
  readonly group: "navigation";
}

/**
 * VS Code demands two numbers of every model and cuts its prompts to them. Where a model's context window is not known
 * this much is taken for it, and the tooltip says so: less than almost every model has, and enough for an agent's
 * instructions and tools.
 */
const ASSUMED_CONTEXT = 32_768;
const ASSUMED_OUTPUT = 4_096;

/** Every model that can answer and that the person has not hidden. */
export function chatModels(models: readonly KnownModel[], provider: ChatProvider): ChatModel[] {
  return models
    .filter((model) => !model.hidden && !isEmbedder(model))
    .map((model) => chatModel(model, provider));
}

/** Models lists hold embedders, too, and say of few that they are; their names do. */
function isEmbedder({ id, embeddings }: KnownModel): boolean {
  return embeddings ?? /(^|[-_/.:])(text-)?embed(ding|dings)?([-_/.:]|\d|$)/i.test(id);
}

function chatModel(model: KnownModel, provider: ChatProvider): ChatModel {
  const limits = limitsOf(model);
  const efforts = effortsOf(model, provider);
  const pricing = pricingOf(model);
  const id = `${provider.id}/${model.id}`;
  return {
    id,
    name: model.name ?? model.id,
    family: familyOf(model.id),
    version: model.id,
    detail: provider.name,
    tooltip: tooltipOf(model, provider, pricing),
    maxInputTokens: limits.input,
    maxOutputTokens: limits.output,
    ...(model.contextWindow === undefined ? {} : { maxContextWindowTokens: model.contextWindow }),
    capabilities: {
      // VS Code's agent shows only models that can call tools; where nobody says, most can.
      toolCalling: model.tools ?? true,
      imageInput: model.images ?? false,
    },
    isUserSelectable: true,
    isBYOK: true,
    ...(pricing === undefined ? {} : { pricing }),
    ...(efforts.length > 1
      ? { configurationSchema: { properties: { [EFFORT_OPTION]: schemaOf(efforts) } } }
      : {}),
    target: {
      id,
      modelId: model.id,
      protocol: provider.protocol,
      provider: { type: provider.type, baseUrl: provider.baseUrl },
      ...(model.maxOutput === undefined ? {} : { maxOutput: model.maxOutput }),
    },
    from: provider.name,
  };
}

/**
 * The two numbers. A context window is shared by what goes in and what comes out: room for the longest answer is kept
 * free, but never more than half of it.
 */
function limitsOf({ contextWindow, maxOutput }: KnownModel): { input: number; output: number } {
  const context = contextWindow ?? ASSUMED_CONTEXT;
  const half = Math.floor(context / 2);
  const output = Math.max(1, Math.min(maxOutput ?? ASSUMED_OUTPUT, half));
  return { input: Math.max(1, context - output), output };
}

/** The name without a vendor before it, a variant or a date behind it. */
function familyOf(id: string): string {
  const bare = (id.toLowerCase().split("/").pop() ?? "").split(":")[0] ?? "";
  const undated = bare.replace(/[-@](\d{8}|\d{4}-\d{2}-\d{2})$/, "");
  return undated.replace(/^(?:[a-z]{2}\.)?(?:anthropic|openai|meta|google|mistral)\./, "") || bare || id;
}

/** What the person can choose from: only for models that are known to reason. */
function effortsOf(model: KnownModel, { protocol, type, baseUrl }: ChatProvider): readonly Effort[] {
  if (model.efforts) return model.efforts;
  const quirks = quirksOf({ type, baseUrl }, protocol, model.id);
  if (!(model.reasoning ?? quirks.reasons) || quirks.reasoning === "none") return [];
  if (protocol === "messages") return ["none", "low", "medium", "high"];
  return quirks.efforts;
}

const EFFORT_LABEL: Record<Effort, readonly [label: string, description: string]> = {
  none: ["None", "Answers without thinking first"],
  minimal: ["Minimal", "Thinks as little as it can"],
  low: ["Low", "Thinks a little: fast and cheap"],
  medium: ["Medium", "Thinks as much as most tasks need"],
  high: ["High", "Thinks long: slower, and more tokens"],
  xhigh: ["Extra High", "Thinks very long: slow and expensive"],
  max: ["Max", "Thinks as long as it can"],
};

function schemaOf(efforts: readonly Effort[]): EffortSchema {
  return {
    type: "string",
    title: "Thinking Effort",
    enum: efforts,
    enumItemLabels: efforts.map((effort) => EFFORT_LABEL[effort][0]),
    enumDescriptions: efforts.map((effort) => EFFORT_LABEL[effort][1]),
    // VS Code sends the default along, so what is shown is what is asked for.
    default: efforts.includes("medium") ? "medium" : (efforts[0] ?? "medium"),
    group: "navigation",
  };
}

/**
 * In words, because the numbers that VS Code has fields for (`inputCost`) are shown as "credits per 1M tokens", and
 * these are dollars.
 */
function pricingOf({ price }: KnownModel): string | undefined {
  const parts = [
    ...(price?.input === undefined ? [] : [`$${price.input} in`]),
    ...(price?.output === undefined ? [] : [`$${price.output} out`]),
  ];
  return parts.length === 0 ? undefined : `${parts.join(", ")} per 1M tokens`;
}

/** What is known, and what VS Code had to be told without anybody knowing it. */
function tooltipOf(model: KnownModel, provider: ChatProvider, pricing: string | undefined): string {
  const unknown = [
    ...(model.contextWindow === undefined
      ? [`its context size (${ASSUMED_CONTEXT.toLocaleString("en-US")} tokens are assumed)`]
      : []),
    ...(model.tools === undefined ? ["whether it calls tools"] : []),
    ...(model.images === undefined ? ["whether it reads images"] : []),
  ];
  const lines = [
    `${escapeMarkdown(model.id)} at ${escapeMarkdown(provider.name)}, through Postern`,
    ...(pricing === undefined ? [] : [escapeMarkdown(pricing)]),
    ...(unknown.length === 0 ? [] : [`Not known: ${unknown.join(", ")}`]),
  ];
  return lines.join("\n\n");
}
