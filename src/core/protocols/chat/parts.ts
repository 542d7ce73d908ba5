import { invalid } from "../../conversation/invalid";
import { documentText, mediaUrl, parseMediaUrl } from "../../conversation/media";
import type { DocumentBlock, ImageBlock, TextBlock } from "../../conversation/request";
import {
  asArray,
  asObject,
  asString,
  isObject,
  type JsonObject,
  nonEmpty,
  optional,
} from "../../json/access";

type UserBlock = TextBlock | ImageBlock | DocumentBlock;

/** What a user or a tool says: a string, or a list of parts. */
export function decodeParts(content: unknown, where: string): UserBlock[] {
  if (content === null || content === undefined || content === "") return [];
  if (typeof content === "string") return [{ kind: "text", text: content }];
  if (!Array.isArray(content)) throw invalid(`${where} must be text or a list of parts.`);
  return content.flatMap((part, index) => decodePart(part, `${where}[${index}]`));
}

function decodePart(value: unknown, where: string): UserBlock[] {
  if (typeof value === "string") return value === "" ? [] : [{ kind: "text", text: value }];
  const part = asObject(value);
  // Clients of OpenRouter and LiteLLM mark parts as Anthropic does.
  const cache = isObject(part.cache_control) ? { cache: part.cache_control } : {};
  switch (part.type) {
    case "text": {
      const text = asString(part.text) ?? "";
      return text === "" ? [] : [{ kind: "text", text, ...cache }];
    }
    case "image_url": {
      const { url, detail } = isObject(part.image_url)
        ? part.image_url
        : { url: part.image_url, detail: undefined };
      const source = typeof url === "string" ? parseMediaUrl(url) : undefined;
      if (!source) throw invalid(`${where}.image_url must be an http(s) address or a base64 data URL.`);
      return [{ kind: "image", source, ...optional("detail", nonEmpty(detail)), ...cache }];
    }
    case "file":
      return [decodeFile(asObject(part.file), where, cache)];
    default:
      throw invalid(
        `${where}: a part of type ${JSON.stringify(part.type ?? null).slice(0, 60)} cannot be translated for this provider.`,
      );
  }
}

function decodeFile(file: JsonObject, where: string, cache: { cache?: JsonObject }): UserBlock {
  const data = nonEmpty(file.file_data);
  if (!data)
    throw invalid(
      `${where}.file: only file_data can be translated; a file_id is known to one provider alone.`,
    );
  const source = parseMediaUrl(data) ?? ({ kind: "base64", mediaType: "application/pdf", data } as const);
  if (source.kind === "base64" && /^image\//.test(source.mediaType))
    return { kind: "image", source, ...cache };
  return { kind: "document", source, ...optional("name", nonEmpty(file.filename)), ...cache };
}

/** A system message: text alone. */
export function textBlocks(content: unknown, where: string): TextBlock[] {
  return decodeParts(content, where).map((block) => {
    if (block.kind !== "text") throw invalid(`${where}: a system message holds text alone.`);
    return block;
  });
}

/** A part as Chat Completions has it. Documents go as file data; there is no part for the address of a file. */
export function encodePart(block: UserBlock, cacheMarks: boolean): JsonObject {
  const cache = cacheMarks && block.cache ? { cache_control: block.cache } : {};
  switch (block.kind) {
    case "text":
      return { type: "text", text: block.text, ...cache };
    case "image":
      return {
        type: "image_url",
        image_url: { url: mediaUrl(block.source), ...optional("detail", block.detail) },
        ...cache,
      };
    case "document": {
      const { source } = block;
      if (source.kind === "url")
        throw invalid("A document by its address cannot be sent to this provider: send its data.");
      if (source.mediaType.startsWith("text/")) {
        return { type: "text", text: documentText(source.data, block.name), ...cache };
      }
      return {
        type: "file",
        file: { filename: block.name ?? "document.pdf", file_data: mediaUrl(source) },
        ...cache,
      };
    }
  }
}

/** Text parts alone are one string: every server takes that. */
export function encodeContent(blocks: readonly UserBlock[], cacheMarks: boolean): string | JsonObject[] {
  const parts = blocks.map((block) => encodePart(block, cacheMarks));
  const plain = parts.every((part) => part.type === "text" && part.cache_control === undefined);
  return plain ? parts.map((part) => asString(part.text) ?? "").join("\n") : asArray(parts).map(asObject);
}
