import { asArray, isObject, type JsonObject } from "../../../src/core/json/access";
import { isBase64 } from "./images";
import { claudeVersion } from "./models";
import { Refusal } from "./refusal";
import { openSeal } from "./seals";
import { type Seen, SeenBuilder } from "./seen";

const FIELDS =
  "model max_tokens messages system tools tool_choice temperature top_p top_k stop_sequences stream metadata thinking output_config service_tier cache_control".split(
    " ",
  );

const refuse = (message: string): never => {
  throw new Refusal(message);
};

/** Every field has to be known, as with Anthropic. */
function only(value: unknown, path: string, ...allowed: readonly string[]): JsonObject {
  if (!isObject(value)) return refuse(`${path}: Input should be a valid dictionary`);
  for (const key of Object.keys(value))
    if (!allowed.includes(key))
      refuse(`${path === "" ? "" : `${path}.`}${key}: Extra inputs are not permitted`);
  return value;
}

function text(value: unknown, path: string): string {
  if (value === undefined) return refuse(`${path}: Field required`);
  return typeof value === "string" ? value : refuse(`${path}: Input should be a valid string`);
}

/** The headers that decide what is taken. */
export interface MessagesHeaders {
  readonly version?: string;
  /** The `anthropic-beta` header. */
  readonly betas?: string;
}

/** What is taken with a beta only: without its header it is unknown. */
interface Betas {
  readonly contextManagement: boolean;
  readonly deferredTools: boolean;
}

/** Takes a Messages request as Anthropic does, or refuses it. */
export function readMessagesRequest(body: unknown, { version, betas: named = "" }: MessagesHeaders): Seen {
  const betas: Betas = {
    contextManagement: /(^|,)context-management-/.test(named),
    deferredTools: /(^|,)(advanced-tool-use|tool-search-tool)-/.test(named),
  };
  if (!version) refuse("anthropic-version: header is required");
  if (isObject(body) && body.thread !== undefined) {
    // As an Anthropic without message threads says it; its SDK goes on without them.
    throw new Refusal("thread: not supported", { status: 400, code: "thread_unsupported_request" });
  }
  const top = only(body, "", ...FIELDS, ...(betas.contextManagement ? ["context_management"] : []));
  const model = text(top.model, "model");
  const seen = new SeenBuilder(top);
  const { max_tokens: maxTokens } = top;
  if (maxTokens === undefined) refuse("max_tokens: Field required");
  if (!Number.isInteger(maxTokens) || Number(maxTokens) < 1)
    refuse("max_tokens: Input should be greater than or equal to 1");
  checkSampling(top, model, version);
  checkRest(top, seen);
  readSystem(top.system, seen);
  checkTools(top, seen, betas);
  checkThinking(top, model, seen);
  readMessages(top, seen, betas);
  const marks = JSON.stringify(top).split('"cache_control":{').length - 1;
  if (marks > 4) refuse(`A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`);
  return seen.build();
}

function checkSampling(top: JsonObject, model: string, version: string | undefined): void {
  const given = ["temperature", "top_p", "top_k"].filter((key) => top[key] !== undefined);
  const claude = claudeVersion(model) ?? 0;
  const [first] = given;
  if (first !== undefined && ((version ?? "") >= "2026-10-21" || claude >= 4.7))
    refuse(`${first}: Extra inputs are not permitted`);
  if (claude >= 4.5 && top.temperature !== undefined && top.top_p !== undefined)
    refuse("`temperature` and `top_p` cannot both be specified for this model. Please use only one.");
  for (const key of ["temperature", "top_p"])
    if (top[key] !== undefined && (typeof top[key] !== "number" || top[key] < 0 || top[key] > 1))
      refuse(`${key}: range: 0..1`);
  for (const stop of asArray(top.stop_sequences))
    if (typeof stop !== "string" || stop.trim() === "")
      refuse("stop_sequences: each stop sequence must contain non-whitespace");
}

