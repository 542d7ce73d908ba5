import {
  argumentsObject,
  CUSTOM_PARAMETERS,
  customAsFunction,
  customDescription,
} from "../../conversation/arguments";
import type { DroppedReport } from "../../conversation/dropped";
import { invalid } from "../../conversation/invalid";
import { limitedTokens } from "../../conversation/limits";
import { type Destination, sealFits } from "../../conversation/quirks";
import { anthropicEffort, budgetOf, MIN_BUDGET } from "../../conversation/reasoning";
import type { Block, ConversationRequest, Message, Tool } from "../../conversation/request";
import { forAnthropicFormat, forAnthropicTool } from "../../conversation/schema";
import { fittingToolId } from "../../conversation/toolIds";
import { fittingToolName } from "../../conversation/toolNames";
import { textOf } from "../../conversation/turns";
import { asArray, asString, isObject, type JsonObject, type MutableJson, optional } from "../../json/access";
import { encodeUserBlock, isUserBlock } from "./blocks";

const WEB_SEARCH = "web_search";

/** The tool that stands for a schema of the answer, where the model has no such thing. */
export const STRUCTURED_TOOL = "structured_output";

/** A request for a provider of Messages. */
export function encodeMessagesRequest(
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject {
  const { quirks, model } = destination;
  const messages = encodeMessages(request, destination, dropped);
  const format = request.responseFormat;
  if (format?.kind === "jsonObject") dropped.add("response_format");
  const structured = format?.kind === "jsonSchema" ? format : undefined;
  const byTool = structured !== undefined && quirks.structuredOutput === "tool";
  const tools = encodeTools(request.tools, dropped);
  const search = encodeWebSearch(request, destination, dropped);
  if (search) tools.push(search);
  if (byTool) {
    const input_schema = forAnthropicTool(structured.schema, (keyword) => dropped.add(`schema.${keyword}`));
    const description = structured.description ?? "Gives the final answer in the form that was asked for.";
    tools.push({ name: STRUCTURED_TOOL, description, input_schema });
  }
  const toolChoice = byTool
    ? request.tools.length === 0
      ? { type: "tool", name: STRUCTURED_TOOL }
      : { type: "any" }
    : encodeToolChoice(request, dropped);
  const forced = toolChoice?.type === "any" || toolChoice?.type === "tool";
  const wanted = limitedTokens(request.maxTokens, quirks.maxOutput, dropped);
  const maxTokens = Math.max(1, Math.floor(wanted ?? quirks.defaultMaxTokens));
  const { thinking, effort } = encodeThinking(request, destination, { maxTokens, forced, messages, dropped });
  const body: MutableJson = { model, max_tokens: maxTokens };
  const system = request.system.flatMap(encodeUserBlock);
  if (system.length > 0) body.system = system;
  body.messages = messages;
  if (tools.length > 0) body.tools = tools;
  const chosen = request.toolChoice?.mode === "webSearch" && !search ? undefined : toolChoice;
  if (request.toolChoice?.mode === "webSearch" && !search) dropped.add("tool_choice");
  if (tools.length > 0 && chosen) body.tool_choice = chosen;
  if (thinking) body.thinking = thinking;
  const config = {
    ...optional("effort", effort),
    ...(structured && !byTool
      ? {
          format: {
            type: "json_schema",
            schema: forAnthropicFormat(structured.schema, (keyword) => dropped.add(`schema.${keyword}`)),
          },
        }
      : {}),
  };
  if (Object.keys(config).length > 0) body.output_config = config;
  encodeSampling(request, destination, thinking !== undefined, body, dropped);
  encodeRest(request, destination, body, dropped);
  if (request.stream) body.stream = true;
  return body;
}

function encodeSampling(
  { sampling, stop }: ConversationRequest,
  { quirks }: Destination,
  thinks: boolean,
  body: MutableJson,
  dropped: DroppedReport,
): void {
  const { temperature, topP, topK } = sampling;
  // With thinking, only the default temperature is taken, and newer models take nothing else at all.
  const free = quirks.sampling && !thinks;
  if (temperature !== undefined && free) {
    body.temperature = Math.min(1, Math.max(0, temperature));
    if (temperature > 1) dropped.add("temperature>1");
  } else if (temperature !== undefined && temperature !== 1) dropped.add("temperature");
  if (topP !== undefined) {
    // Newer models take one of the two.
    if (free && temperature === undefined) body.top_p = topP;
    else if (topP !== 1) dropped.add("top_p");
  }
  if (topK !== undefined && free) body.top_k = topK;
  else if (topK !== undefined) dropped.add("top_k");
  if (sampling.seed !== undefined) dropped.add("seed");
  if (sampling.frequencyPenalty !== undefined) dropped.add("frequency_penalty");
  if (sampling.presencePenalty !== undefined) dropped.add("presence_penalty");
  if (sampling.logitBias !== undefined) dropped.add("logit_bias");
  if (sampling.topLogprobs !== undefined) dropped.add("logprobs");
  // A stop sequence of white space alone is refused.
  const sequences = stop.filter((text) => text.trim() !== "");
  if (sequences.length < stop.length) dropped.add("stop");
  if (sequences.length > 0) body.stop_sequences = sequences;
}

function encodeRest(
  request: ConversationRequest,
  { quirks }: Destination,
  body: MutableJson,
  dropped: DroppedReport,
): void {
  if (request.user !== undefined) body.metadata = { user_id: request.user.slice(0, 256) };
  if (request.metadata) dropped.add("metadata");
  if (request.store === true) dropped.add("store");
  if (request.verbosity !== undefined) dropped.add("verbosity");
  if (request.serviceTier === "auto") body.service_tier = "auto";
  else if (request.serviceTier === "default") body.service_tier = "standard_only";
  else if (request.serviceTier !== undefined) dropped.add("service_tier");
  // OpenAI caches by itself; a client that names its cache wants the same here.
  if (request.cacheKey !== undefined && quirks.automaticCaching && !hasMarks(request)) {
    body.cache_control = { type: "ephemeral" };
  }
}

function hasMarks(request: ConversationRequest): boolean {
  const marked = (entry: object): boolean => "cache" in entry && entry.cache !== undefined;
  return (
    request.system.some(marked) ||
    request.tools.some(marked) ||
    request.messages.some((message) => message.blocks.some(marked))
  );
}

function encodeTools(tools: readonly Tool[], dropped: DroppedReport): JsonObject[] {
  return tools.map((tool): JsonObject => {
    const name = fittingToolName(tool.name, 128);
    if (tool.kind === "custom") {
      return {
        name,
        description: customDescription(tool.description, tool.format),
        input_schema: CUSTOM_PARAMETERS,
      };
    }
    return {
      name,
      ...optional("description", tool.description),
      input_schema: forAnthropicTool(tool.schema, (keyword) => dropped.add(`schema.${keyword}`)),
      ...(tool.cache ? { cache_control: tool.cache } : {}),
    };
  });
}

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool */
function encodeWebSearch(
  { webSearch, tools }: ConversationRequest,
  { quirks }: Destination,
  dropped: DroppedReport,
): JsonObject | undefined {
  if (!webSearch) return undefined;
  // A tool of the client's own with this name is the one that is meant.
  if (!quirks.webSearch || tools.some((tool) => tool.name === WEB_SEARCH)) {
    dropped.add(`tools.${webSearch.type}`);
    return undefined;
  }
  return {
    type: "web_search_20250305",
    name: WEB_SEARCH,
    ...optional("allowed_domains", webSearch.allowedDomains),
    ...optional("blocked_domains", webSearch.blockedDomains),
    ...optional("user_location", webSearch.location),
  };
}

function encodeToolChoice(request: ConversationRequest, dropped: DroppedReport): JsonObject | undefined {
  const { toolChoice: choice, parallelToolCalls: parallel } = request;
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (!choice) return parallel === false ? { type: "auto", ...single } : undefined;
  if (choice.mode === "webSearch") return { type: "tool", name: WEB_SEARCH };
  if (choice.mode === "tool") return { type: "tool", name: fittingToolName(choice.name, 128), ...single };
  if (choice.mode === "none") return { type: "none" };
  if (choice.allowed) {
    const [only, ...others] = choice.allowed;
    if (choice.mode === "required" && only !== undefined && others.length === 0) {
      return { type: "tool", name: fittingToolName(only, 128), ...single };
    }
    dropped.add("tool_choice.allowed_tools");
  }
  return { type: choice.mode === "required" ? "any" : "auto", ...single };
}

/**
 * Thinking in the model's own way, where it can be: it may not be asked for together with a forced tool, needs room
 * for its budget, and (but for adaptive thinking) wants a turn of tool calls to begin with the thinking it came from.
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking
 */
function encodeThinking(
  { reasoning }: ConversationRequest,
  { quirks }: Destination,
  about: {
    readonly maxTokens: number;
    readonly forced: boolean;
    readonly messages: readonly JsonObject[];
    readonly dropped: DroppedReport;
  },
): { thinking?: JsonObject; effort?: string } {
  if (!reasoning) return {};
  if (!reasoning.enabled)
    return quirks.reasoning === "none" || quirks.reasons ? {} : { thinking: { type: "disabled" } };
  if (quirks.reasoning === "none" || about.forced) {
    about.dropped.add("reasoning");
    return {};
  }
  const display = reasoning.visible === false ? { display: "omitted" } : { display: "summarized" };
  if (quirks.reasoning === "adaptive") {
    return {
      thinking: { type: "adaptive", ...display },
      ...(reasoning.effort ? { effort: anthropicEffort(reasoning.effort) } : {}),
    };
  }
  const wanted = reasoning.budgetTokens ?? budgetOf(reasoning.effort ?? "medium");
  const budget = Math.min(Math.max(MIN_BUDGET, Math.floor(wanted)), Math.floor(about.maxTokens * 0.75));
  if (budget < MIN_BUDGET || lacksThinking(about.messages)) {
    about.dropped.add("reasoning");
    return {};
  }
  return { thinking: { type: "enabled", budget_tokens: budget } };
}

/** Whether the calls that are being answered came without the thinking that the model would look for. */
function lacksThinking(messages: readonly JsonObject[]): boolean {
  const last = messages.at(-1);
  const results = asArray(last?.content).some((block) => isObject(block) && block.type === "tool_result");
  if (last?.role !== "user" || !results) return false;
  const first = asArray(messages.at(-2)?.content)[0];
  return !isObject(first) || (first.type !== "thinking" && first.type !== "redacted_thinking");
}

function encodeMessages(
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject[] {
  const ids = new CallIds(destination);
  const out: { role: "user" | "assistant"; content: JsonObject[] }[] = [];
  for (const message of request.messages) {
    const role = message.role === "assistant" ? "assistant" : "user";
    const content = message.blocks.flatMap((block) => encodeBlock(block, message, destination, ids, dropped));
    if (content.length === 0) continue;
    const last = out.at(-1);
    if (last?.role === role) last.content.push(...content);
    else out.push({ role, content });
  }
  // The protocol begins with the user.
  if (out[0]?.role !== "user") out.unshift({ role: "user", content: [{ type: "text", text: "(continue)" }] });
  if (out.length === 1 && request.messages.length === 0 && request.system.length === 0) {
    throw invalid("messages: at least one message with content is needed.");
  }
  trimPrefill(out.at(-1));
  return out;
}

/** An answer that was begun may not end in white space. */
function trimPrefill(last: { role: string; content: JsonObject[] } | undefined): void {
  const block = last?.content.at(-1);
  if (last?.role !== "assistant" || block?.type !== "text") return;
  last.content[last.content.length - 1] = { ...block, text: asString(block.text)?.trimEnd() };
}

function encodeBlock(
  block: Block,
  message: Message,
  destination: Destination,
  ids: CallIds,
  dropped: DroppedReport,
): JsonObject[] {
  switch (block.kind) {
    case "text":
    case "image":
    case "document":
      if (message.role === "assistant" && block.kind !== "text") return [];
      // Instructions in the middle have no role here that every model knows; they keep their place as marked text.
      if (message.role === "system" && block.kind === "text") {
        return [{ type: "text", text: `<system-reminder>\n${block.text}\n</system-reminder>` }];
      }
      return encodeUserBlock(block);
    case "refusal":
      return block.text.trim() === "" ? [] : [{ type: "text", text: block.text }];
    case "thinking": {
      const value = sealFits(block.seal, destination, "messages") ? block.seal?.value : undefined;
      const redacted = asString(value?.redacted);
      if (redacted) return [{ type: "redacted_thinking", data: redacted }];
      const signature = asString(value?.signature);
      if (signature)
        return [{ type: "thinking", thinking: asString(value?.thinking) ?? block.text, signature }];
      dropped.add("thinking");
      return [];
    }
    case "toolCall": {
      const input = argumentsObject(
        block.custom ? customAsFunction(block.argumentsText) : block.argumentsText,
      );
      const name = fittingToolName(block.name, 128);
      return [{ type: "tool_use", id: ids.ofCall(block.id), name, input, ...mark(block.cache) }];
    }
    case "toolResult": {
      const content = block.blocks.filter(isUserBlock).flatMap(encodeUserBlock);
      const [only, ...others] = content;
      const plain = only?.type === "text" && others.length === 0 && only.cache_control === undefined;
      return [
        {
          type: "tool_result",
          tool_use_id: ids.ofResult(block.id),
          ...(content.length === 0 ? {} : { content: plain ? textOf(block.blocks, "") : content }),
          ...(block.isError ? { is_error: true } : {}),
          ...mark(block.cache),
        },
      ];
    }
  }
}

const mark = (cache: JsonObject | undefined): JsonObject => (cache ? { cache_control: cache } : {});

/** Ids of calls as Messages takes them: within its characters, and each once in a conversation. */
class CallIds {
  readonly #uses = new Map<string, number>();

  constructor(private readonly destination: Destination) {}

  #fit(id: string): string {
    return fittingToolId(id, this.destination.quirks.toolId);
  }

  ofCall(id: string): string {
    const uses = (this.#uses.get(id) ?? 0) + 1;
    this.#uses.set(id, uses);
    return this.#named(id, uses);
  }

  /** The result of the latest call with this id. */
  ofResult(id: string): string {
    return this.#named(id, this.#uses.get(id) ?? 1);
  }

  #named(id: string, uses: number): string {
    return uses === 1 ? this.#fit(id) : this.#fit(`${id}_${uses}`);
  }
}
