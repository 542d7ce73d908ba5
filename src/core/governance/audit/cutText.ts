/** The longest piece of a cut text's end that may be a part of a secret, in characters. */
const LOOSE_END = 512;

/**
 * The end of a text that was cut may be the first half of a secret, which no pattern knows: the last word is left out,
 * and a private key that has begun.
 */
export function withoutLooseEnd(text: string): string {
  const key = text.lastIndexOf("-----BEGIN ");
  const open =
    key >= 0 && /^-----BEGIN [A-Z ]*PRIVATE KEY/.test(text.slice(key)) && !text.includes("-----END ", key);
  const kept = open ? text.slice(0, key) : text;
  const end = kept.slice(-LOOSE_END);
  return kept.slice(0, kept.length - end.length) + end.replace(/[^\s"'`,;<>()[\]{}]+$/, "");
}
