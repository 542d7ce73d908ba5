import type { DroppedReport } from "../../conversation/dropped";
import { invalid } from "../../conversation/invalid";
import { leftovers } from "../../conversation/leftovers";
import { readEffort } from "../../conversation/reasoning";
import type {
  ConversationRequest,
  Effort,
  Reasoning,
  ResponseFormat,
  TextBlock,
  Tool,
  ToolChoice,
} from "../../conversation/request";
import { TurnBuilder } from "../../conversation/turns";
import { isWebSearch, readWebSearch } from "../../conversation/webSearch";
import { PosternError } from "../../errors";
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
import { decodeBlocks } from "./blocks";
import { toolsInEffect } from "./toolChanges";

/** Fields with a meaning of their own; every other one is reported. */
const KNOWN = [
  "model",
  "max_tokens",
  "messages",
  "system",
  "tools",
  "tool_choice",
  "temperature",
  "top_p",
  "top_k",
  "stop_sequences",
  "stream",
  "metadata",
  "thinking",
  "output_config",
  "output_format",
  "service_tier",
  "thread",
  // How much is cached where is the provider's own affair where it caches by itself.
  "cache_control",
];

/** https://platform.claude.com/docs/en/api/messages/create */
export function decodeMessagesRequest(body: JsonObject, dropped: DroppedReport): ConversationRequest {
  if (body.thread !== undefined && body.thread !== null) {
    // The SDK goes on without threads on this answer.
    throw new PosternError(
      "thread_unsupported",
      "thread: this provider keeps no message threads. Send the whole conversation.",
    );
  }
  if (!Array.isArray(body.messages)) throw invalid("messages must be a list.");
  const declared = toolsInEffect(asArray(body.tools), body.messages);
  const tools = decodeTools(declared, dropped);
  const search = declared.find((tool) => isWebSearch(tool.type));
  const config = asObject(body.output_config);
  const choice = asObject(body.tool_choice);
  for (const key of Object.keys(config))
    if (key !== "effort" && key !== "format") dropped.add(`output_config.${key}`);
  const effort = readEffort(config.effort, "output_config.effort", dropped);
  const metadata = asObject(body.metadata);
  const format = asObject(config.format ?? body.output_format);
  const { user_id: user, ...otherMetadata } = metadata;
  if (Object.keys(otherMetadata).length > 0) dropped.add("metadata");
  const serviceTier = body.service_tier === "standard_only" ? "default" : nonEmpty(body.service_tier);
  return {
    system: withoutBillingLine(decodeSystem(body.system)),
    messages: decodeMessages(body.messages, dropped),
    tools,
    ...(search ? { webSearch: readWebSearch(String(search.type), search, dropped) } : {}),
    ...optional("toolChoice", decodeToolChoice(choice, tools, search, dropped)),
    ...optional("parallelToolCalls", choice.disable_parallel_tool_use === true ? false : undefined),
    ...optional("maxTokens", asNumber(body.max_tokens)),
    stop: asArray(body.stop_sequences).filter((text) => typeof text === "string"),
    sampling: {
      ...optional("temperature", asNumber(body.temperature)),
      ...optional("topP", asNumber(body.top_p)),
      ...optional("topK", asNumber(body.top_k)),
    },
    ...optional("reasoning", decodeReasoning(asObject(body.thinking), effort)),
    ...optional("responseFormat", decodeFormat(format, dropped)),
    stream: body.stream === true,
    includeUsage: true,
    ...optional("user", nonEmpty(user)),
    ...optional("serviceTier", serviceTier),
    native: { protocol: "messages", fields: leftovers(body, KNOWN) },
  };
}

function decodeSystem(system: unknown): TextBlock[] {
  if (system === undefined || system === null || system === "") return [];
  if (typeof system === "string") return [{ kind: "text", text: system }];
  if (!Array.isArray(system)) throw invalid("system must be text or a list of text blocks.");
  return system.map(asObject).flatMap((block): TextBlock[] => {
    const text = asString(block.text) ?? "";
    return text === ""
      ? []
      : [{ kind: "text", text, ...(isObject(block.cache_control) ? { cache: block.cache_control } : {}) }];
  });
}

/**
 * Claude Code's first system line changes with every request, which would keep every other provider from finding
 * anything in its prompt cache (anthropics/claude-code#68900).
 */
