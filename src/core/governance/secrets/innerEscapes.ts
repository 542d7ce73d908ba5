/** Of a JSON text within the text that is searched: a tool's arguments are JSON in JSON. */
const ESCAPE = /\\(?:[bfnrt]|u[\dA-Fa-f]{4})/g;

/**
 * The text with line breaks in place of such escapes, every other character where it was. In `\nsk-…` the escape's
 * letter would else be taken for the key's own first one, by patterns that look for where a word begins.
 */
export function withoutInnerEscapes(text: string): string {
  return text.includes("\\") ? text.replace(ESCAPE, ({ length }) => "\n".repeat(length)) : text;
}