function checkRest(top: JsonObject, seen: SeenBuilder): void {
  if (top.metadata !== undefined) {
    const { user_id: user } = only(top.metadata, "metadata", "user_id");
    if (user !== undefined && user !== null && text(user, "metadata.user_id").length > 512)
      refuse("metadata.user_id: String should have at most 512 characters");
  }
  if (top.service_tier !== undefined && !["auto", "standard_only"].includes(String(top.service_tier)))
    refuse("service_tier: Input should be 'auto' or 'standard_only'");
  if (top.stream !== undefined && typeof top.stream !== "boolean")
    refuse("stream: Input should be a valid boolean");
  if (top.cache_control !== undefined) checkCache(top, "");
  if (top.output_config === undefined) return;
  const config = only(top.output_config, "output_config", "effort", "format");
  if (
    config.effort !== undefined &&
    !["low", "medium", "high", "xhigh", "max"].includes(String(config.effort))
  )
    refuse("output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'");
  if (config.format === undefined) return;
  const format = only(config.format, "output_config.format", "type", "schema");
  if (format.type !== "json_schema") refuse("output_config.format.type: Input should be 'json_schema'");
  checkFormatSchema(format.schema);
  seen.schema = format.schema;
}

const FORMAT_REFUSES =
  "minimum maximum multipleOf exclusiveMinimum exclusiveMaximum minLength maxLength maxItems".split(" ");

/** https://platform.claude.com/docs/en/build-with-claude/structured-outputs, "JSON Schema limitations" */
function checkFormatSchema(schema: unknown): void {
  if (!isObject(schema)) return;
  if (schema.type === "object" && schema.additionalProperties !== false)
    refuse(
      "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false",
    );
  for (const key of FORMAT_REFUSES)
    if (schema[key] !== undefined && typeof schema[key] !== "object")
      refuse(`output_config.format.schema: For '${schema.type}' type, property '${key}' is not supported`);
  for (const key of ["properties", "$defs"])
    if (isObject(schema[key])) for (const inner of Object.values(schema[key])) checkFormatSchema(inner);
  for (const key of ["anyOf", "allOf"]) for (const inner of asArray(schema[key])) checkFormatSchema(inner);
  checkFormatSchema(schema.items);
}

function checkCache(block: JsonObject, path: string): void {
  if (block.cache_control === undefined || block.cache_control === null) return;
  const cache = only(block.cache_control, `${path}.cache_control`, "type", "ttl");
  if (cache.type !== "ephemeral") refuse(`${path}.cache_control.type: Input should be 'ephemeral'`);
  if (cache.ttl !== undefined && !["5m", "1h"].includes(String(cache.ttl)))
    refuse(`${path}.cache_control.ttl: Input should be '5m' or '1h'`);
}

function readSystem(system: unknown, seen: SeenBuilder): void {
  if (system === undefined) return;
  if (typeof system === "string") {
    seen.system.push(system);
    return;
  }
  if (!Array.isArray(system)) refuse("system: Input should be a valid string or list");
  asArray(system).forEach((value, index) => {
    const path = `system.${index}`;
    const block = only(value, path, "type", "text", "cache_control");
    if (block.type !== "text") refuse(`${path}.type: Input should be 'text'`);
    seen.system.push(sayable(block, path));
    checkCache(block, path);
  });
}

function sayable(block: JsonObject, path: string): string {
  const said = text(block.text, `${path}.text`);
  if (said === "") refuse(`${path}: text content blocks must be non-empty`);
  if (said.trim() === "") refuse(`${path}: text content blocks must contain non-whitespace text`);
  return said;
}

