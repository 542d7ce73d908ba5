import { isObject, parseJson } from "../json/access";

const MINUTE_MS = 60_000;

/**
 * When a token ends by its own words, in milliseconds since the epoch: the `exp` of a JSON Web Token, which nobody
 * checks here. Undefined for any other text.
 * @see https://datatracker.ietf.org/doc/html/rfc7519#section-4.1.4
 */
export function tokenExpiry(token: string): number | undefined {
  const [, payload, signature] = token.split(".");
  if (payload === undefined || signature === undefined) return undefined;
  try {
    const claims = parseJson(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
    const exp = isObject(claims) ? claims.exp : undefined;
    return typeof exp === "number" && Number.isFinite(exp) && exp > 0 ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

/**
 * When a credential is to be asked for again: five minutes before it ends, or, if it does not live that long, after
 * four fifths of what is left of it.
 * @param now milliseconds since the epoch
 */
export function renewalTime(expiresAt: number, now: number): number {
  return Math.max(expiresAt - 5 * MINUTE_MS, now + (expiresAt - now) * 0.8);
}
