import { fromBase64Url, shortHash, toBase64Url } from "../text/encode";
import type { Quirks } from "./quirks";

const MARK = "pst_";

/**
 * A provider's tool call id as a client of Messages may have it (`^[a-zA-Z0-9_-]+$`). The client brings it back with
 * the result, so it is written reversibly: nothing has to be remembered.
 */
export function safeToolId(id: string): string {
  if (/^[a-zA-Z0-9_-]+$/.test(id) && !id.startsWith(MARK)) return id;
  return MARK + toBase64Url(id);
}

/** The id that `safeToolId` was given. */
export function originalToolId(id: string): string {
  if (!id.startsWith(MARK)) return id;
  return fromBase64Url(id.slice(MARK.length)) ?? id;
}

/**
 * A tool call id as a provider takes it. One that does not fit is replaced by its hash, the same on the call and on
 * its result; there is no way back, and none is needed, because the provider only pairs the two.
 */
export function fittingToolId(id: string, rule: Quirks["toolId"]): string {
  const { pattern, maxLength, exactLength } = rule;
  if (exactLength !== undefined) {
    return id.length === exactLength && pattern.test(id) ? id : shortHash(id).slice(-exactLength);
  }
  return id !== "" && id.length <= maxLength && pattern.test(id) ? id : `call_${shortHash(id)}`;
}
