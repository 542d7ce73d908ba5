import { isObject, type JsonObject, parseJson } from "../json/access";
import type { WireProtocol } from "../protocols/wire";
import { fromBase64Url, shortHash, toBase64Url } from "../text/encode";

/**
 * What a provider wants back word for word with its model's reasoning: Anthropic's signature, OpenAI's encrypted
 * content, Gemini's thought signature. Opaque to everybody else, and refused by every other provider.
 */
export interface Seal {
  /** Who issued it (`issuerOf`); absent where a client brought it without our mark, so that nobody knows. */
  readonly issuer?: string;
  /** The protocol whose fields `value` has. */
  readonly protocol: WireProtocol;
  readonly value: JsonObject;
}

const MARK = "postern1.";

/** Names a provider so that its seals find the way back, and tell nobody its address. */
export function issuerOf(provider: { readonly type: string; readonly baseUrl: string }): string {
  return shortHash(`${provider.type} ${provider.baseUrl.replace(/\/+$/, "")}`);
}

/** A seal as one string, for the field of a foreign protocol in which clients bring such things back unread. */
export function wrapSeal(issuer: string, seal: Seal): string {
  return `${MARK}${issuer}.${toBase64Url(JSON.stringify({ p: seal.protocol, v: seal.value }))}`;
}

/** Whether a text is a seal of ours in its wrapping. */
export function isWrapped(text: string): boolean {
  return text.startsWith(MARK);
}

/** The seal again; undefined for a text that is not ours, or was cut. */
export function unwrapSeal(text: string): Seal | undefined {
  if (!isWrapped(text)) return undefined;
  const [issuer, data] = text.slice(MARK.length).split(".", 2);
  const decoded = data === undefined ? undefined : fromBase64Url(data);
  const content = decoded === undefined ? undefined : parseJson(decoded);
  if (!issuer || !isObject(content) || !isObject(content.v)) return undefined;
  const protocol = content.p;
  if (protocol !== "chat" && protocol !== "responses" && protocol !== "messages") return undefined;
  return { issuer, protocol, value: content.v };
}
