import { isObject, type JsonObject, nonEmpty, parseJson } from "../json/access";
import { tokenExpiry } from "./expiry";

/** What a program has printed: a token, or why it is none. The fault never holds any of it. */
export type TokenOutput =
  | { readonly ok: true; readonly value: string; readonly expiresAt?: number }
  | { readonly ok: false; readonly fault: string };

/** A program that prints more than this prints no token. In characters. */
export const MAX_OUTPUT = 64 * 1024;
const MAX_TOKEN = 16 * 1024;

/** Fields that hold the token: of az and its relatives, of OAuth's answers, of azd. The first that is there counts. */
const TOKEN_FIELDS = ["accessToken", "access_token", "token"] as const;

/**
 * Reads the token that a program has printed: a line with nothing else, also in quotes, or JSON as
 * `az account get-access-token` prints it.
 * @param now milliseconds since the epoch
 * @see https://learn.microsoft.com/cli/azure/account#az-account-get-access-token (`expires_on` since 2.54)
 * @see https://datatracker.ietf.org/doc/html/rfc6749#section-5.1 (`expires_in`)
 */
export function readTokenOutput(output: string, now: number): TokenOutput {
  if (output.length > MAX_OUTPUT) return fault("it prints too much to be a token");
  const text = output.replace(/^\ufeff/, "").trim();
  if (text === "" || text === "null") return fault("it prints nothing");
  // az with --query prints JSON unless it is told -o tsv; the quotes are no part of the token.
  if (text.startsWith('"')) {
    const quoted = nonEmpty(parseJson(text));
    return quoted === undefined
      ? fault("it prints a quote that is not closed")
      : checked(quoted, tokenExpiry(quoted));
  }
  if (!text.startsWith("{")) return checked(text, tokenExpiry(text));
  const answer = parseJson(text);
  if (!isObject(answer)) return fault("it prints something that looks like JSON and is none");
  const token = TOKEN_FIELDS.map((name) => nonEmpty(answer[name])).find((found) => found !== undefined);
  if (token === undefined)
    return fault(`it prints JSON without ${TOKEN_FIELDS.map((name) => `"${name}"`).join(", ")}`);
  return checked(token.trim(), expiryOf(answer, now) ?? tokenExpiry(token));
}

function checked(value: string, expiresAt: number | undefined): TokenOutput {
  if (/[\r\n]/.test(value)) return fault("it prints more than one line");
  if (!/^[\x21-\x7e]+$/.test(value)) return fault("what it prints has spaces or special characters in it");
  if (value.length > MAX_TOKEN) return fault("it prints too much to be a token");
  return { ok: true, value, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

/** When the token ends; undefined where the answer does not say so in a way that makes sense. */
function expiryOf(answer: JsonObject, now: number): number | undefined {
  const left = numberOf(answer.expires_in);
  return (
    momentOf(answer.expires_on) ??
    (left === undefined ? undefined : now + left * 1000) ??
    momentOf(answer.expiresOn) ??
    momentOf(answer.expires_at) ??
    momentOf(answer.expiresAt)
  );
}

/** A later number is no count of seconds in any token's life: some write milliseconds. */
const LATEST_SECONDS = 1e11;

/** A moment as a number since the epoch or as text. 0 is how some say "never", so it says nothing. */
function momentOf(value: unknown): number | undefined {
  const number = numberOf(value);
  if (number !== undefined) {
    if (number <= 0) return undefined;
    return number > LATEST_SECONDS ? number : number * 1000;
  }
  const text = nonEmpty(value);
  if (text === undefined) return undefined;
  // az writes local time with a blank in the middle; with a T it is read as local time everywhere.
  const at = Date.parse(text.trim().replace(/^(\d{4}-\d{2}-\d{2}) (\d)/, "$1T$2"));
  return Number.isNaN(at) ? undefined : at;
}

function numberOf(value: unknown): number | undefined {
  const found =
    typeof value === "string" && /^-?\d{1,15}(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
}

function fault(text: string): TokenOutput {
  return { ok: false, fault: text };
}