function checkTools(top: JsonObject, seen: SeenBuilder, betas: Betas): void {
  asArray(top.tools).forEach((value, index) => {
    const path = `tools.${index}`;
    if (isObject(value) && value.type === "web_search_20250305") {
      only(value, path, "type", "name", "max_uses", "allowed_domains", "blocked_domains", "user_location");
      if (value.name !== "web_search") refuse(`${path}.name: Input should be 'web_search'`);
      seen.tools.push({ name: "web_search", custom: false });
      return;
    }
    const more = betas.deferredTools ? ["defer_loading"] : [];
    const known = ["type", "name", "description", "input_schema", "cache_control", "strict"];
    const tool = only(value, path, ...known, ...more);
    if (tool.type !== undefined && tool.type !== null && tool.type !== "custom")
      refuse(`${path}: Input tag '${tool.type}' found using 'type' does not match any of the expected tags`);
    const name = text(tool.name, `${path}.custom.name`);
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(name))
      refuse(`${path}.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'`);
    if (seen.tools.some((other) => other.name === name)) refuse("tools: Tool names must be unique.");
    if (!isObject(tool.input_schema)) refuse(`${path}.custom.input_schema: Field required`);
    const schema = tool.input_schema as JsonObject;
    if (schema.type !== "object") refuse(`${path}.custom.input_schema.type: Field required`);
    if (["oneOf", "anyOf", "allOf"].some((key) => schema[key] !== undefined))
      refuse(
        `${path}.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level`,
      );
    checkCache(tool, path);
    seen.tools.push({ name, custom: false });
  });
  if (top.tool_choice === undefined) return;
  const choice = only(top.tool_choice, "tool_choice", "type", "name", "disable_parallel_tool_use");
  if (!["auto", "any", "none", "tool"].includes(String(choice.type)))
    refuse("tool_choice: Input tag does not match any of the expected tags: 'any', 'auto', 'none', 'tool'");
  if (seen.tools.length === 0) refuse("tool_choice may only be specified while providing tools");
  if (choice.type === "none" && choice.disable_parallel_tool_use !== undefined)
    refuse("tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted");
  if (choice.type === "tool" && !seen.tools.some((tool) => tool.name === choice.name))
    refuse(`tool_choice.tool.name: Tool '${choice.name}' not found in provided tools`);
}

function checkThinking(top: JsonObject, model: string, seen: SeenBuilder): void {
  if (top.thinking === undefined) return;
  const { thinking } = top;
  const type = isObject(thinking) ? thinking.type : undefined;
  if (type === "disabled") {
    only(thinking, "thinking.disabled", "type");
    return;
  }
  seen.reasoning = true;
  const claude = claudeVersion(model);
  const choice = isObject(top.tool_choice) ? top.tool_choice.type : undefined;
  if (choice === "any" || choice === "tool")
    refuse("Thinking may not be enabled when tool_choice forces tool use.");
  if (top.temperature !== undefined && top.temperature !== 1)
    refuse("`temperature` may only be set to 1 when thinking is enabled.");
  if (top.top_k !== undefined) refuse("`top_k` must be unset when thinking is enabled.");
  if (type === "adaptive") {
    only(thinking, "thinking.adaptive", "type", "display");
    if (claude !== undefined && claude < 4.6) refuse("adaptive thinking is not supported on this model");
    return;
  }
  if (type !== "enabled")
    refuse("thinking: Input tag does not match any of the expected tags: 'disabled', 'enabled', 'adaptive'");
  const enabled = only(thinking, "thinking.enabled", "type", "budget_tokens", "display");
  const budget = Number(enabled.budget_tokens);
  if (!Number.isInteger(budget) || budget < 1024)
    refuse("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024");
  if (Number(top.max_tokens) <= budget) refuse("`max_tokens` must be greater than `thinking.budget_tokens`.");
  if (claude !== undefined && claude >= 4.7)
    refuse('"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive".');
}

interface OpenCalls {
  readonly ids: Set<string>;
  readonly all: Set<string>;
}

