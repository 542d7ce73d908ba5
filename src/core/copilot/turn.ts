import {
  argumentsObject,
  CUSTOM_PARAMETERS,
  customAsFunction,
  customDescription,
} from "../conversation/arguments";
import type { DroppedReport } from "../conversation/dropped";
import { invalid } from "../conversation/invalid";
import { effortOf, fittingEffort } from "../conversation/reasoning";
import type {
  Block,
  ConversationRequest,
  Message,
  Reasoning,
  Tool,
  ToolChoice,
} from "../conversation/request";
import { forAnthropicTool } from "../conversation/schema";
import { fittingToolName } from "../conversation/toolNames";
import { asReminder, resultText, textOf } from "../conversation/turns";
import type { FactValues } from "../models/facts";
import type { Attachment, CopilotTurn, DeclaredTool, PastEvent, TurnInput } from "./contract";

/** The longest name of a tool that OpenAI's models take. */
export const MAX_TOOL_NAME = 64;

/**
 * A request as a session that goes on from its past. What the SDK has no word for is reported.
 * @throws PosternError invalid_request for a conversation that nobody could answer
 */
export function copilotTurn(
  model: string,
  request: ConversationRequest,
  known: FactValues | undefined,
  dropped: DroppedReport,
): CopilotTurn {
  reportUncarried(request, dropped);
  const { past, input } = conversationOf(request.messages, dropped);
  const effort = effortFor(request.reasoning, known, dropped);
  const format = request.responseFormat;
  if (format?.kind === "jsonObject") dropped.add("response_format");
  return {
    model,
    system: textOf(request.system, "\n\n"),
    past,
    input,
    tools: toolsOf(request.tools, request.toolChoice, dropped),
    ...(effort === undefined ? {} : { reasoningEffort: effort }),
    ...(format?.kind === "jsonSchema"
      ? {
          jsonSchema: {
            name: format.name ?? "answer",
            schema: format.schema,
            ...(format.strict === undefined ? {} : { strict: format.strict }),
          },
        }
      : {}),
  };
}

/** The SDK has no words for these: the runtime chooses them by the model. */
function reportUncarried(request: ConversationRequest, dropped: DroppedReport): void {
  const { sampling } = request;
  const given: Record<string, unknown> = {
    temperature: sampling.temperature,
    top_p: sampling.topP,
    top_k: sampling.topK,
    frequency_penalty: sampling.frequencyPenalty,
    presence_penalty: sampling.presencePenalty,
    seed: sampling.seed,
    logit_bias: sampling.logitBias,
    logprobs: sampling.topLogprobs,
    max_tokens: request.maxTokens,
    stop: request.stop.length > 0 ? request.stop : undefined,
    parallel_tool_calls: request.parallelToolCalls === false ? false : undefined,
    verbosity: request.verbosity,
    service_tier: request.serviceTier === "auto" ? undefined : request.serviceTier,
    metadata: request.metadata,
    prompt_cache_key: request.cacheKey,
    user: request.user,
    store: request.store === true ? true : undefined,
    web_search: request.webSearch,
  };
  for (const [name, value] of Object.entries(given)) if (value !== undefined) dropped.add(name);
}

function conversationOf(
  messages: readonly Message[],
  dropped: DroppedReport,
): { readonly past: PastEvent[]; readonly input: TurnInput } {
  const past: PastEvent[] = [];
  let input: TurnInput | undefined;
  let said: { texts: string[]; attachments: Attachment[] } | undefined;
  const close = (): void => {
    if (!said) return;
    const { texts, attachments } = said;
    past.push({
      type: "user.message",
      data: { content: texts.join("\n\n"), ...(attachments.length > 0 ? { attachments } : {}) },
    });
    said = undefined;
  };
  for (const message of messages) {
    if (message.role === "assistant") {
      close();
      past.push(...answered(message.blocks, dropped));
      continue;
    }
    for (const block of message.blocks) {
      if (block.kind !== "toolResult") continue;
      close();
      past.push(...resulted(block, dropped));
    }
    const text = textOf(message.blocks, "\n\n");
    const attachments = imagesOf(message.blocks, dropped);
    if (text === "" && attachments.length === 0) continue;
    said ??= { texts: [], attachments: [] };
    if (text !== "") said.texts.push(message.role === "system" ? asReminder(text) : text);
    said.attachments.push(...attachments);
  }
  if (said) input = { kind: "user", text: said.texts.join("\n\n"), attachments: said.attachments };
  else if (past.at(-1)?.type === "tool.execution_complete") input = { kind: "results" };
  if (!input) {
    throw invalid(
      "The conversation must end with a user's message or a tool's result: Copilot cannot continue an answer.",
    );
  }
  return { past, input };
}

