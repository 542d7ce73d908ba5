/** What must not get into a report, besides what looks like a credential. */
export interface Private {
  /** Keys, tokens, values of headers: whatever their form. */
  readonly secrets: readonly string[];
  /** The person's home folder. */
  readonly home: string;
}

/** Shorter ones would be found in ordinary words. */
const MIN_SECRET = 5;
const MASK = "[redacted]";

/** Forms of keys and tokens of the usual providers, for those that nobody has told us of. */
const KEY_LIKE =
  /\b(?:sk|rk|gsk|xai|pst|hf|ghp|gho|ghs|github_pat|pplx|nvapi|fw|csk|tgp)[-_][A-Za-z0-9_-]{12,}|\bAIza[A-Za-z0-9_-]{20,}|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]*|\bBearer\s+\S+/g;
const ADDRESS = /\b(https?:\/\/)(?:[^\s/@"'<>`]*@)?([^\s?#"'<>`]*)(?:[?#][^\s"'<>`]*)?/gi;
const HOME = /(\/(?:home|Users)\/|\b[A-Za-z]:\\Users\\)[^\s/\\"'`]+/g;

/** Takes out of a text what is nobody else's business. */
export function scrubbed(text: string, { secrets, home }: Private): string {
  let shown = text;
  // The longest first: one may be a part of another.
  const known = [...new Set(secrets)].filter(({ length }) => length >= MIN_SECRET);
  for (const secret of known.sort((one, other) => other.length - one.length))
    for (const form of new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]))
      shown = shown.replaceAll(form, MASK);
  if (home.length > 1) shown = shown.replaceAll(home, "~");
  return shown.replace(ADDRESS, "$1$2").replace(KEY_LIKE, MASK).replace(HOME, "$1…");
}
