import type { QuotaFigure } from "../governance/quota";

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

/** What says more is a time of day that was taken for seconds, or a mistake; no quota lasts longer than a month. */
const LONGEST_MS = 31 * 86_400_000;

/**
 * When a provider says that trying again makes sense, in milliseconds from now; undefined where it does not say.
 * `retry-after` is seconds or a date (RFC 9110, section 10.2.3); `retry-after-ms` is OpenAI's and Azure's own.
 */
export function retryAfterMs(header: (name: string) => string | undefined, now: number): number | undefined {
  const milliseconds = numberIn(header("retry-after-ms"));
  if (milliseconds !== undefined && milliseconds >= 0) return credible(milliseconds);
  const text = header("retry-after");
  const seconds = numberIn(text);
  if (seconds !== undefined) return seconds >= 0 ? credible(seconds * 1000) : undefined;
  const date = Date.parse(text ?? "");
  // A date is the provider's own; this machine's clock may be another.
  const said = Date.parse(header("date") ?? "");
  return Number.isNaN(date) ? undefined : credible(Math.max(0, date - (Number.isNaN(said) ? now : said)));
}

/** When what a provider says to be used up begins anew, in milliseconds from now; undefined where it says of nothing. */
export function usedUpForMs(quotas: readonly QuotaFigure[], now: number): number | undefined {
  const resets = quotas.flatMap(({ remaining, resetsAt }) =>
    remaining === 0 && resetsAt !== undefined && resetsAt > now ? [resetsAt - now] : [],
  );
  return resets.length === 0 ? undefined : credible(Math.max(...resets));
}

function numberIn(text: string | undefined): number | undefined {
  const trimmed = text?.trim();
  const number = trimmed ? Number(trimmed) : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

function credible(milliseconds: number): number | undefined {
  return milliseconds <= LONGEST_MS ? milliseconds : undefined;
}
