import { PosternError } from "../../core/errors";
import { optional } from "../../core/json/access";
import type { Reached } from "../../core/providers/networkFault";
import { type SecretMask, shownHost } from "../../core/providers/redact";
import { retryAfterMs } from "../../core/routing/failure";
import { firstValue } from "../../core/text/firstValue";
import type { Begun } from "./lane";

/**
 * Answers that no client of an API can use, each with what it means for the provider's address.
 * @param secrets taken out of what the provider says
 */
export function refusalOf(
  { id, baseUrl }: Reached,
  { status, type, headers }: Omit<Begun, "inflated">,
  secrets: SecretMask,
): PosternError | undefined {
  if (status >= 300 && status < 400 && status !== 304) {
    const location = firstValue(headers.location);
    const target =
      location === undefined
        ? "elsewhere"
        : `to ${shownHost(location, baseUrl, secrets.secrets) ?? "an invalid address"}`;
    return new PosternError(
      "provider_not_api",
      `Provider "${id}" at ${new URL(baseUrl).host} redirects ${target}; a key is never sent after a redirect. Put the final address into baseUrl.`,
    );
  }
  if (type.startsWith("text/html")) {
    const text = `Provider "${id}" at ${new URL(baseUrl).host} answered with a web page (HTTP ${status}), not with an API. Check baseUrl; it may lack /v1 or point to a proxy's login page.`;
    if (status < 400) return new PosternError("provider_not_api", text);
    const waitMs = retryAfterMs((name) => firstValue(headers[name]), Date.now());
    const retryAfterSeconds = waitMs === undefined ? undefined : Math.ceil(waitMs / 1000);
    return new PosternError("provider_not_api", text, {
      status,
      ...optional("retryAfterSeconds", retryAfterSeconds),
    });
  }
  return undefined;
}
