import { CONFIGURED, type Detect, type Finding } from "./finding";

/** Shorter ones would be found by chance. */
const MIN_LENGTH = 8;
/** A piece of base64 shorter than this says nothing. */
const MIN_BASE64 = 10;

/**
 * Finds credentials by their very letters: as they are, as they stand inside a JSON text (once and twice encoded) or a
 * URL, and in base64, wherever in it they begin.
 */
export function knownSecrets(secrets: readonly string[]): Detect {
  const forms = [...new Set(secrets.filter(({ length }) => length >= MIN_LENGTH).flatMap(formsOf))];
  return (text) => forms.flatMap((form) => occurrences(text, form));
}

function occurrences(text: string, form: string): Finding[] {
  const found: Finding[] = [];
  for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length))
    found.push({ start: at, end: at + form.length, kind: CONFIGURED });
  return found;
}

function formsOf(secret: string): string[] {
  const escaped = inJson(secret);
  return [
    secret,
    escaped,
    inJson(escaped),
    encodeURIComponent(secret.toWellFormed()),
    ...base64Forms(secret),
  ];
}

/** A secret in base64, and as addresses write that, wherever in it the secret begins: Basic sends `user:key`. */
export function base64Forms(secret: string): string[] {
  const base64 = [0, 1, 2].map((shift) => base64Form(secret, shift));
  const url = base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  return [...new Set([...base64, ...url])].filter(({ length }) => length >= MIN_BASE64);
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

/**
 * What is the same in every base64 text in which the secret begins `shift` bytes after a multiple of three: the
 * characters at both ends that also hold bits of its neighbours are left out.
 */
function base64Form(secret: string, shift: number): string {
  const bytes = new TextEncoder().encode(secret);
  const encoded = btoa("\0".repeat(shift) + String.fromCharCode(...bytes)).replace(/=+$/, "");
  const begin = shift === 0 ? 0 : shift + 1;
  return encoded.slice(begin, (bytes.length + shift) % 3 === 0 ? undefined : -1);
}
