import type { DroppedReport } from "../../conversation/dropped";
import { invalid } from "../../conversation/invalid";
import type {
  Block,
  DocumentBlock,
  ImageBlock,
  MediaSource,
  TextBlock,
  ThinkingBlock,
  ToolResultBlock,
} from "../../conversation/request";
import { unwrapSeal } from "../../conversation/seal";
import { originalToolId } from "../../conversation/toolIds";
import {
  asArray,
  asObject,
  asString,
  isObject,
  type JsonObject,
  nonEmpty,
  optional,
} from "../../json/access";
import { fromBase64, toBase64 } from "../../text/encode";
import { changedTool } from "./toolChanges";

type UserBlock = TextBlock | ImageBlock | DocumentBlock;

/** The content of a message, or of a tool result: a string, or blocks. */
export function decodeBlocks(content: unknown, where: string, dropped: DroppedReport): Block[] {
  if (content === null || content === undefined || content === "") return [];
  if (typeof content === "string") return [{ kind: "text", text: content }];
  if (!Array.isArray(content)) throw invalid(`${where} must be text or a list of blocks.`);
  return content.flatMap((block, index) => decodeBlock(asObject(block), `${where}[${index}]`, dropped));
}

function decodeBlock(block: JsonObject, where: string, dropped: DroppedReport): Block[] {
  const cache = isObject(block.cache_control) ? { cache: block.cache_control } : {};
  const type = asString(block.type) ?? "";
  switch (type) {
    case "text": {
      const text = asString(block.text) ?? "";
      return text === "" ? [] : [{ kind: "text", text, ...cache }];
    }
    case "image":
      return [{ kind: "image", source: decodeSource(asObject(block.source), where), ...cache }];
    case "document":
      return decodeDocument(block, where, dropped);
    case "search_result": {
      const head = [asString(block.title), asString(block.source)].filter((part) => part).join(" — ");
      const texts = asArray(block.content).map((part) => asString(asObject(part).text) ?? "");
      return [{ kind: "text", text: [head, ...texts].filter((part) => part !== "").join("\n"), ...cache }];
    }
    case "tool_reference":
      // What a search for deferred tools found; the tools themselves are all in the request.
      return [{ kind: "text", text: `Tool available: ${asString(block.tool_name) ?? ""}`, ...cache }];
    case "tool_use": {
      const id = nonEmpty(block.id);
      const name = nonEmpty(block.name);
      if (!id) throw invalid(`${where}.id is missing.`);
      if (!name) throw invalid(`${where}.name is missing.`);
      const argumentsText = JSON.stringify(isObject(block.input) ? block.input : {});
      return [{ kind: "toolCall", id: originalToolId(id), name, argumentsText, custom: false, ...cache }];
    }
    case "tool_result":
      return [decodeResult(block, where, dropped)];
    case "thinking":
      return [decodeThinking(block)];
    case "redacted_thinking":
      return [
        {
          kind: "thinking",
          text: "",
          redacted: true,
          seal: { protocol: "messages", value: { redacted: asString(block.data) ?? "" } },
        },
      ];
    case "compaction": {
      // The summary stands for the messages before it, which the client may have left out.
      const text = asString(block.content) ?? "";
      if (text !== "") return [{ kind: "text", text, ...cache }];
      if (nonEmpty(block.encrypted_content)) dropped.add("content.compaction");
      return [];
    }
    default:
      if (changedTool(block) !== undefined) return [];
      // The provider's own tools and their results.
      dropped.add(`content.${type === "" ? "unknown" : type.slice(0, 60)}`);
      return [];
  }
}

function decodeResult(block: JsonObject, where: string, dropped: DroppedReport): ToolResultBlock {
  const id = nonEmpty(block.tool_use_id);
  if (!id) throw invalid(`${where}.tool_use_id is missing.`);
  return {
    kind: "toolResult",
    id: originalToolId(id),
    blocks: decodeBlocks(block.content, `${where}.content`, dropped).filter(isUserBlock),
    isError: block.is_error === true,
    ...(isObject(block.cache_control) ? { cache: block.cache_control } : {}),
  };
}

export function isUserBlock(block: Block): block is UserBlock {
  return block.kind === "text" || block.kind === "image" || block.kind === "document";
}

function decodeThinking(block: JsonObject): ThinkingBlock {
  const text = asString(block.thinking) ?? "";
  const signature = nonEmpty(block.signature);
  if (!signature) return { kind: "thinking", text };
  const seal = unwrapSeal(signature) ?? {
    protocol: "messages" as const,
    value: { signature, thinking: text },
  };
  return { kind: "thinking", text, seal };
}

function decodeSource(source: JsonObject, where: string): MediaSource {
  if (source.type === "base64" && nonEmpty(source.data)) {
    return {
      kind: "base64",
      mediaType: asString(source.media_type) ?? "application/octet-stream",
      data: asString(source.data) ?? "",
    };
  }
  const url = nonEmpty(source.url);
  if (source.type === "url" && url) return { kind: "url", url };
  throw invalid(
    `${where}.source: only base64 and url can be translated; a file_id is known to one provider alone.`,
  );
}

function decodeDocument(block: JsonObject, where: string, dropped: DroppedReport): Block[] {
  const source = asObject(block.source);
  const cache = isObject(block.cache_control) ? { cache: block.cache_control } : {};
  if (asObject(block.citations).enabled === true) dropped.add("citations");
  if (nonEmpty(block.context)) dropped.add("document.context");
  const name = optional("name", nonEmpty(block.title));
  if (source.type === "text") {
    const data = toBase64(asString(source.data) ?? "");
    return [
      { kind: "document", source: { kind: "base64", mediaType: "text/plain", data }, ...name, ...cache },
    ];
  }
  if (source.type === "content") return decodeBlocks(source.content, `${where}.source.content`, dropped);
  return [{ kind: "document", source: decodeSource(source, where), ...name, ...cache }];
}

const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/** A block as Messages has it. */
export function encodeUserBlock(block: UserBlock): JsonObject[] {
  const cache = block.cache ? { cache_control: block.cache } : {};
  switch (block.kind) {
    case "text":
      // An empty text is refused.
      return block.text.trim() === "" ? [] : [{ type: "text", text: block.text, ...cache }];
    case "image":
      return [{ type: "image", source: imageSource(block.source), ...cache }];
    case "document":
      return [
        {
          type: "document",
          source: documentSource(block.source),
          ...optional("title", block.name),
          ...cache,
        },
      ];
  }
}

function imageSource(source: MediaSource): JsonObject {
  if (source.kind === "url") return { type: "url", url: source.url };
  const mediaType = source.mediaType === "image/jpg" ? "image/jpeg" : source.mediaType;
  if (!IMAGE_TYPES.includes(mediaType)) {
    throw invalid(
      `An image of type ${mediaType.slice(0, 60)} cannot be sent to this provider: it takes PNG, JPEG, GIF and WebP.`,
    );
  }
  return { type: "base64", media_type: mediaType, data: source.data };
}

function documentSource(source: MediaSource): JsonObject {
  if (source.kind === "url") return { type: "url", url: source.url };
  if (source.mediaType === "application/pdf") {
    return { type: "base64", media_type: "application/pdf", data: source.data };
  }
  const text = /^(text\/|application\/(json|xml|x-yaml|yaml|javascript))/.test(source.mediaType)
    ? fromBase64(source.data)
    : undefined;
  if (text === undefined) {
    throw invalid(
      `A document of type ${source.mediaType.slice(0, 60)} cannot be sent to this provider: it takes PDF and text.`,
    );
  }
  return { type: "text", media_type: "text/plain", data: text };
}
