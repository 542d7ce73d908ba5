/**
 * A text as it may be shown to a person who is to decide on it, lines and tabs as they are: other control characters and
 * those that turn the direction of writing would hide what really stands there, and a terminal obeys them.
 */
export function visible(text: string): string {
  return text.replace(
    /(?![\n\t]|\r\n)[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** What a model says, without what a terminal would obey. */
export function withoutControls(text: string): string {
  return text.replace(/(?![\n\t])\p{Cc}/gu, "");
}
