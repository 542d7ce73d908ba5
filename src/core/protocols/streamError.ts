import type { WireError } from "./errorShape";
import { malformed, readProviderError } from "./providerError";

/** An error within an answer. It has no HTTP status of its own; servers put one into `code`, as a text at times. */
export function readStreamError(body: unknown): WireError {
  const { code, ...error } = readProviderError(body);
  if (code === undefined) return error;
  return error.status === 502 && /^[45]\d\d$/.test(code)
    ? { ...error, status: Number(code) }
    : { ...error, code };
}

/** The error of an event whose data is no JSON object: what a server says under the name of an error, it says. */
export function unreadableEvent(data: string, name: string): WireError {
  return name === "error"
    ? { status: 502, message: data.trim().slice(0, 2000) }
    : malformed("an event is not JSON");
}
