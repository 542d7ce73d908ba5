/** An event with a name, as Messages and Responses have them. `JSON.stringify` leaves no line break in the data. */
export function namedEvent(name: string, data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** An event without a name, as Chat Completions has them. */
export function dataEvent(data: unknown): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** A line that every reader of event streams skips. */
export function comment(text: string): string {
  return `: ${text}\n\n`;
}