function readMessages(top: JsonObject, seen: SeenBuilder, betas: Betas): void {
  if (!Array.isArray(top.messages)) refuse("messages: Field required");
  const messages = asArray(top.messages);
  if (messages.length === 0) refuse("messages: at least one message is required");
  const open: OpenCalls = { ids: new Set(), all: new Set() };
  messages.forEach((value, index) => {
    const path = `messages.${index}`;
    const message = only(value, path, "role", "content");
    if (message.role !== "user" && message.role !== "assistant")
      refuse(
        `messages: Unexpected role "${message.role}". The Messages API accepts a top-level \`system\` parameter, not "system" as an input message role.`,
      );
    const role = message.role as "user" | "assistant";
    if (index === 0 && role !== "user") refuse('messages: first message must use the "user" role');
    const last = index === messages.length - 1;
    const blocks = contentOf(message.content, path, role === "assistant" && last);
    if (role === "user") readUser(blocks, path, seen, open);
    else readAssistant(blocks, path, seen, open, { last, betas });
  });
  unanswered(open, `messages.${messages.length - 1}`);
  checkLoopThinking(top, messages);
}

function contentOf(content: unknown, path: string, prefill: boolean): readonly unknown[] {
  if (content === undefined) refuse(`${path}.content: Field required`);
  const blocks =
    typeof content === "string" ? (content === "" ? [] : [{ type: "text", text: content }]) : content;
  if (!Array.isArray(blocks)) return refuse(`${path}.content: Input should be a valid list`);
  if (blocks.length === 0 && !prefill)
    refuse(
      `${path}: all messages must have non-empty content except for the optional final assistant message`,
    );
  return blocks;
}

