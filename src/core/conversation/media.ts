import { fromBase64 } from "../text/encode";
import type { MediaSource } from "./request";

/** A `data:` URL or an address, as OpenAI writes both into one field. Undefined for neither. */
export function parseMediaUrl(url: string): MediaSource | undefined {
  if (/^https?:\/\//i.test(url)) return { kind: "url", url };
  if (!/^data:/i.test(url)) return undefined;
  const comma = url.indexOf(",");
  if (comma < 0) return undefined;
  const [mediaType, ...parameters] = url.slice(5, comma).split(";");
  if (!parameters.includes("base64")) return undefined;
  return { kind: "base64", mediaType: (mediaType || "text/plain").toLowerCase(), data: url.slice(comma + 1) };
}

/** The source in one string, the other way round. */
export function mediaUrl(source: MediaSource): string {
  return source.kind === "url" ? source.url : `data:${source.mediaType};base64,${source.data}`;
}

/** A document of text where there are no such files: its name, by which people speak of it, and its text. */
export function documentText(data: string, name: string | undefined): string {
  const text = fromBase64(data) ?? data;
  return name === undefined ? text : `${name}\n${text}`;
}
