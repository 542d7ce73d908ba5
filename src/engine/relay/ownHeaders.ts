/** The names in one header, which a request with a thousand unknown fields must not blow up. */
export function droppedHeader(dropped: readonly string[]): string {
  const shown = dropped.slice(0, 30).map((name) => headerSafe(name.slice(0, 60)));
  return [...shown, ...(dropped.length > 30 ? [`+${dropped.length - 30}`] : [])].join(", ");
}

/** A model's id may have characters that a header may not. */
export function headerSafe(text: string): string {
  const shown = text.slice(0, 200).toWellFormed();
  return /^[\x21-\x7e]+$/.test(shown) ? shown : encodeURIComponent(shown);
}
