import type { WireError } from "../errorShape";
import { isContextOverflow } from "../providerError";

/** Codes that Codex acts on; it takes any other for a reason to try again. */
const KNOWN = [
  "context_length_exceeded",
  "insufficient_quota",
  "usage_not_included",
  "rate_limit_exceeded",
  "server_is_overloaded",
  "slow_down",
  "invalid_prompt",
  "server_error",
];

/** The `code` of `response.failed`. */
export function failureCode(error: WireError): string {
  if (isContextOverflow(error)) return "context_length_exceeded";
  if (error.code !== undefined && KNOWN.includes(error.code)) return error.code;
  if (error.status === 429) return "rate_limit_exceeded";
  if (error.status === 503 || error.status === 529) return "server_is_overloaded";
  return error.status >= 500 ? "server_error" : "invalid_prompt";
}
