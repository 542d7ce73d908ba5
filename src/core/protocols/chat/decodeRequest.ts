import type { DroppedReport } from "../../conversation/dropped";
import { invalid } from "../../conversation/invalid";
import { leftovers } from "../../conversation/leftovers";
import { readEffort } from "../../conversation/reasoning";
import type {
  Block,
  ConversationRequest,
  Reasoning,
  ResponseFormat,
  Sampling,
  TextBlock,
  ToolCallBlock,
  WebSearch,
} from "../../conversation/request";
import { TurnBuilder } from "../../conversation/turns";
import {
  asArray,
  asBoolean,
  asNumber,
  asObject,
  asString,
  isObject,
  type JsonObject,
  nonEmpty,
  optional,
} from "../../json/access";
import { contentPieces, PIECE_TYPES, reasoningDetails, reasoningText } from "./content";
import { decodeParts, textBlocks } from "./parts";
import { decodeChatToolChoice, decodeChatTools } from "./tools";

/** Fields with a meaning of their own; every other one is reported. */
const KNOWN = [
  "model",
  "messages",
  "tools",
  "functions",
  "tool_choice",
  "function_call",
  "parallel_tool_calls",
  "max_tokens",
  "max_completion_tokens",
  "stop",
  "temperature",
  "top_p",
  "top_k",
  "frequency_penalty",
  "presence_penalty",
  "seed",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "reasoning_effort",
  "reasoning",
  "response_format",
  "verbosity",
  "web_search_options",
  "stream",
  "stream_options",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "service_tier",
  "store",
  "metadata",
];

/** https://platform.openai.com/docs/api-reference/chat/create */
export function decodeChatRequest(body: JsonObject, dropped: DroppedReport): ConversationRequest {
  if (!Array.isArray(body.messages)) throw invalid("messages must be a list.");
  const { system, messages } = decodeMessages(body.messages, dropped);
  const tools = decodeChatTools(body, dropped);
  const toolChoice = decodeChatToolChoice(body, tools, dropped);
  const native = leftovers(body, KNOWN);
  if (Array.isArray(native.modalities) && native.modalities.join() === "text")
    delete (native as Record<string, unknown>).modalities;
  return {
    system,
    messages,
    tools,
    ...(isObject(body.web_search_options) ? { webSearch: decodeSearch(body.web_search_options) } : {}),
    ...optional("toolChoice", toolChoice),
    ...optional("parallelToolCalls", asBoolean(body.parallel_tool_calls) ?? oneByOne(body)),
    ...optional("maxTokens", asNumber(body.max_completion_tokens) ?? asNumber(body.max_tokens)),
    stop: (typeof body.stop === "string" ? [body.stop] : asArray(body.stop)).filter(
      (text) => typeof text === "string",
    ),
    sampling: decodeSampling(body),
    ...optional("reasoning", decodeReasoning(body, dropped)),
    ...optional("responseFormat", decodeFormat(body.response_format, dropped)),
    ...optional("verbosity", nonEmpty(body.verbosity)),
    stream: body.stream === true,
    includeUsage: asObject(body.stream_options).include_usage === true,
    ...optional("user", nonEmpty(body.safety_identifier) ?? nonEmpty(body.user)),
    ...optional("cacheKey", nonEmpty(body.prompt_cache_key)),
    ...optional("serviceTier", nonEmpty(body.service_tier)),
    ...optional("store", asBoolean(body.store)),
    ...(isObject(body.metadata) && Object.keys(body.metadata).length > 0 ? { metadata: body.metadata } : {}),
    native: { protocol: "chat", fields: native },
  };
}

/** A client of the time before tools has room for one call in an answer. */
function oneByOne(body: JsonObject): false | undefined {
  return Array.isArray(body.functions) && !Array.isArray(body.tools) ? false : undefined;
}

/** Here it is a parameter of models that search; its location is one level deeper. */
function decodeSearch(options: JsonObject): WebSearch {
  const { approximate } = asObject(options.user_location);
  const location = isObject(approximate) ? { location: { type: "approximate", ...approximate } } : {};
  return { type: "web_search_options", ...location };
}

function decodeSampling(body: JsonObject): Sampling {
  return {
    ...optional("temperature", asNumber(body.temperature)),
    ...optional("topP", asNumber(body.top_p)),
    ...optional("topK", asNumber(body.top_k)),
    ...optional("frequencyPenalty", asNumber(body.frequency_penalty) || undefined),
    ...optional("presencePenalty", asNumber(body.presence_penalty) || undefined),
    ...optional("seed", asNumber(body.seed)),
    ...(isObject(body.logit_bias) && Object.keys(body.logit_bias).length > 0
      ? { logitBias: body.logit_bias }
      : {}),
    ...(body.logprobs === true ? { topLogprobs: asNumber(body.top_logprobs) ?? 0 } : {}),
  };
}

/** OpenAI's `reasoning_effort`, or OpenRouter's `reasoning` object. */
function decodeReasoning(body: JsonObject, dropped: DroppedReport): Reasoning | undefined {
  const other = asObject(body.reasoning);
  const effort =
    readEffort(body.reasoning_effort, "reasoning_effort", dropped) ??
    readEffort(other.effort, "reasoning.effort", dropped);
  const budget = asNumber(other.max_tokens);
  const enabled = asBoolean(other.enabled);
  if (effort === undefined && budget === undefined && enabled === undefined) return undefined;
  return {
    enabled: effort !== "none" && enabled !== false,
    ...optional("effort", effort),
    ...optional("budgetTokens", budget),
    visible: other.exclude !== true,
  };
}

