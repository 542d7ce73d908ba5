import type { ChatTarget } from "../../core/chat/chatRequest";
import { EFFORT_OPTION } from "../../core/chat/requestOptions";
import type { Effort } from "../../core/conversation/request";
import type { ModelFacts } from "../../core/models/facts";
import type { WireProtocol } from "../../core/protocols/wire";
import { quirksOf } from "../../core/providers/quirks";
import type { ModelStatus } from "../../core/rpc/contract";
import { escapeMarkdown } from "./markdown";
import { dollars, factsTable } from "./modelFacts";

/** A provider, as far as its models in Chat's picker depend on it. */
export interface ChatProvider {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly baseUrl: string;
  /** The protocol it prefers. */
  readonly protocol: WireProtocol;
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
export function chatModels(models: readonly ModelStatus[], provider: ChatProvider): ChatModel[] {
  return models
    .filter((model) => !model.hidden && !isEmbedder(model))
    .map((model) => chatModel(model, provider));
}

/** Models lists hold embedders, too, and say of few that they are; their names do. */
function isEmbedder({ id, facts }: ModelStatus): boolean {
  return facts.embeddings ?? /(^|[-_/.:])(text-)?embed(ding|dings)?([-_/.:]|\d|$)/i.test(id);
}

function chatModel(model: ModelStatus, provider: ChatProvider): ChatModel {
  const { facts } = model;
  const id = `${provider.id}/${model.id}`;
  const pricing = pricingOf(facts);
  const where = `${escapeMarkdown(model.id)} at ${escapeMarkdown(provider.name)}, through Postern`;
  return {
    ...shared(facts, effortsOf(model, provider)),
    id,
    name: model.name ?? model.id,
    family: familyOf(model.id),
    version: model.id,
    detail: provider.name,
    tooltip: [where, factsTable(facts), notKnown(facts)].filter(Boolean).join("\n\n"),
    ...(pricing === undefined ? {} : { pricing }),
    target: targetOf(id, model, provider, facts.maxOutput),
    from: provider.name,
  };
}

/** A model behind a route, and who serves it. */
export interface RouteChoice {
  readonly model: ModelStatus;
  readonly provider: ChatProvider;
}

/**
 * A route as a model: what every one of its targets can do, since nobody knows which will answer. A request is written
 * for the first of them; for another the engine translates it.
 */
export function chatRoute(name: string, choices: readonly RouteChoice[]): ChatModel | undefined {
  const [first] = choices;
  if (!first) return undefined;
  const facts = common(choices.map(({ model }) => model.facts));
  const order = choices.map(({ model, provider }) =>
    escapeMarkdown(`${provider.name}: ${model.name ?? model.id}`),
  );
  const efforts = effortsOf(first.model, first.provider).filter((effort) =>
    choices.every(({ model, provider }) => effortsOf(model, provider).includes(effort)),
  );
  return {
    ...shared(facts, efforts),
    id: name,
    name,
    family: familyOf(first.model.id),
    version: name,
    detail: "Route",
    tooltip: [`A route to ${order.join(", ")}, through Postern`, notKnown(facts)]
      .filter(Boolean)
      .join("\n\n"),
    target: targetOf(name, first.model, first.provider, facts.maxOutput),
    from: name,
  };
}

/** What holds for all of them; what is not known of one is not known of all. */
function common(all: readonly ModelFacts[]): ModelFacts {
  const least = (name: "contextWindow" | "maxOutput"): number | undefined => {
    const values = all.flatMap((facts) => facts[name] ?? []);
    return values.length === all.length ? Math.min(...values) : undefined;
  };
  const every = (name: "tools" | "images"): boolean | undefined => {
    if (all.some((facts) => facts[name] === false)) return false;
    return all.every((facts) => facts[name] === true) ? true : undefined;
  };
  const [contextWindow, maxOutput] = [least("contextWindow"), least("maxOutput")];
  const [tools, images] = [every("tools"), every("images")];
  return {
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(maxOutput === undefined ? {} : { maxOutput }),
    ...(tools === undefined ? {} : { tools }),
    ...(images === undefined ? {} : { images }),
    sources: {},
  };
}

/** What VS Code is told of a model or a route alike. */
function shared(facts: ModelFacts, efforts: readonly Effort[]) {
  const { contextWindow } = facts;
  const limits = limitsOf(facts);
  return {
    maxInputTokens: limits.input,
    maxOutputTokens: limits.output,
    ...(contextWindow === undefined ? {} : { maxContextWindowTokens: contextWindow }),
    capabilities: {
      // VS Code's agent shows only models that can call tools; where nobody says, most can.
      toolCalling: facts.tools ?? true,
      imageInput: facts.images ?? false,
    },
    isUserSelectable: true,
    isBYOK: true,
    ...(efforts.length > 1
      ? { configurationSchema: { properties: { [EFFORT_OPTION]: schemaOf(efforts) } } }
      : {}),
  } as const;
}

function targetOf(
  id: string,
  model: ModelStatus,
  { protocol, type, baseUrl }: ChatProvider,
  maxOutput: number | undefined,
): ChatTarget {
  return {
    id,
    modelId: model.id,
    protocol,
    provider: { type, baseUrl },
    ...(maxOutput === undefined ? {} : { maxOutput }),
  };
}

/**
 * The two numbers. A context window is shared by what goes in and what comes out: room for the longest answer is kept
 * free, but never more than half of it.
 */
function limitsOf({ contextWindow, maxOutput }: ModelFacts): { input: number; output: number } {
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
function effortsOf({ id, facts }: ModelStatus, { protocol, type, baseUrl }: ChatProvider): readonly Effort[] {
  const quirks = quirksOf({ type, baseUrl }, protocol, id);
  const reasons = facts.reasoning ?? (facts.efforts ? facts.efforts.length > 0 : quirks.reasons);
  if (!reasons || quirks.reasoning === "none") return [];
  if (protocol !== "messages") return facts.efforts ?? quirks.efforts;
  // Thinking can be left out altogether, which lists of efforts do not say.
  const efforts = facts.efforts ?? ["low", "medium", "high"];
  return ["none", ...efforts.filter((effort) => effort !== "none" && effort !== "minimal")];
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
function pricingOf({ price }: ModelFacts): string | undefined {
  if (price?.input === 0 && price.output === 0) return "free";
  const parts = [
    ...(price?.input === undefined ? [] : [`${dollars(price.input)} in`]),
    ...(price?.output === undefined ? [] : [`${dollars(price.output)} out`]),
  ];
  return parts.length === 0 ? undefined : `${parts.join(", ")} per 1M tokens`;
}

/** What VS Code had to be told without anybody knowing it. */
function notKnown({ contextWindow, tools, images }: ModelFacts): string {
  const unknown = [
    ...(contextWindow === undefined
      ? [`the context size (${ASSUMED_CONTEXT.toLocaleString("en-US")} tokens are assumed)`]
      : []),
    ...(tools === undefined ? ["whether it calls tools"] : []),
    ...(images === undefined ? ["whether it reads images"] : []),
  ];
  return unknown.length === 0 ? "" : `Not known: ${unknown.join(", ")}`;
}
