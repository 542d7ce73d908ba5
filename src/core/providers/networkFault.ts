import { continued, type FindingCode } from "../diagnosis/finding";
import { networkFinding, type Reached } from "../diagnosis/networkFinding";
import { type ErrorCode, PosternError } from "../errors";

export type { Reached };

/** The findings that are not simply "provider_unreachable". */
const ERROR_CODE: Partial<Record<FindingCode, ErrorCode>> = {
  tls_untrusted: "provider_tls",
  tls_self_signed: "provider_tls",
  tls_expired: "provider_tls",
  tls_not_yet_valid: "provider_tls",
  tls_wrong_host: "provider_tls",
  tls_not_spoken: "provider_tls",
  tls_failed: "provider_tls",
  proxy_unreachable: "proxy_failed",
  proxy_key_needed: "proxy_failed",
  proxy_refused: "proxy_failed",
  proxy_tls: "proxy_failed",
  timed_out: "provider_timeout",
  key_malformed: "provider_faulty",
  not_an_api: "provider_not_api",
  stopped: "not_ready",
};

/**
 * Says in one sentence why a provider could not be reached and what to do, naming host and port.
 * @param code the system's or undici's error code, see `networkFinding`
 */
export function networkFault(provider: Reached, code: string): PosternError {
  const found = networkFinding(provider, code);
  const errorCode = ERROR_CODE[found.code] ?? "provider_unreachable";
  if (errorCode === "not_ready") return new PosternError(errorCode, found.sentence, { retryAfterSeconds: 1 });
  return new PosternError(errorCode, `Provider "${provider.id}": ${continued(found.sentence)}`, {
    finding: found,
  });
}
