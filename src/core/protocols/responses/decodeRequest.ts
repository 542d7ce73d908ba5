import type { DroppedReport } from "../../conversation/dropped";
import { invalid } from "../../conversation/invalid";
import { leftovers } from "../../conversation/leftovers";
import { readEffort } from "../../conversation/reasoning";
import type { ConversationRequest, Reasoning, ResponseFormat } from "../../conversation/request";
import { isWebSearch, readWebSearch } from "../../conversation/webSearch";
import { PosternError } from "../../errors";
import {
  asArray,
  asBoolean,
  asNumber,
  asObject,
  isObject,
  type JsonObject,
  nonEmpty,
  optional,
} from "../../json/access";
import { decodeInput } from "./inputItems";
import { decodeResponsesToolChoice, decodeResponsesTools } from "./tools";

/** Fields with a meaning of their own; every other one is reported. */
const KNOWN = [
  "model",
  "input",
  "instructions",
  "tools",
  "tool_choice",
  "parallel_tool_calls",
  "max_output_tokens",
  "temperature",
  "top_p",
  "top_logprobs",
  "reasoning",
  "text",
  "include",
  "stream",
  "stream_options",
  "user",
  "safety_identifier",
  "prompt_cache_key",
  "service_tier",
  "store",
  "metadata",
  "previous_response_id",
  "conversation",
  "prompt",
];

/** https://platform.openai.com/docs/api-reference/responses/create */
export function decodeResponsesRequest(body: JsonObject, dropped: DroppedReport): ConversationRequest {
  refuseStoredState(body);
  const input = asArray(body.input);
  const added = input.filter(isObject).filter((item) => item.type === "additional_tools");
  const declared = [...asArray(body.tools), ...added.flatMap((item) => asArray(item.tools))];
  const tools = decodeResponsesTools(declared, dropped);
  const search = declared.map(asObject).find((tool) => isWebSearch(tool.type));
  const { system, messages } = decodeInput(body, tools, dropped);
  const include = asArray(body.include);
  const logprobs = include.includes("message.output_text.logprobs");
  if (!logprobs && asNumber(body.top_logprobs)) dropped.add("top_logprobs");
  const handled = ["message.output_text.logprobs", "reasoning.encrypted_content"];
  for (const name of include) {
    if (typeof name === "string" && !handled.includes(name)) dropped.add(`include.${name}`);
  }
  const format = decodeFormat(asObject(body.text).format, dropped);
  return {
    system,
    messages,
    tools,
    ...(search ? { webSearch: readWebSearch(String(search.type), search, dropped) } : {}),
    ...optional("toolChoice", decodeResponsesToolChoice(body.tool_choice, tools, dropped)),
    ...optional("parallelToolCalls", asBoolean(body.parallel_tool_calls)),
    ...optional("maxTokens", asNumber(body.max_output_tokens)),
    stop: [],
    sampling: {
      ...optional("temperature", asNumber(body.temperature)),
      ...optional("topP", asNumber(body.top_p)),
      ...(logprobs ? { topLogprobs: asNumber(body.top_logprobs) ?? 0 } : {}),
    },
    ...optional("reasoning", decodeReasoning(body.reasoning, dropped)),
    ...optional("responseFormat", format),
    ...optional("verbosity", nonEmpty(asObject(body.text).verbosity)),
    stream: body.stream === true,
    includeUsage: true,
    ...optional("user", nonEmpty(body.safety_identifier) ?? nonEmpty(body.user)),
    ...optional("cacheKey", nonEmpty(body.prompt_cache_key)),
    ...optional("serviceTier", nonEmpty(body.service_tier)),
    ...optional("store", asBoolean(body.store)),
    ...(isObject(body.metadata) && Object.keys(body.metadata).length > 0 ? { metadata: body.metadata } : {}),
    native: { protocol: "responses", fields: leftovers(body, KNOWN) },
  };
}

/** What another provider keeps cannot be had here. To go on without it would be another conversation. */
function refuseStoredState(body: JsonObject): void {
  if (nonEmpty(body.previous_response_id)) {
    throw new PosternError(
      "previous_response_not_found",
      "previous_response_id: this provider keeps no responses. Send the whole conversation in input.",
    );
  }
  for (const key of ["conversation", "prompt"]) {
    if (body[key] !== undefined && body[key] !== null) {
      throw invalid(`${key}: this provider keeps none. Send the whole conversation in input.`);
    }
  }
}

function decodeReasoning(value: unknown, dropped: DroppedReport): Reasoning | undefined {
  if (!isObject(value)) return undefined;
  for (const [key, setting] of Object.entries(value)) {
    const known = key === "effort" || key === "summary" || key === "generate_summary";
    if (!known && setting !== null) dropped.add(`reasoning.${key}`);
  }
  const effort = readEffort(value.effort, "reasoning.effort", dropped);
  const visible = nonEmpty(value.summary) ?? nonEmpty(value.generate_summary);
  if (effort === undefined && visible === undefined) return undefined;
  return {
    enabled: effort !== "none",
    ...optional("effort", effort),
    visible: visible !== undefined,
  };
}

function decodeFormat(value: unknown, dropped: DroppedReport): ResponseFormat | undefined {
  const { type, schema, name, description, strict } = asObject(value);
  if (type === "json_object") return { kind: "jsonObject" };
  if (type !== "json_schema" && type !== "text" && isObject(value)) dropped.add("text.format");
  if (type !== "json_schema") return undefined;
  return {
    kind: "jsonSchema",
    schema: asObject(schema),
    ...optional("name", nonEmpty(name)),
    ...optional("description", nonEmpty(description)),
    ...optional("strict", asBoolean(strict)),
  };
}