function unanswered({ ids }: OpenCalls, path: string): void {
  if (ids.size === 0) return;
  refuse(
    `${path}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${[...ids].join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
  );
}

function readUser(blocks: readonly unknown[], path: string, seen: SeenBuilder, open: OpenCalls): void {
  blocks.forEach((value, index) => {
    const at = `${path}.content.${index}`;
    const type = isObject(value) ? value.type : undefined;
    if (type !== "tool_result") {
      unanswered(open, path);
      readUserBlock(value, at, seen, (said) => seen.say("user", said));
      return;
    }
    const block = only(value, at, "type", "tool_use_id", "content", "is_error", "cache_control");
    const id = text(block.tool_use_id, `${at}.tool_use_id`);
    if (!open.ids.delete(id))
      refuse(
        `${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`,
      );
    checkCache(block, at);
    const parts: string[] = [];
    if (typeof block.content === "string") parts.push(block.content);
    else
      asArray(block.content).forEach((part, position) => {
        readUserBlock(part, `${at}.content.${position}`, seen, (said) => parts.push(said));
      });
    seen.result({ id, text: parts.join("\n"), isError: block.is_error === true });
  });
  unanswered(open, path);
}

function readUserBlock(value: unknown, path: string, seen: SeenBuilder, say: (text: string) => void): void {
  const type = isObject(value) ? value.type : undefined;
  switch (type) {
    case "text": {
      const block = only(value, path, "type", "text", "cache_control");
      checkCache(block, path);
      say(sayable(block, path));
      return;
    }
    case "image": {
      const block = only(value, path, "type", "source", "cache_control");
      checkCache(block, path);
      seen.images.push(readSource(block.source, `${path}.source`, /^image\/(png|jpeg|gif|webp)$/));
      return;
    }
    case "document": {
      const block = only(value, path, "type", "source", "title", "context", "citations", "cache_control");
      checkCache(block, path);
      seen.documents.push(readSource(block.source, `${path}.source`, /^application\/pdf$/));
      return;
    }
    default:
      refuse(
        `${path}: Input tag '${type}' found using 'type' does not match any of the expected tags: 'document', 'image', 'text', 'tool_result'`,
      );
  }
}

function readSource(value: unknown, path: string, types: RegExp): string {
  const type = isObject(value) ? value.type : undefined;
  if (type === "url") {
    const url = text(only(value, path, "type", "url").url, `${path}.url`);
    return /^https?:\/\/\S+$/.test(url) ? url : refuse(`${path}.url: Only HTTPS URLs are supported.`);
  }
  const source = only(value, path, "type", "media_type", "data");
  const data = text(source.data, `${path}.data`);
  if (type === "text") return data;
  if (type !== "base64") refuse(`${path}: Input tag '${type}' does not match any of the expected tags`);
  const media = text(source.media_type, `${path}.media_type`);
  if (!types.test(media)) refuse(`${path}.base64.media_type: Input should match ${types.source}`);
  if (!isBase64(data)) refuse(`${path}.base64.data: Invalid base64 data`);
  return `data:${media};base64,${data}`;
}

function readAssistant(
  blocks: readonly unknown[],
  path: string,
  seen: SeenBuilder,
  open: OpenCalls,
  { last, betas }: { last: boolean; betas: Betas },
): void {
  unanswered(open, path);
  blocks.forEach((value, index) => {
    const at = `${path}.content.${index}`;
    const type = isObject(value) ? value.type : undefined;
    switch (type) {
      case "text": {
        const block = only(value, at, "type", "text", "cache_control", "citations");
        checkCache(block, at);
        const said = sayable(block, at);
        if (last && index === blocks.length - 1 && said !== said.trimEnd())
          refuse("messages: final assistant content cannot end with trailing whitespace");
        seen.say("assistant", said);
        return;
      }
      case "thinking":
        readThinking(only(value, at, "type", "thinking", "signature"), at, seen);
        return;
      case "tool_use":
        readCall(
          only(
            value,
            at,
            "type",
            "id",
            "name",
            "input",
            "cache_control",
            ...(betas.deferredTools ? ["caller"] : []),
          ),
          at,
          seen,
          open,
        );
        return;
      default:
        refuse(
          `${at}: Input tag '${type}' found using 'type' does not match any of the expected tags: 'redacted_thinking', 'text', 'thinking', 'tool_use'`,
        );
    }
  });
}

function readThinking(block: JsonObject, path: string, seen: SeenBuilder): void {
  const thought = text(block.thinking, `${path}.thinking`);
  const sealed = openSeal("signature", text(block.signature, `${path}.signature`));
  // Text that was left out by `display` comes back empty.
  if (sealed === undefined || (thought !== "" && thought !== sealed))
    refuse(`${path}: Invalid \`signature\` in \`thinking\` block`);
  seen.thinking.push(sealed ?? "");
}

function readCall(block: JsonObject, path: string, seen: SeenBuilder, open: OpenCalls): void {
  checkCache(block, path);
  const id = text(block.id, `${path}.tool_use.id`);
  if (!/^[a-zA-Z0-9_-]+$/.test(id))
    refuse(`${path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`);
  if (open.all.has(id)) refuse("messages: `tool_use` ids must be unique");
  if (!isObject(block.input)) refuse(`${path}.tool_use.input: Input should be a valid dictionary`);
  const name = text(block.name, `${path}.tool_use.name`);
  if (!/^[a-zA-Z0-9_-]{1,200}$/.test(name))
    refuse(`${path}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'`);
  open.ids.add(id);
  open.all.add(id);
  seen.calls.push({ id, name, input: JSON.stringify(block.input) });
  seen.answersResult = false;
}

/** With a thinking budget, the turn whose calls are being answered has to begin with its thinking. */
function checkLoopThinking(top: JsonObject, messages: readonly unknown[]): void {
  if (!isObject(top.thinking) || top.thinking.type !== "enabled") return;
  const last = messages.at(-1);
  const results =
    isObject(last) && asArray(last.content).some((block) => isObject(block) && block.type === "tool_result");
  if (!results) return;
  const before = messages.at(-2);
  const [first] = isObject(before) ? asArray(before.content) : [];
  if (isObject(first) && !/thinking$/.test(String(first.type)))
    refuse(
      `messages.${messages.length - 2}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.type}\`. When \`thinking\` is enabled, a final \`assistant\` message must start with a thinking block.`,
    );
}
