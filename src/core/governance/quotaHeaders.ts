import { firstValue } from "../text/firstValue";
import type { QuotaFigure, QuotaUnit } from "./quota";

/** Headers of an answer, names in lower case. */
export type QuotaHeaders = Readonly<Record<string, string | string[] | undefined>>;

type Window = NonNullable<QuotaFigure["window"]>;

/** What is gathered for one quota from the headers that speak of it. */
interface Parts {
  limit?: number;
  remaining?: number;
  resetsAt?: number;
}

/**
 * What a provider's answer says of its rate limits. Each provider has names of its own for them; what is not understood
 * is left out, and nothing is made up.
 *
 * - OpenAI, Azure, xAI, GitHub Models: `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, resets as `6m0s` or
 *   seconds; Azure's Responses say -1 for "no limit" (https://platform.openai.com/docs/guides/rate-limits)
 * - Groq: the same, requests a day and tokens a minute (https://console.groq.com/docs/rate-limits)
 * - Mistral: `…-req-minute`, `…-tokens-minute`, `…-tokens-month`; Cerebras: `…-requests-day`, `…-tokens-minute`;
 *   DigitalOcean: `…-tokens-per-day`; Fireworks: `…-tokens-prompt`, `…-tokens-generated`
 * - Anthropic: `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}`, resets in
 *   RFC 3339; for subscriptions `anthropic-ratelimit-unified-{5h,7d,…}-{utilization,reset}`, resets in epoch seconds
 *   (https://platform.claude.com/docs/en/api/rate-limits)
 * - OpenRouter: `x-ratelimit-{limit,remaining,reset}`, resets in epoch milliseconds; Together the same in seconds, with
 *   `x-tokenlimit-*` beside it
 *
 * @param host the provider's host, by which ambiguous names are understood
 * @param now milliseconds since the epoch
 */
export function quotasInHeaders(headers: QuotaHeaders, host: string, now: number): QuotaFigure[] {
  const found = new Map<string, Parts>();
  const shares: QuotaFigure[] = [];
  for (const name in headers) {
    // Most answers have none of them.
    const value = name.includes("limit") ? firstValue(headers[name]) : undefined;
    if (value === undefined) continue;
    const unified = /^anthropic-ratelimit-unified-(.+)-utilization$/.exec(name)?.[1];
    if (unified !== undefined) {
      const share = unifiedShare(
        unified,
        value,
        headers[`anthropic-ratelimit-unified-${unified}-reset`],
        now,
      );
      if (share) shares.push(share);
      continue;
    }
    const named = nameOf(name);
    if (!named) continue;
    const parts = found.get(named.what) ?? {};
    if (named.field === "reset") {
      const at = resetTime(value, now);
      if (at !== undefined) parts.resetsAt = at;
    } else {
      const count = Number(value.trim());
      // Azure's -1, and the "not applicable" of others.
      if (value.trim() !== "" && Number.isFinite(count) && count >= 0) parts[named.field] = count;
    }
    found.set(named.what, parts);
  }
  const figures = [...found].flatMap(([what, parts]) => figureOf(what, parts, host) ?? []);
  return [...figures, ...shares];
}

/** Which of the numbers a header holds, and of which quota. */
function nameOf(header: string): { field: "limit" | "remaining" | "reset"; what: string } | undefined {
  const ours = /^(?:x-)?ratelimit-(limit|remaining|reset)(?:-(.+))?$/.exec(header);
  if (ours) return { field: ours[1] as "limit", what: ours[2] ?? "requests" };
  const tokens = /^x-tokenlimit-(limit|remaining|reset)$/.exec(header);
  if (tokens) return { field: tokens[1] as "limit", what: "tokens" };
  const anthropic = /^anthropic-ratelimit-(?!unified)(.+)-(limit|remaining|reset)$/.exec(header);
  if (anthropic) return { field: anthropic[2] as "limit", what: anthropic[1] ?? "" };
  return undefined;
}

function figureOf(
  what: string,
  { limit, remaining, resetsAt }: Parts,
  host: string,
): QuotaFigure | undefined {
  const unit = unitOf(what);
  if (unit === undefined || remaining === undefined) return undefined;
  const window = windowOf(what, unit, host);
  const name = /priority|project/.exec(what)?.[0];
  return {
    unit,
    ...(name === undefined ? {} : { name }),
    ...(window === undefined ? {} : { window }),
    // What is left of nothing is what a provider says that has no limit.
    ...(limit === undefined || limit === 0 ? {} : { limit }),
    remaining,
    ...(resetsAt === undefined ? {} : { resetsAt }),
    basis: "reported",
  };
}

function unitOf(what: string): QuotaUnit | undefined {
  if (/token/.test(what)) {
    if (/input|prompt/.test(what)) return "inputTokens";
    return /output|generated/.test(what) ? "outputTokens" : "tokens";
  }
  return /^req|requests/.test(what) ? "requests" : undefined;
}

function windowOf(what: string, unit: QuotaUnit, host: string): Window | undefined {
  const said = /(?:^|-)(minute|hour|day|week|month|1m|1h|1d)$/.exec(what)?.[1];
  if (said !== undefined) {
    const short: Record<string, Window> = { "1m": "minute", "1h": "hour", "1d": "day" };
    return short[said] ?? (said as Window);
  }
  if (host === "api.groq.com") return unit === "requests" ? "day" : "minute";
  return undefined;
}

function unifiedShare(
  name: string,
  used: string,
  reset: string | string[] | undefined,
  now: number,
): QuotaFigure | undefined {
  const share = Number(used);
  if (used.trim() === "" || !Number.isFinite(share) || share < 0) return undefined;
  const resetsAt = typeof reset === "string" ? resetTime(reset, now) : undefined;
  return {
    unit: "share",
    name,
    limit: 1,
    remaining: Math.max(0, 1 - share),
    ...(resetsAt === undefined ? {} : { resetsAt }),
    basis: "reported",
  };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * When a quota begins anew: a date (RFC 3339), a duration as Go writes it (`1h2m3.5s`, `20ms`), a time since the epoch
 * in seconds or milliseconds, or seconds from now. In milliseconds since the epoch.
 */
export function resetTime(text: string, now: number): number | undefined {
  const value = text.trim();
  if (/^\d+(\.\d+)?$/.test(value)) {
    const number = Number(value);
    if (number > 1e12) return number;
    return number > 1e9 ? number * 1000 : now + number * 1000;
  }
  if (/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value)) {
    let sum = 0;
    for (const [, amount, unit = ""] of value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
      sum += Number(amount) * (UNITS_MS[unit] ?? 0);
    }
    return now + sum;
  }
  const date = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
