import { customAsFunction } from "../../conversation/arguments";
import type { DroppedReport } from "../../conversation/dropped";
import { limitedTokens } from "../../conversation/limits";
import type { Destination } from "../../conversation/quirks";
import { sealFits } from "../../conversation/quirks";
import { effortOf, fittingEffort } from "../../conversation/reasoning";
import type {
  Block,
  ConversationRequest,
  DocumentBlock,
  ImageBlock,
  Message,
  TextBlock,
  ToolCallBlock,
} from "../../conversation/request";
import { isStrictSchema } from "../../conversation/schema";
import { fittingToolId } from "../../conversation/toolIds";
import { fittingToolName } from "../../conversation/toolNames";
import { asReminder, currentLoopStart, GO_ON, isResults, resultText, textOf } from "../../conversation/turns";
import { asArray, isObject, type JsonObject, type MutableJson } from "../../json/access";
import { encodeContent } from "./parts";
import { adapted, encodeChatToolChoice, encodeChatTools } from "./tools";

/** A request for a provider of Chat Completions. */
export function encodeChatRequest(
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject {
  const { quirks, model } = destination;
  const { tools, sampling } = request;
  const body: MutableJson = { model, messages: encodeMessages(request, destination, dropped) };
  const set = (key: string, value: unknown): void => {
    if (value !== undefined) body[key] = value;
  };
  const extra = (key: string, value: unknown): void => {
    if (value === undefined) return;
    if (quirks.openAiExtras) body[key] = value;
    else dropped.add(key);
  };
  const sample = (key: string, value: unknown): void => {
    if (value === undefined) return;
    if (quirks.sampling) body[key] = value;
    else if (!((key === "temperature" || key === "top_p") && value === 1)) dropped.add(key);
  };
  if (tools.length > 0) {
    set("tools", encodeChatTools(tools, quirks, dropped));
    set("tool_choice", encodeChatToolChoice(request.toolChoice, tools, quirks));
    if (quirks.parallelToolCalls) set("parallel_tool_calls", request.parallelToolCalls);
    else if (request.parallelToolCalls === false) dropped.add("parallel_tool_calls");
  } else if (request.toolChoice?.mode === "required") dropped.add("tool_choice");
  // Only models made for it search here, and they do so unasked.
  if (request.webSearch) dropped.add(`tools.${request.webSearch.type}`);
  if (request.toolChoice?.mode === "webSearch") dropped.add("tool_choice");
  set(quirks.maxTokensField, limitedTokens(request.maxTokens, quirks.maxOutput, dropped));
  sample("temperature", sampling.temperature);
  sample("top_p", sampling.topP);
  sample("frequency_penalty", sampling.frequencyPenalty);
  sample("presence_penalty", sampling.presencePenalty);
  set("seed", sampling.seed);
  sample("logit_bias", sampling.logitBias);
  if (sampling.topLogprobs !== undefined) {
    const probable = (key: string, value: unknown): void =>
      quirks.logprobs ? sample(key, value) : dropped.add(key);
    probable("logprobs", true);
    if (sampling.topLogprobs > 0) probable("top_logprobs", sampling.topLogprobs);
  }
  if (sampling.topK !== undefined) dropped.add("top_k");
  if (request.stop.length > 0) {
    // https://platform.openai.com/docs/api-reference/chat/create: up to four.
    if (request.stop.length > 4) dropped.add("stop_sequences");
    sample("stop", request.stop.slice(0, 4));
  }
  set("reasoning_effort", encodeEffort(request, destination, dropped));
  set("response_format", encodeFormat(request, destination, dropped));
  if (quirks.verbosity || request.verbosity === "medium") extra("verbosity", request.verbosity);
  else if (request.verbosity !== undefined) dropped.add("verbosity");
  extra("user", request.user);
  // A hint of ours, not a wish of the client's, where it does not come from an OpenAI client.
  if (quirks.openAiExtras) set("prompt_cache_key", request.cacheKey);
  extra("service_tier", request.serviceTier);
  if (request.store === true) extra("store", true);
  // OpenAI takes metadata only with what it stores.
  if (request.metadata && request.store === true) extra("metadata", request.metadata);
  else if (request.metadata) dropped.add("metadata");
  if (request.stream) {
    body.stream = true;
    // For metering; the client sees the usage only if it asked.
    if (quirks.usageOption) body.stream_options = { include_usage: true };
  }
  return body;
}

function encodeEffort(
  { reasoning }: ConversationRequest,
  { quirks }: Destination,
  dropped: DroppedReport,
): string | undefined {
  if (!reasoning) return undefined;
  if (quirks.reasoning === "none") {
    if (reasoning.enabled) dropped.add("reasoning");
    return undefined;
  }
  if (reasoning.effort !== undefined) return fittingEffort(reasoning.effort, quirks.efforts, dropped);
  if (!reasoning.enabled) {
    // Models that do not reason, or not by default, are the rule; there is no word for it that all servers take.
    if (!quirks.reasons) return undefined;
    if (quirks.efforts.includes("none")) return "none";
    dropped.add("thinking.disabled");
    return undefined;
  }
  if (reasoning.budgetTokens === undefined) return undefined;
  return fittingEffort(effortOf(reasoning.budgetTokens), quirks.efforts, dropped);
}

function encodeFormat(
  { responseFormat: format }: ConversationRequest,
  { quirks }: Destination,
  dropped: DroppedReport,
): JsonObject | undefined {
  if (!format) return undefined;
  if (format.kind === "jsonObject") return { type: "json_object" };
  const strict = format.strict !== false && isStrictSchema(format.schema);
  if (format.strict === true && !strict) dropped.add("response_format.strict");
  return {
    type: "json_schema",
    json_schema: {
      name: fittingToolName(format.name ?? "response", 64),
      ...(format.description === undefined ? {} : { description: format.description }),
      schema: adapted(format.schema, quirks, dropped),
      ...(strict ? { strict } : {}),
    },
  };
}

function encodeMessages(
  request: ConversationRequest,
  destination: Destination,
  dropped: DroppedReport,
): JsonObject[] {
  const { quirks } = destination;
  const out: JsonObject[] = [];
  if (request.system.length > 0) {
    const marked = quirks.cacheMarks && request.system.some((block) => block.cache);
    const content = marked ? encodeContent(request.system, true) : textOf(request.system, "\n\n");
    if (content !== "") out.push({ role: "system", content });
  }
  const loop = currentLoopStart(request.messages);
  request.messages.forEach((message, index) => {
    if (isResults(message)) for (const result of encodeResults(message, destination)) out.push(result);
    else if (message.role === "assistant") {
      const encoded = encodeAssistant(message, destination, index >= loop, dropped);
      if (encoded) out.push(encoded);
    } else if (message.role === "system") {
      for (const block of message.blocks) if (block.kind !== "text") dropped.add(`content.${block.kind}`);
      const text = textOf(message.blocks, "\n\n");
      if (text === "") return;
      out.push(
        quirks.systemAnywhere
          ? { role: "system", content: text }
          : { role: "user", content: asReminder(text) },
      );
    } else {
      const content = encodeContent(message.blocks.filter(isUserBlock), quirks.cacheMarks);
      if (content !== "" && content.length > 0) out.push({ role: "user", content });
    }
  });
  if (out.at(-1)?.role === "assistant" && !quirks.prefill) out.push({ role: "user", content: GO_ON });
  return quirks.userAfterTool
    ? out
    : out.flatMap((message, at) => {
        const spoken = message.role === "user" && out[at - 1]?.role === "tool";
        return spoken ? [{ role: "assistant", content: AFTER_TOOL }, message] : [message];
      });
}

/** What a model is taken to have said between a tool and a user, where it must have said something. */
const AFTER_TOOL = "(continued)";

function isUserBlock(block: Block): block is TextBlock | ImageBlock | DocumentBlock {
  return block.kind === "text" || block.kind === "image" || block.kind === "document";
}

/**
 * Tool messages hold text alone, and must follow the calls without anything between them: what else a result has
 * comes in a user message behind the last of them.
 */
function encodeResults(message: Message, { quirks }: Destination): JsonObject[] {
  const media: (ImageBlock | DocumentBlock)[] = [];
  const out = message.blocks.flatMap((block): JsonObject[] => {
    if (block.kind !== "toolResult") return [];
    const more = block.blocks.filter((inner) => inner.kind !== "text");
    for (const inner of more) media.push(inner);
    const text = resultText(block);
    const note =
      more.length > 0
        ? `${text}${text === "" ? "" : "\n"}[What the tool returned besides text is in the next user message.]`
        : text;
    const cache = block.cache ?? block.blocks.findLast((inner) => inner.cache)?.cache;
    const content =
      cache && quirks.cacheMarks ? encodeContent([{ kind: "text", text: note, cache }], true) : note;
    return [{ role: "tool", tool_call_id: fittingToolId(block.id, quirks.toolId), content }];
  });
  if (media.length > 0) out.push({ role: "user", content: encodeContent(media, false) });
  return out;
}

function encodeAssistant(
  message: Message,
  destination: Destination,
  inLoop: boolean,
  dropped: DroppedReport,
): JsonObject | undefined {
  const text = textOf(message.blocks, "");
  const refusal = message.blocks.map((block) => (block.kind === "refusal" ? block.text : "")).join("");
  const calls = message.blocks.filter((block) => block.kind === "toolCall");
  const body: MutableJson = { role: "assistant" };
  const marked = destination.quirks.cacheMarks ? markedTexts(message) : undefined;
  // A call alone has nowhere to put its mark.
  if (destination.quirks.cacheMarks && !marked && calls.some((call) => call.cache))
    dropped.add("cache_control");
  if (marked) body.content = encodeContent(marked, true);
  else if (text !== "" || (calls.length === 0 && refusal === "")) body.content = text;
  else body.content = null;
  if (refusal !== "") body.refusal = refusal;
  const { reasoning, extras } = reasoningBack(message, destination, inLoop, dropped);
  Object.assign(body, reasoning);
  if (calls.length > 0)
    body.tool_calls = calls.map((call) => encodeCall(call, destination, extras.get(call.id)));
  for (const block of message.blocks)
    if (block.kind === "image" || block.kind === "document") dropped.add(`content.${block.kind}`);
  const empty = text === "" && refusal === "" && calls.length === 0;
  return empty ? undefined : body;
}

/** An assistant's texts with their cache marks, if there are any; a call has no place for one, the text before it has. */
function markedTexts({ blocks }: Message): TextBlock[] | undefined {
  const texts: TextBlock[] = [];
  for (const block of blocks) {
    const last = texts.at(-1);
    if (block.kind === "text" && block.text !== "") texts.push(block);
    else if (block.kind === "toolCall" && block.cache && last)
      texts[texts.length - 1] = { ...last, cache: block.cache };
  }
  return texts.some((block) => block.cache) ? texts : undefined;
}

function encodeCall(call: ToolCallBlock, { quirks }: Destination, extra: unknown): JsonObject {
  const id = fittingToolId(call.id, quirks.toolId);
  const name = fittingToolName(call.name, 64);
  const back = extra === undefined ? {} : { extra_content: extra };
  if (call.custom && quirks.customTools) {
    return { id, type: "custom", custom: { name, input: call.argumentsText }, ...back };
  }
  const text = call.custom ? customAsFunction(call.argumentsText) : call.argumentsText;
  return { id, type: "function", function: { name, arguments: text.trim() === "" ? "{}" : text }, ...back };
}

/**
 * Reasoning that this provider itself issued: what it wants back for the tool calls it is in the midst of (DeepSeek's
 * and Kimi's `reasoning_content`, OpenRouter's details, Gemini's thought signatures). Of turns that are over, and of
 * anybody else, none of it is taken.
 */
function reasoningBack(message: Message, destination: Destination, inLoop: boolean, dropped: DroppedReport) {
  const reasoning: MutableJson = {};
  const extras = new Map<string, unknown>();
  for (const block of message.blocks) {
    if (block.kind !== "thinking") continue;
    const value = sealFits(block.seal, destination, "chat") ? block.seal?.value : undefined;
    if (!value) {
      dropped.add("thinking");
      continue;
    }
    if (typeof value.call === "string") extras.set(value.call, value.extra_content);
    // Copilot's is of no use without a part that only Copilot's own clients keep.
    if (value.field === "reasoning_text") dropped.add("thinking");
    if (value.field === "reasoning_text" || !inLoop || !destination.quirks.reasoningBack) continue;
    const details = asArray(value.details).filter(isObject);
    // A turn may have them before its text and again before a call; the provider wants them all.
    if (details.length > 0)
      reasoning.reasoning_details = [...asArray(reasoning.reasoning_details), ...details];
    const field = value.field === "reasoning" ? "reasoning" : "reasoning_content";
    if (block.text !== "")
      reasoning[field] = `${typeof reasoning[field] === "string" ? reasoning[field] : ""}${block.text}`;
  }
  return { reasoning, extras };
}
