import type { DroppedReport } from "../../conversation/dropped";
import { limitedTokens } from "../../conversation/limits";
import type { Destination } from "../../conversation/quirks";
import type { ConversationRequest } from "../../conversation/request";
import { forAnthropicFormat } from "../../conversation/schema";
import { type JsonObject, type MutableJson, optional } from "../../json/access";
import { encodeUserBlock } from "./blocks";
import { encodeThinking } from "./encodeThinking";
import { encodeTooling } from "./encodeTools";
import { encodeTurns } from "./encodeTurns";

/** A request for a provider of Messages. */
export function encodeMessagesRequest(
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject {
  const { quirks, model } = destination;
  const messages = encodeTurns(request, destination, dropped);
  const format = request.responseFormat;
  if (format?.kind === "jsonObject") dropped.add("response_format");
  const structured = format?.kind === "jsonSchema" ? format : undefined;
  const byTool = quirks.structuredOutput === "tool" ? structured : undefined;
  const { tools, choice, forced } = encodeTooling(request, destination, byTool, dropped);
  const wanted = limitedTokens(request.maxTokens, quirks.maxOutput, dropped);
  const maxTokens = Math.max(1, Math.floor(wanted ?? quirks.defaultMaxTokens));
  const { thinking, effort } = encodeThinking(request, destination, { maxTokens, forced, messages, dropped });
  const body: MutableJson = { model, max_tokens: maxTokens };
  const system = request.system.flatMap(encodeUserBlock);
  if (system.length > 0) body.system = system;
  body.messages = messages;
  if (tools.length > 0) body.tools = tools;
  if (choice) body.tool_choice = choice;
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
  const thinks = thinking !== undefined && thinking.type !== "disabled";
  encodeSampling(request, destination, thinks, body, dropped);
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
    request.messages.some((message) =>
      message.blocks.some(
        (block) => marked(block) || (block.kind === "toolResult" && block.blocks.some(marked)),
      ),
    )
  );
}
