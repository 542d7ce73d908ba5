/**
 * Why an attempt failed, as far as it decides what may be tried next.
 * limited: the provider asks to wait. unwell: it failed by itself. credential: this key may not, another might.
 * tooLong, unknownModel: this model cannot, another might. request: nobody could.
 */
export type FailureKind = "limited" | "unwell" | "credential" | "tooLong" | "unknownModel" | "request";

/** In which words providers say that a conversation does not fit the model's context window. */
const TOO_LONG =
  /context[_ ]length|context[_ ]window|maximum context|prompt is too long|input (?:is )?too long|too many (?:input )?tokens|exceeds? the (?:maximum|model'?s).{0,40}tokens|reduce the length/i;
const UNKNOWN_MODEL =
  /model[_ ]not[_ ]found|deploymentnotfound|does not exist|no such model|unknown model|model .{0,80}not found|not a valid model|decommissioned/i;

/**
 * What a provider's refusal means.
 * @param status HTTP status
 * @param body the beginning of what it said
 */
export function failureKind(status: number, body: string): FailureKind {
  if (status === 429) return "limited";
  if (status === 401 || status === 402 || status === 403) return "credential";
  if (status === 408 || status === 409 || status >= 500) return "unwell";
  if ((status === 400 || status === 413 || status === 422) && TOO_LONG.test(body)) return "tooLong";
  if (status === 413) return "tooLong";
  if (status === 404 || (status === 400 && UNKNOWN_MODEL.test(body))) return "unknownModel";
  return "request";
}

/**
 * When a provider says that trying again makes sense, in milliseconds from now; undefined where it does not say.
 * `retry-after` is seconds or a date (RFC 9110, section 10.2.3); `retry-after-ms` is OpenAI's and Azure's own.
 */
export function retryAfterMs(header: (name: string) => string | undefined, now: number): number | undefined {
  const milliseconds = Number(header("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(milliseconds) && milliseconds >= 0) return milliseconds;
  const text = header("retry-after")?.trim();
  if (!text) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