function withoutBillingLine(system: readonly TextBlock[]): TextBlock[] {
  return system.flatMap((block, index) => {
    if (index > 0 || !block.text.startsWith("x-anthropic-billing-header")) return [block];
    const newline = block.text.indexOf("\n");
    const text = newline < 0 ? "" : block.text.slice(newline + 1).trimStart();
    return text === "" ? [] : [{ ...block, text }];
  });
}

function decodeMessages(list: readonly unknown[], dropped: DroppedReport) {
  const turns = new TurnBuilder(false);
  const lastUser = list.findLastIndex((entry) => asObject(entry).role === "user");
  list.forEach((entry, index) => {
    if (!isObject(entry)) throw invalid(`messages[${index}] must be an object.`);
    // Meant for its own turn, it is not shown to the model again.
    if (entry.role === "system" && entry.clear_at === "next_user_message" && index < lastUser) return;
    const blocks = decodeBlocks(entry.content, `messages[${index}].content`, dropped);
    for (const [key, value] of Object.entries(entry))
      if (!["role", "content", "clear_at"].includes(key) && value !== null)
        dropped.add(`messages.${key.slice(0, 60)}`);
    if (entry.role === "assistant") turns.assistant(blocks);
    else if (entry.role === "system") turns.system(blocks);
    else if (entry.role === "user") {
      for (const block of blocks) if (block.kind === "toolResult") turns.result(block);
      turns.user(blocks.filter((block) => block.kind !== "toolResult"));
    } else throw invalid(`messages[${index}].role must be user, assistant or system.`);
  });
  return turns.build();
}

function decodeTools(list: readonly JsonObject[], dropped: DroppedReport): Tool[] {
  return list.flatMap((tool, index): Tool[] => {
    if (isWebSearch(tool.type)) return [];
    if (tool.type !== undefined && tool.type !== null && tool.type !== "custom") {
      dropped.add(`tools.${asString(tool.type)?.slice(0, 60) ?? "unknown"}`);
      return [];
    }
    const name = nonEmpty(tool.name);
    if (!name) throw invalid(`tools[${index}].name is missing.`);
    if (asArray(tool.input_examples).length > 0) dropped.add("tools.input_examples");
    if (asArray(tool.allowed_callers).some((caller) => caller !== "direct"))
      dropped.add("tools.allowed_callers");
    return [
      {
        kind: "function",
        name,
        ...optional("description", asString(tool.description)),
        ...(isObject(tool.input_schema) ? { schema: tool.input_schema } : {}),
        ...optional("strict", asBoolean(tool.strict)),
        ...(isObject(tool.cache_control) ? { cache: tool.cache_control } : {}),
      },
    ];
  });
}

function decodeToolChoice(
  choice: JsonObject,
  tools: readonly Tool[],
  search: JsonObject | undefined,
  dropped: DroppedReport,
): ToolChoice | undefined {
  switch (choice.type) {
    case "auto":
    case "none":
      return { mode: choice.type };
    case "any":
      return { mode: "required" };
    case "tool": {
      const name = asString(choice.name) ?? "";
      if (tools.some((tool) => tool.name === name)) return { mode: "tool", name };
      if (search && name === search.name) return { mode: "webSearch" };
      // A tool of the provider's own that was left out cannot be asked for.
      dropped.add("tool_choice");
      return undefined;
    }
    default:
      return undefined;
  }
}

/** `thinking` says whether, `output_config.effort` how much; older clients say it with a budget. */
function decodeReasoning(thinking: JsonObject, effort: Effort | undefined): Reasoning | undefined {
  const visible = thinking.display !== "omitted";
  switch (thinking.type) {
    case "enabled":
      return {
        enabled: true,
        ...optional("effort", effort),
        ...optional("budgetTokens", asNumber(thinking.budget_tokens)),
        visible,
      };
    case "disabled":
    // The least that Sonnet 5.5 can be asked for: none before the answer.
    case "between_tools":
      return { enabled: false };
    case undefined:
      return effort === undefined ? undefined : { enabled: true, effort, visible: false };
    default:
      return { enabled: true, ...optional("effort", effort), visible };
  }
}

function decodeFormat(format: JsonObject, dropped: DroppedReport): ResponseFormat | undefined {
  if (format.type !== "json_schema" && format.type !== undefined) dropped.add("output_config.format");
  if (format.type !== "json_schema") return undefined;
  return { kind: "jsonSchema", schema: asObject(format.schema) };
}
