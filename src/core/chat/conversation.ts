import type {
  Block,
  CacheMark,
  ConversationRequest,
  ImageBlock,
  TextBlock,
  ThinkingBlock,
  ToolResultBlock,
} from "../conversation/request";
import { TurnBuilder } from "../conversation/turns";
import { isObject } from "../json/access";
import { base64OfBytes } from "../text/encode";
import type { ChatAsk, ChatMessage, ChatPart, ChatToolResult } from "./parts";
import { promptTsxText } from "./promptTsx";
import { requestOptions } from "./requestOptions";
import { keptThinking, sealKey } from "./thinking";

/** A request in the neutral form, and what of VS Code's could not be put into it. */
export interface ChatConversation {
  readonly request: ConversationRequest;
  readonly notCarried: readonly string[];
}

/** Bookkeeping of VS Code's own Chat for itself: nothing that a model is to read. */
const VSCODE_OWN = new Set(["stateful_marker", "thinking", "context_management", "phase_data", "usage"]);
const CACHE_CONTROL = "cache_control";
const IMAGE = /^image\/(png|jpe?g|gif|webp|bmp)$/i;
const TEXTUAL = /^(text\/|application\/(json|xml|x-yaml|yaml|javascript|typescript)\b)|\+(json|xml)$/i;

/**
 * VS Code's messages as a conversation.
 * @throws PosternError invalid_request for a tool's result that belongs to no call
 */
export function conversationOf(ask: ChatAsk): ChatConversation {
  const notCarried: string[] = [];
  const turns = new TurnBuilder(true);
  const system: TextBlock[] = [];
  let begun = false;
  for (const message of ask.messages) {
    const blocks = blocksOf(message, notCarried);
    if (message.role === "system") {
      const texts = blocks.filter((block) => block.kind === "text");
      // Only instructions before everything else are the request's own.
      if (begun) turns.system(texts);
      else system.push(...texts);
      continue;
    }
    begun = true;
    if (message.role === "assistant") turns.assistant(thinkingFirst(blocks));
    else {
      for (const block of blocks) if (block.kind === "toolResult") turns.result(block);
      turns.user(blocks.filter((block) => block.kind !== "toolResult"));
    }
  }
  const options = requestOptions(ask, notCarried);
  return {
    request: {
      system,
      messages: turns.build(),
      tools: ask.tools.map(({ name, description, inputSchema }) => ({
        kind: "function",
        name,
        description,
        ...(inputSchema && isObject(inputSchema) ? { schema: inputSchema } : {}),
      })),
      ...(ask.toolRequired && ask.tools.length > 0 ? { toolChoice: { mode: "required" as const } } : {}),
      ...options,
      stream: true,
      includeUsage: true,
      native: { protocol: "chat", fields: {} },
    },
    notCarried: [...new Set(notCarried)],
  };
}

function blocksOf({ role, parts }: ChatMessage, notCarried: string[]): Block[] {
  const out: Block[] = [];
  const seen = new Set<string>();
  for (const part of parts) {
    switch (part.kind) {
      case "thinking":
        for (const block of keptThinking(part.text, part.metadata)) if (isNew(block, seen)) out.push(block);
        break;
      case "toolCall": {
        const argumentsText = JSON.stringify(part.input ?? {});
        out.push({ kind: "toolCall", id: part.id, name: part.name, argumentsText, custom: false });
        break;
      }
      case "toolResult":
        if (role === "user") out.push(resultOf(part, notCarried));
        else notCarried.push("tool result of an assistant");
        break;
      default:
        if (isCacheMark(part)) mark(out);
        else out.push(...contentOf(part, notCarried));
    }
  }
  return out;
}

