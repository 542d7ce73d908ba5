import type { Finding } from "./diagnosis/finding";

/**
 * Every failure that Postern itself reports, as a typed code with one text that is safe to log and to
 * show: it never holds a key, a prompt or a provider's answer.
 */
export type ErrorCode =
  | "unauthorized"
  | "forbidden_host"
  | "forbidden_origin"
  | "not_found"
  | "method_not_allowed"
  | "upgrade_required"
  | "invalid_request"
  | "invalid_json"
  | "unsupported_encoding"
  | "body_too_large"
  | "body_timeout"
  | "too_many_requests"
  | "policy_refused"
  | "budget_exceeded"
  | "rate_limited"
  | "model_not_allowed"
  | "model_not_found"
  | "client_left"
  | "previous_response_not_found"
  | "thread_unsupported"
  | "translation_unavailable"
  | "provider_disabled"
  | "provider_faulty"
  | "provider_key_missing"
  | "provider_unreachable"
  | "provider_tls"
  | "provider_timeout"
  | "provider_incomplete"
  | "provider_not_api"
  | "proxy_invalid"
  | "proxy_failed"
  | "not_ready"
  | "port_in_use"
  | "listen_failed"
  | "open_without_key"
  | "internal";

/** HTTP status a client sees for each code. */
const STATUS: Record<ErrorCode, number> = {
  unauthorized: 401,
  forbidden_host: 403,
  forbidden_origin: 403,
  not_found: 404,
  method_not_allowed: 405,
  upgrade_required: 426,
  invalid_request: 400,
  invalid_json: 400,
  unsupported_encoding: 415,
  body_too_large: 413,
  body_timeout: 408,
  too_many_requests: 503,
  policy_refused: 403,
  budget_exceeded: 429,
  rate_limited: 429,
  model_not_allowed: 403,
  model_not_found: 404,
  client_left: 499,
  previous_response_not_found: 400,
  thread_unsupported: 400,
  translation_unavailable: 400,
  provider_disabled: 403,
  provider_faulty: 502,
  provider_key_missing: 403,
  provider_unreachable: 502,
  provider_tls: 502,
  provider_timeout: 504,
  provider_incomplete: 502,
  provider_not_api: 502,
  proxy_invalid: 502,
  proxy_failed: 502,
  not_ready: 503,
  port_in_use: 500,
  listen_failed: 500,
  open_without_key: 500,
  internal: 500,
};

export interface FaultDetails {
  /** What a person can do about it, where it is a provider's. */
  readonly finding?: Finding;
  /** When trying again makes sense, in seconds. */
  readonly retryAfterSeconds?: number;
  /** HTTP status to use instead of the code's own. */
  readonly status?: number;
}

/** A failure of Postern's own. `message` is log-safe and says what to do about it. */
export class PosternError extends Error {
  /** HTTP status for a client, before a response has begun. */
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  readonly finding: Finding | undefined;

  /**
   * @param code what went wrong, for programs
   * @param message what went wrong and what to do, for people; never a secret
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    details: FaultDetails = {},
  ) {
    super(message);
    this.name = "PosternError";
    this.status = details.status ?? STATUS[code];
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.finding = details.finding;
  }
}

/** By its name: each bundle has this class for itself, and what dist/agent.js throws is an instance of its own. */
function isPosternError(thrown: unknown): thrown is PosternError {
  return thrown instanceof Error && thrown.name === "PosternError";
}

/** The log-safe text of anything thrown: our own message, or only the error's class and system code. */
export function logSafeText(thrown: unknown): string {
  if (isPosternError(thrown)) return `${thrown.code}: ${thrown.message}`;
  if (thrown instanceof Error) {
    const code = "code" in thrown && typeof thrown.code === "string" ? ` ${thrown.code}` : "";
    return `${thrown.name}${code}`;
  }
  return "unknown error";
}