function answered(blocks: readonly Block[], dropped: DroppedReport): PastEvent[] {
  const calls = blocks.flatMap((block) => (block.kind === "toolCall" ? [block] : []));
  if (blocks.some(({ kind }) => kind === "thinking")) dropped.add("thinking");
  const refusal = blocks.flatMap((block) => (block.kind === "refusal" ? [block.text] : []));
  const content = [textOf(blocks, "\n\n"), ...refusal].filter((text) => text !== "").join("\n\n");
  const requests = calls.map(({ id, name, argumentsText, custom }) => ({
    toolCallId: id,
    name: fittingToolName(name, MAX_TOOL_NAME),
    arguments: argumentsObject(custom ? customAsFunction(argumentsText) : argumentsText),
    type: "function",
  }));
  return [
    {
      type: "assistant.message",
      data: { content, ...(requests.length > 0 ? { toolRequests: requests } : {}) },
    },
    ...requests.map(
      ({ toolCallId, name, arguments: given }): PastEvent => ({
        type: "tool.execution_start",
        data: { toolCallId, toolName: name, arguments: given },
      }),
    ),
  ];
}

function resulted(block: Extract<Block, { kind: "toolResult" }>, dropped: DroppedReport): PastEvent[] {
  const images = imagesOf(block.blocks, dropped).map(({ data, mimeType }) => ({
    type: "image",
    data,
    mimeType,
  }));
  return [
    {
      type: "tool.execution_complete",
      data: {
        toolCallId: block.id,
        success: true,
        result: {
          content: resultText(block),
          ...(images.length > 0 ? { binaryResultsForLlm: images } : {}),
        },
      },
    },
  ];
}

/** Images as bytes; the SDK fetches none, and takes no other files. */
function imagesOf(blocks: readonly Block[], dropped: DroppedReport): Attachment[] {
  return blocks.flatMap((block): Attachment[] => {
    if (block.kind === "document") dropped.add("document");
    if (block.kind !== "image") return [];
    if (block.source.kind === "url") {
      dropped.add("image_url");
      return [];
    }
    if (block.detail !== undefined && block.detail !== "auto") dropped.add("image_url.detail");
    return [{ type: "blob", data: block.source.data, mimeType: block.source.mediaType }];
  });
}

function toolsOf(
  tools: readonly Tool[],
  choice: ToolChoice | undefined,
  dropped: DroppedReport,
): DeclaredTool[] {
  if (choice?.mode === "none") return [];
  if (choice?.mode === "required" || choice?.mode === "tool" || choice?.mode === "webSearch")
    dropped.add("tool_choice");
  const allowed = choice?.mode === "auto" || choice?.mode === "required" ? choice.allowed : undefined;
  return tools
    .filter(({ name }) => allowed === undefined || allowed.includes(name))
    .map((tool) => {
      const name = fittingToolName(tool.name, MAX_TOOL_NAME);
      if (tool.kind === "custom") {
        return {
          name,
          description: customDescription(tool.description, tool.format),
          parameters: CUSTOM_PARAMETERS,
        };
      }
      if (tool.strict === true) dropped.add("tools.strict");
      return {
        name,
        ...(tool.description === undefined ? {} : { description: tool.description }),
        // Without a word the runtime leaves out tools whose schema is no object at the top, and what stands beside one.
        parameters: forAnthropicTool(tool.schema, (keyword) => dropped.add(`schema.${keyword}`)),
      };
    });
}

/** Only what the model says that it takes: the SDK refuses others. */
function effortFor(
  reasoning: Reasoning | undefined,
  known: FactValues | undefined,
  dropped: DroppedReport,
): string | undefined {
  if (!reasoning) return undefined;
  const { enabled, effort, budgetTokens } = reasoning;
  const wanted = enabled
    ? (effort ?? (budgetTokens === undefined ? undefined : effortOf(budgetTokens)))
    : "none";
  if (wanted === undefined) return undefined;
  const taken = known?.efforts ?? [];
  if (taken.length === 0) {
    if (wanted !== "none") dropped.add("reasoning_effort");
    return undefined;
  }
  return fittingEffort(wanted, taken, dropped);
}
