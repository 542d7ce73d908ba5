import type { EngineProvider } from "../config/engineConfig";
import { base64Forms } from "../governance/secrets/knownSecrets";

/** Keys shorter than this would match by chance. */
const MIN_LENGTH = 8;
const MASK = "[redacted]";

/** A credential, as it is or in base64, with what finds it in a text. */
class Form {
  /** What lacks this lacks the credential. */
  readonly probe: string;
  private made: RegExp | undefined;

  constructor(readonly secret: string) {
    this.probe = probeOf(secret);
  }

  /** Long, and hardly ever needed. */
  get pattern(): RegExp {
    this.made ??= patternOf(this.secret);
    return this.made;
  }
}

/**
 * Takes a provider's credentials out of texts. Providers quote the key that they refuse, and who holds a gateway key
 * must not learn the provider's. What finds them is worked out once: every header of every answer is looked through.
 */
export class SecretMask {
  private readonly plain: readonly Form[];
  private readonly encoded: readonly Form[];
  /** In fewer characters none of them can stand, however they are written. */
  private readonly shortest: number;

  constructor(readonly secrets: readonly string[]) {
    this.plain = secrets.map((secret) => new Form(secret));
    this.encoded = secrets.flatMap(base64Forms).map((secret) => new Form(secret));
    const lengths = [...this.plain, ...this.encoded].map(({ secret }) => secret.length);
    this.shortest = Math.min(...lengths);
  }

  redacted(text: string): string {
    return this.replaced(text, () => MASK);
  }

  /** The same in as many characters as before, for a text whose length has been told already. */
  maskedInPlace(text: string): string {
    return this.replaced(text, (found) => "*".repeat(found.length));
  }

  private replaced(text: string, mask: (found: string) => string): string {
    if (text.length < this.shortest) return text;
    let shown = text;
    for (const form of this.plain) {
      // Letters too may be written as numbers; then none of them stands there as it is.
      if (shown.includes(form.probe) || shown.includes("\\u00")) shown = shown.replace(form.pattern, mask);
      // JSON has no zero in it, so this is UTF-16, whose letters stand apart by one; so do those of the mask.
      if (shown.includes("\0"))
        shown = shown.replaceAll(wide(form.secret), (found) => wide(mask(narrow(found))));
    }
    for (const form of this.encoded) {
      if (shown.includes(form.probe)) shown = shown.replace(form.pattern, mask);
    }
    return shown;
  }
}

/** A text without credentials, where that is asked once. */
export function redacted(text: string, secrets: readonly string[]): string {
  return new SecretMask(secrets).redacted(text);
}

/**
 * The host that an address leads to, without credentials.
 * @param base what an address that is not whole stands beside
 * @returns undefined for what is no address
 */
export function shownHost(address: string, base: string, secrets: readonly string[]): string | undefined {
  if (!URL.canParse(address, base)) return undefined;
  // A host has small letters, however it was written.
  const small = secrets.map((secret) => secret.toLowerCase());
  return redacted(new URL(address, base).host, small);
}

function wide(text: string): string {
  return [...text].join("\0");
}

function narrow(text: string): string {
  return text.replaceAll("\0", "");
}

/**
 * Part of a secret that stands in a text in the same letters however the text is escaped, so that whatever lacks it
 * lacks the secret.
 */
export function probeOf(secret: string): string {
  const runs = secret.split(/[^A-Za-z0-9_.-]+/);
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), "");
}

/**
 * A secret as it may stand in JSON, also within a string of JSON, or in an address: encoders write `/`, `+` and `=` in
 * different ways (PHP `\/`, .NET `\u002B`).
 */
function patternOf(secret: string): RegExp {
  const characters = [...secret].map((character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16).padStart(2, "0");
    const anyCase = [...hex].map((digit) => `[${digit}${digit.toUpperCase()}]`).join("");
    const written = `\\\\{1,3}u${"0".repeat(Math.max(0, 4 - hex.length))}${anyCase}`;
    if (/[A-Za-z0-9_]/.test(character)) return `(?:${character}|${written})`;
    const plain = character.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
    return `(?:\\\\{0,3}${plain}|${written}|%${anyCase})`;
  });
  return new RegExp(characters.join(""), "g");
}

/** What of a provider must never be shown: its credentials, and its configured headers, which may hold one. */
export function secretsOf({ config, credential, pool = [] }: EngineProvider): string[] {
  const key = credential.kind === "apiKey" || credential.kind === "bearerToken" ? [credential.value] : [];
  const others = pool.map((other) => other.credential.value);
  const headers = Object.values(config.headers ?? {});
  // A provider may quote a token without the scheme that stands before it.
  const tokens = headers.flatMap((value) => /^\S+\s+(\S+)$/.exec(value)?.[1] ?? []);
  const all = [...new Set([...key, ...others]), ...headers, ...tokens];
  return all.filter((secret) => secret.length >= MIN_LENGTH && probeOf(secret) !== "");
}
