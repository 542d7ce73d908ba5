import { customAsFunction } from "../../conversation/arguments";
import type { DroppedReport } from "../../conversation/dropped";
import { limitedTokens } from "../../conversation/limits";
import { type Destination, sealFits } from "../../conversation/quirks";
import { effortOf, fittingEffort } from "../../conversation/reasoning";
import type {
  Block,
  ConversationRequest,
  Message,
  ToolCallBlock,
  ToolResultBlock,
} from "../../conversation/request";
import { forGemini, isStrictSchema } from "../../conversation/schema";
import { fittingToolId } from "../../conversation/toolIds";
import { fittingToolName } from "../../conversation/toolNames";
import { resultText, textOf } from "../../conversation/turns";
import { asString, type JsonObject, type MutableJson, optional } from "../../json/access";
import { shortHash } from "../../text/encode";
import { encodePart } from "./parts";
import { encodeResponsesToolChoice, encodeResponsesTools, encodeWebSearch } from "./tools";

/** Responses takes no smaller limit. */
const MIN_OUTPUT_TOKENS = 16;

/** A request for a provider of Responses. The whole conversation goes along, and nothing is kept there. */
export function encodeResponsesRequest(
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject {
  const { quirks, model } = destination;
  const { tools, sampling } = request;
  const body: MutableJson = { model };
  const set = (key: string, value: unknown): void => {
    if (value !== undefined) body[key] = value;
  };
  const sample = (key: string, value: unknown): void => {
    if (value === undefined) return;
    if (quirks.sampling) body[key] = value;
    else if (value !== 1) dropped.add(key);
  };
  const input = encodeInput(request, destination, dropped);
  const instructions = textOf(request.system, "\n\n");
  if (input.length > 0) set("instructions", instructions === "" ? undefined : instructions);
  // An instruction alone is an input; an empty input is an error.
  else if (instructions !== "")
    input.push({ type: "message", role: "developer", content: [{ type: "input_text", text: instructions }] });
  body.input = input;
  const declared = [
    ...encodeResponsesTools(tools, quirks, dropped),
    ...encodeWebSearch(request, quirks, dropped),
  ];
  if (request.toolChoice?.mode === "webSearch" && !quirks.webSearch) dropped.add("tool_choice");
  if (declared.length > 0) {
    set("tools", declared);
    set("tool_choice", encodeResponsesToolChoice(request.toolChoice, tools, quirks));
    set("parallel_tool_calls", request.parallelToolCalls);
  } else if (request.toolChoice?.mode === "required") dropped.add("tool_choice");
  const maxTokens = limitedTokens(request.maxTokens, quirks.maxOutput, dropped);
  if (maxTokens !== undefined) body.max_output_tokens = Math.max(MIN_OUTPUT_TOKENS, maxTokens);
  sample("temperature", sampling.temperature);
  sample("top_p", sampling.topP);
  if (request.stop.length > 0) dropped.add("stop");
  for (const [key, name] of Object.entries(ELSEWHERE)) {
    if (sampling[key as keyof typeof sampling] !== undefined) dropped.add(name);
  }
  const include: string[] = [];
  if (sampling.topLogprobs !== undefined) {
    include.push("message.output_text.logprobs");
    if (sampling.topLogprobs > 0) sample("top_logprobs", sampling.topLogprobs);
  }
  const reasoning = encodeReasoning(request, destination, dropped);
  set("reasoning", reasoning);
  // Only models that reason take the wish; it is what lets their reasoning go on after a tool call.
  if (quirks.reasoning !== "none" && (quirks.reasons || request.reasoning?.enabled)) {
    include.push("reasoning.encrypted_content");
  }
  if (include.length > 0) body.include = include;
  const verbosity = quirks.verbosity || request.verbosity === "medium" ? request.verbosity : undefined;
  if (verbosity !== request.verbosity) dropped.add("verbosity");
  const text = {
    ...optional("format", encodeFormat(request, destination, dropped)),
    ...optional("verbosity", verbosity),
  };
  if (Object.keys(text).length > 0) body.text = text;
  set("user", request.user);
  set("prompt_cache_key", request.cacheKey);
  set("service_tier", request.serviceTier);
  set("metadata", request.metadata);
  body.store = request.store ?? false;
  if (request.stream) body.stream = true;
  return body;
}

/** Sampling parameters that Responses does not have, under the names clients know. */
const ELSEWHERE = {
  topK: "top_k",
  seed: "seed",
  frequencyPenalty: "frequency_penalty",
  presencePenalty: "presence_penalty",
  logitBias: "logit_bias",
} as const;

function encodeReasoning(
  { reasoning }: ConversationRequest,
  { quirks }: Destination,
  dropped: DroppedReport,
): JsonObject | undefined {
  if (!reasoning) return undefined;
  if (quirks.reasoning === "none") {
    if (reasoning.enabled) dropped.add("reasoning");
    return undefined;
  }
  if (!reasoning.enabled && reasoning.effort === undefined) {
    if (!quirks.reasons) return undefined;
    if (quirks.efforts.includes("none")) return { effort: "none" };
    dropped.add("thinking.disabled");
    return undefined;
  }
  const fromBudget = reasoning.budgetTokens === undefined ? undefined : effortOf(reasoning.budgetTokens);
  const wanted = reasoning.effort ?? fromBudget;
  const effort = wanted === undefined ? undefined : fittingEffort(wanted, quirks.efforts, dropped);
  return {
    ...optional("effort", effort),
    ...(reasoning.visible && reasoning.enabled ? { summary: "auto" } : {}),
  };
}

function encodeFormat(
  { responseFormat: format }: ConversationRequest,
  { quirks }: Destination,
  dropped: DroppedReport,
): JsonObject | undefined {
  if (!format) return undefined;
  if (format.kind === "jsonObject") return { type: "json_object" };
  const strict = format.strict !== false && isStrictSchema(format.schema);
  if (format.strict === true && !strict) dropped.add("text.format.strict");
  return {
    type: "json_schema",
    name: fittingToolName(format.name ?? "response", 64),
    ...optional("description", format.description),
    schema:
      quirks.schema === "full"
        ? format.schema
        : forGemini(format.schema, (keyword) => dropped.add(`schema.${keyword}`)),
    strict,
  };
}

function encodeInput(
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject[] {
  const calls = request.messages
    .flatMap((message) => message.blocks)
    .filter((block) => block.kind === "toolCall");
  const custom = new Set(calls.filter((call) => call.custom).map((call) => call.id));
  return request.messages.flatMap((message) => {
    if (message.role === "assistant") return encodeAssistant(message, destination, dropped);
    return encodeOther(message, custom, destination);
  });
}

function encodeOther(message: Message, custom: ReadonlySet<string>, destination: Destination): JsonObject[] {
  const results = message.blocks.flatMap((block) =>
    block.kind === "toolResult" ? [encodeResult(block, custom.has(block.id), destination)] : [],
  );
  const content = message.blocks.flatMap((block) =>
    block.kind === "text" || block.kind === "image" || block.kind === "document" ? [encodePart(block)] : [],
  );
  const role = message.role === "system" ? "developer" : "user";
  return content.length === 0 ? results : [...results, { type: "message", role, content }];
}

function encodeResult(result: ToolResultBlock, custom: boolean, { quirks }: Destination): JsonObject {
  const text = resultText(result);
  const media = result.blocks.filter((block) => block.kind !== "text");
  const parts = [...(text === "" ? [] : [{ type: "input_text", text }]), ...media.map(encodePart)];
  return {
    type: custom && quirks.customTools ? "custom_tool_call_output" : "function_call_output",
    call_id: fittingToolId(result.id, quirks.toolId),
    output: media.length === 0 ? text : parts,
  };
}

function encodeAssistant(message: Message, destination: Destination, dropped: DroppedReport): JsonObject[] {
  const out: JsonObject[] = [];
  let said: JsonObject[] = [];
  const flush = (): void => {
    if (said.length > 0) out.push({ type: "message", role: "assistant", content: said });
    said = [];
  };
  message.blocks.forEach((block, index) => {
    if (block.kind === "text") {
      if (block.text !== "") said.push({ type: "output_text", text: block.text });
    } else if (block.kind === "refusal") said.push({ type: "refusal", refusal: block.text });
    else if (block.kind === "toolCall") {
      flush();
      out.push(encodeCall(block, destination));
    } else if (block.kind === "thinking") {
      flush();
      const followed = message.blocks.slice(index + 1).some(isOutput);
      const item = followed ? encodeThinking(block, destination) : undefined;
      if (item) out.push(item);
      else dropped.add("thinking");
    } else if (block.kind !== "toolResult") dropped.add(`content.${block.kind}`);
  });
  flush();
  return out;
}

/** OpenAI refuses reasoning that nothing follows. */
function isOutput(block: Block): boolean {
  return (
    block.kind === "toolCall" || ((block.kind === "text" || block.kind === "refusal") && block.text !== "")
  );
}

function encodeThinking(
  block: Extract<Block, { kind: "thinking" }>,
  destination: Destination,
): JsonObject | undefined {
  const value = sealFits(block.seal, destination, "responses") ? block.seal?.value : undefined;
  const encrypted = asString(value?.encrypted_content);
  if (!encrypted) return undefined;
  return {
    type: "reasoning",
    id: asString(value?.id) ?? `rs_${shortHash(encrypted)}`,
    summary: block.text === "" ? [] : [{ type: "summary_text", text: block.text }],
    encrypted_content: encrypted,
  };
}

function encodeCall(call: ToolCallBlock, { quirks }: Destination): JsonObject {
  const base = { call_id: fittingToolId(call.id, quirks.toolId), name: fittingToolName(call.name, 64) };
  if (call.custom && quirks.customTools)
    return { type: "custom_tool_call", ...base, input: call.argumentsText };
  const text = call.custom ? customAsFunction(call.argumentsText) : call.argumentsText;
  return { type: "function_call", ...base, arguments: text.trim() === "" ? "{}" : text };
}
