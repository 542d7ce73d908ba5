import type { WireError } from "./errorShape";
import { readProviderError } from "./providerError";

/** An error within an answer. It has no HTTP status of its own; servers put one into `code`, as a text at times. */
export function readStreamError(body: unknown): WireError {
  const { code, ...error } = readProviderError(body);
  if (code === undefined) return error;
  return error.status === 502 && /^[45]\d\d$/.test(code)
    ? { ...error, status: Number(code) }
    : { ...error, code };
}