function decodeFormat(format: unknown, dropped: DroppedReport): ResponseFormat | undefined {
  const { type, json_schema: wrapper } = asObject(format);
  if (type === "json_object") return { kind: "jsonObject" };
  // Servers have kinds of their own: a grammar, a pattern, tags.
  if (type !== "json_schema" && type !== "text" && isObject(format)) dropped.add("response_format");
  if (type !== "json_schema") return undefined;
  const { schema, name, description, strict } = asObject(wrapper);
  return {
    kind: "jsonSchema",
    schema: asObject(schema),
    ...optional("name", nonEmpty(name)),
    ...optional("description", nonEmpty(description)),
    ...optional("strict", asBoolean(strict)),
  };
}

function decodeMessages(list: readonly unknown[], dropped: DroppedReport) {
  const system: TextBlock[] = [];
  const turns = new TurnBuilder(false);
  /** Calls of the time before tools have no id: the name and a number stand for it. */
  const functionIds = new Map<string, string>();
  let begun = false;
  list.forEach((entry, index) => {
    if (!isObject(entry)) throw invalid(`messages[${index}] must be an object.`);
    const where = `messages[${index}].content`;
    if (entry.role !== "function" && nonEmpty(entry.name)) dropped.add("messages.name");
    switch (entry.role) {
      case "system":
      case "developer": {
        const blocks = textBlocks(entry.content, where);
        if (begun) turns.system(blocks);
        else for (const block of blocks) system.push(block);
        return;
      }
      case "user":
        begun = true;
        turns.user(decodeParts(entry.content, where));
        return;
      case "assistant":
        begun = true;
        turns.assistant(decodeAssistant(entry, index, functionIds, dropped));
        return;
      case "tool":
      case "function": {
        begun = true;
        const name = asString(entry.name) ?? "";
        const id = entry.role === "tool" ? asString(entry.tool_call_id) : (functionIds.get(name) ?? name);
        if (!id) throw invalid(`messages[${index}].tool_call_id is missing.`);
        const blocks = decodeParts(entry.content, where);
        turns.result({ kind: "toolResult", id, blocks, isError: false });
        return;
      }
      default:
        throw invalid(`messages[${index}].role must be system, developer, user, assistant or tool.`);
    }
  });
  return { system, messages: turns.build() };
}

function decodeAssistant(
  message: JsonObject,
  index: number,
  functionIds: Map<string, string>,
  dropped: DroppedReport,
): Block[] {
  const blocks: Block[] = [];
  const pieces = contentPieces(message.content);
  const thinking =
    reasoningText(message) || pieces.map((piece) => (piece.kind === "thinking" ? piece.text : "")).join("");
  const details = reasoningDetails(message);
  if (thinking !== "" || details.length > 0) {
    const field = typeof message.reasoning_content === "string" ? "reasoning_content" : "reasoning";
    const value = { field, ...(details.length > 0 ? { details } : {}) };
    blocks.push({ kind: "thinking", text: thinking, seal: { protocol: "chat", value } });
  }
  for (const piece of pieces) {
    if (piece.text === "" || piece.kind === "thinking") continue;
    if (piece.kind === "refusal") blocks.push({ kind: "refusal", text: piece.text });
    else blocks.push({ kind: "text", text: piece.text, ...optional("cache", piece.cache) });
  }
  for (const part of asArray(message.content)) {
    const { type } = asObject(part);
    // An assistant says text; the model has not seen a picture of its own.
    if (typeof part !== "string" && !PIECE_TYPES.includes(asString(type) ?? ""))
      dropped.add(`content.${asString(type)?.slice(0, 60) ?? "unknown"}`);
  }
  const refusal = nonEmpty(message.refusal);
  if (refusal) blocks.push({ kind: "refusal", text: refusal });
  asArray(message.tool_calls).forEach((call, at) => {
    blocks.push(decodeCall(asObject(call), `messages[${index}].tool_calls[${at}]`));
  });
  if (isObject(message.function_call)) {
    const name = nonEmpty(message.function_call.name);
    if (!name) throw invalid(`messages[${index}].function_call.name is missing.`);
    const id = `call_function_${index}`;
    functionIds.set(name, id);
    const argumentsText = asString(message.function_call.arguments) ?? "";
    blocks.push({ kind: "toolCall", id, name, argumentsText, custom: false });
  }
  if (isObject(message.audio)) dropped.add("messages.audio");
  return blocks;
}

function decodeCall(call: JsonObject, where: string): ToolCallBlock {
  const custom = isObject(call.custom);
  const body = asObject(custom ? call.custom : call.function);
  const id = nonEmpty(call.id);
  const name = nonEmpty(body.name);
  if (!id) throw invalid(`${where}.id is missing.`);
  if (!name) throw invalid(`${where} has no name.`);
  const raw = custom ? body.input : body.arguments;
  const argumentsText = isObject(raw) ? JSON.stringify(raw) : (asString(raw) ?? "");
  return { kind: "toolCall", id, name, argumentsText, custom };
}
