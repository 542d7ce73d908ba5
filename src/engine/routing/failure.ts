import { type ErrorCode, PosternError } from "../../core/errors";
import { quotasInHeaders } from "../../core/governance/quotaHeaders";
import { type FailureKind, failureKind, retryAfterMs, usedUpForMs } from "../../core/routing/failure";
import { firstValue } from "../../core/text/firstValue";
import { AttemptRefused, type Refusal } from "../relay/relayOutcome";

/** An attempt that failed before the client had anything of it. */
export interface Failure {
  readonly kind: FailureKind;
  /** HTTP status of the provider; 0 if there was none. */
  readonly status: number;
  /** One log-safe sentence. */
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  /** Whether it says something of the provider, and not of the request. */
  readonly blames: boolean;
  /** What the provider said. */
  readonly refusal?: Refusal;
  readonly thrown: AttemptRefused | PosternError;
}

/** What a failure of our own words says about what may be tried next. */
const KIND_OF_CODE: Partial<Record<ErrorCode, FailureKind>> = {
  provider_unreachable: "unwell",
  provider_tls: "unwell",
  provider_timeout: "unwell",
  provider_incomplete: "unwell",
  provider_not_api: "unwell",
  proxy_invalid: "unwell",
  proxy_failed: "unwell",
  provider_faulty: "unknownModel",
  provider_disabled: "unknownModel",
  provider_key_missing: "unknownModel",
  translation_unavailable: "unknownModel",
  previous_response_not_found: "unknownModel",
  thread_unsupported: "unknownModel",
  // A budget may be for this target alone; what it does not let through, another may.
  budget_exceeded: "unknownModel",
  model_not_allowed: "unknownModel",
};

/** How much of what a provider said is read to tell what it means. */
const READ_BYTES = 16 * 1024;

/**
 * @param now milliseconds since the epoch
 * @returns undefined for what no other target could do better
 */
export function failureOf(thrown: unknown, now: number): Failure | undefined {
  if (thrown instanceof AttemptRefused) {
    const { status, headers, body } = thrown.refusal;
    const kind = failureKind(status, body.subarray(0, READ_BYTES).toString("utf8"));
    const said = retryAfterMs((name) => firstValue(headers[name]), now);
    const retry =
      said ?? (kind === "limited" ? usedUpForMs(quotasInHeaders(headers, "", now), now) : undefined);
    const reason = `HTTP ${status}, ${WORDS[kind]}`;
    const { refusal } = thrown;
    return { kind, status, reason, retryAfterMs: retry, blames: blames(kind), refusal, thrown };
  }
  if (!(thrown instanceof PosternError)) return undefined;
  // Whoever stands before a provider says it with a web page.
  const limited = thrown.code === "provider_not_api" && thrown.status === 429;
  const kind = limited ? "limited" : KIND_OF_CODE[thrown.code];
  if (kind === undefined) return undefined;
  const { message: reason, retryAfterSeconds: said } = thrown;
  const retry = said === undefined ? undefined : said * 1000;
  return { kind, status: 0, reason, retryAfterMs: retry, blames: blames(kind), thrown };
}

function blames(kind: FailureKind): boolean {
  return kind === "unwell" || kind === "credential";
}

const WORDS: Record<FailureKind, string> = {
  limited: "the provider limits requests",
  unwell: "the provider failed",
  credential: "the provider refused the key",
  tooLong: "the conversation is too long for the model",
  unknownModel: "the model is not known there",
  request: "the provider refused the request",
};