/** The parts of one answer repeat what ended before them. */
function isNew(block: ThinkingBlock, seen: Set<string>): boolean {
  const key = sealKey(block);
  if (key === undefined) return true;
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

/**
 * Joined by VS Code's Chat, the thinking of an answer may stand behind its text. Models begin with it, and Anthropic
 * wants it back where it was.
 */
function thinkingFirst(blocks: readonly Block[]): readonly Block[] {
  const first = blocks.findIndex(({ kind }) => kind === "thinking");
  if (first <= 0) return blocks;
  const isThinking = ({ kind }: Block): boolean => kind === "thinking";
  return [...blocks.filter(isThinking), ...blocks.filter((block) => !isThinking(block))];
}

function resultOf({ id, parts, isError }: ChatToolResult, notCarried: string[]): ToolResultBlock {
  const marked = parts.some(isCacheMark);
  return {
    kind: "toolResult",
    id,
    blocks: parts.flatMap((part) => (isCacheMark(part) ? [] : contentOf(part, notCarried))),
    isError,
    ...(marked ? { cache: EPHEMERAL } : {}),
  };
}

/** What a model reads of a part: text and images. */
function contentOf(part: ChatPart, notCarried: string[]): (TextBlock | ImageBlock | DocumentPart)[] {
  switch (part.kind) {
    case "text":
      return part.text === "" ? [] : [{ kind: "text", text: part.text }];
    case "promptTsx": {
      const text = promptTsxText(part.value);
      return text === "" ? [] : [{ kind: "text", text }];
    }
    case "data":
      return dataOf(part, notCarried);
    default:
      notCarried.push(part.kind === "unknown" ? "a part of an unknown kind" : part.kind);
      return [];
  }
}

type DocumentPart = Extract<Block, { kind: "document" }>;

function dataOf(
  { mimeType, data }: Extract<ChatPart, { kind: "data" }>,
  notCarried: string[],
): (TextBlock | ImageBlock | DocumentPart)[] {
  if (VSCODE_OWN.has(mimeType)) return [];
  if (IMAGE.test(mimeType)) {
    const mediaType = mimeType.toLowerCase();
    return [{ kind: "image", source: { kind: "base64", mediaType, data: base64OfBytes(data) } }];
  }
  if (mimeType === "application/pdf") {
    return [{ kind: "document", source: { kind: "base64", mediaType: mimeType, data: base64OfBytes(data) } }];
  }
  if (TEXTUAL.test(mimeType)) {
    const text = new TextDecoder().decode(data);
    return text === "" ? [] : [{ kind: "text", text }];
  }
  notCarried.push(mimeType);
  // The model is told, too: an answer about something it never saw would be worse.
  return [
    { kind: "text", text: `[Something of type ${mimeType.slice(0, 60)} stood here, which cannot be sent.]` },
  ];
}

const EPHEMERAL: CacheMark = { type: "ephemeral" };

function isCacheMark(part: ChatPart): boolean {
  return part.kind === "data" && part.mimeType === CACHE_CONTROL;
}

/** "Cache up to here" belongs to what stands before it. */
function mark(blocks: Block[]): void {
  const last = blocks.at(-1);
  if (!last || last.kind === "thinking" || last.kind === "refusal") return;
  blocks[blocks.length - 1] = { ...last, cache: EPHEMERAL };
}

/** A request with the marks that an agent's conversation wants: VS Code sets them for its own vendors only. */
export function withCacheMarks(request: ConversationRequest): ConversationRequest {
  if (request.tools.length === 0 || hasMarks(request)) return request;
  const lastUser = request.messages.findLastIndex(({ role }) => role === "user");
  const marked = <T extends object>(list: readonly T[]): T[] =>
    list.map((entry, at) => (at === list.length - 1 ? { ...entry, cache: EPHEMERAL } : entry));
  return {
    ...request,
    system: marked(request.system),
    tools: marked(request.tools),
    messages: request.messages.map((message, at) =>
      at === lastUser ? { ...message, blocks: marked(message.blocks) } : message,
    ),
  };
}

function hasMarks({ system, messages }: ConversationRequest): boolean {
  const marked = (block: object): boolean => "cache" in block;
  return system.some(marked) || messages.some(({ blocks }) => blocks.some(marked));
}
