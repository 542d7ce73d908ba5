import { invalid } from "../../conversation/invalid";
import { documentText, mediaUrl, parseMediaUrl } from "../../conversation/media";
import type { DocumentBlock, ImageBlock, TextBlock } from "../../conversation/request";
import { asArray, asObject, asString, type JsonObject, nonEmpty, optional } from "../../json/access";

type UserBlock = TextBlock | ImageBlock | DocumentBlock;

/** What a user says or a tool returns: a string, or a list of parts. */
export function decodeParts(content: unknown, where: string): UserBlock[] {
  if (content === null || content === undefined || content === "") return [];
  if (typeof content === "string") return [{ kind: "text", text: content }];
  if (!Array.isArray(content)) throw invalid(`${where} must be text or a list of parts.`);
  return asArray(content).flatMap((part, index) => decodePart(asObject(part), `${where}[${index}]`));
}

function decodePart(part: JsonObject, where: string): UserBlock[] {
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text": {
      const text = asString(part.text) ?? "";
      return text === "" ? [] : [{ kind: "text", text }];
    }
    case "input_image": {
      const source = parseMediaUrl(asString(part.image_url) ?? "");
      if (!source) {
        throw invalid(
          `${where}.image_url must be an http(s) address or a base64 data URL; a file_id is known to one provider alone.`,
        );
      }
      return [{ kind: "image", source, ...optional("detail", nonEmpty(part.detail)) }];
    }
    case "input_file": {
      const name = optional("name", nonEmpty(part.filename));
      const data = nonEmpty(part.file_data);
      const url = nonEmpty(part.file_url);
      if (data) {
        const source =
          parseMediaUrl(data) ?? ({ kind: "base64", mediaType: "application/pdf", data } as const);
        return [{ kind: "document", source, ...name }];
      }
      if (url) return [{ kind: "document", source: { kind: "url", url }, ...name }];
      throw invalid(
        `${where}: only file_data and file_url can be translated; a file_id is known to one provider alone.`,
      );
    }
    default:
      throw invalid(
        `${where}: a part of type ${JSON.stringify(part.type ?? null).slice(0, 60)} cannot be translated for this provider.`,
      );
  }
}

/** A part as Responses has it. */
export function encodePart(block: UserBlock): JsonObject {
  switch (block.kind) {
    case "text":
      return { type: "input_text", text: block.text };
    case "image":
      return { type: "input_image", image_url: mediaUrl(block.source), detail: block.detail ?? "auto" };
    case "document":
      // Files are for PDF; text is understood by every model.
      if (block.source.kind === "base64" && block.source.mediaType.startsWith("text/")) {
        return { type: "input_text", text: documentText(block.source.data, block.name) };
      }
      return block.source.kind === "url"
        ? { type: "input_file", file_url: block.source.url }
        : { type: "input_file", filename: block.name ?? "document.pdf", file_data: mediaUrl(block.source) };
  }
}
