/** One event of a `text/event-stream`. */
export interface SseEvent {
  /** The `event:` field; empty where there is none. */
  readonly event: string;
  readonly data: string;
}

/** An event larger than this is an error: a provider must not fill our memory. */
export const MAX_EVENT_CHARACTERS = 64 * 1024 * 1024;

/** The stream cannot be read on: an event without end. */
export class SseOverflowError extends Error {}

/**
 * Splits a byte stream into events, wherever its reads begin and end: inside a UTF-8 character, between CR and LF.
 * After https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation, of which `id`
 * and `retry` are of no use here. Own lines instead of a package: with limits on memory it is as short.
 */
export function createSseParser(limit = MAX_EVENT_CHARACTERS): {
  push(bytes: Uint8Array): SseEvent[];
  end(): SseEvent[];
} {
  // Drops the byte order mark, and keeps half a character for the next read.
  const decoder = new TextDecoder("utf-8");
  let pieces: string[] = [];
  let size = 0;
  let afterCr = false;
  let event = "";
  let data: string[] = [];

  const grow = (by: number): void => {
    size += by;
    if (size > limit) throw new SseOverflowError(`an event of more than ${limit} characters`);
  };

  const line = (text: string, out: SseEvent[]): void => {
    if (text === "") {
      if (data.length > 0) out.push({ event, data: data.join("\n") });
      event = "";
      data = [];
      size = 0;
      return;
    }
    const colon = text.indexOf(":");
    if (colon === 0) {
      size -= text.length;
      return;
    }
    const field = colon < 0 ? text : text.slice(0, colon);
    let value = colon < 0 ? "" : text.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "data") data.push(value);
    else if (field === "event") event = value;
  };

  const take = (text: string): SseEvent[] => {
    const out: SseEvent[] = [];
    let from = 0;
    if (afterCr && text !== "") {
      afterCr = false;
      if (text.startsWith("\n")) from = 1;
    }
    let cr = text.indexOf("\r", from);
    let lf = text.indexOf("\n", from);
    while (cr >= 0 || lf >= 0) {
      const atCr = cr >= 0 && (lf < 0 || cr < lf);
      const end = atCr ? cr : lf;
      grow(end - from);
      let content = text.slice(from, end);
      if (pieces.length > 0) {
        content = pieces.join("") + content;
        pieces = [];
      }
      line(content, out);
      from = end + 1;
      if (atCr) {
        if (from === text.length) afterCr = true;
        else if (text[from] === "\n") from++;
        cr = text.indexOf("\r", from);
      }
      if (lf >= 0 && lf < from) lf = text.indexOf("\n", from);
    }
    if (from < text.length) {
      grow(text.length - from);
      pieces.push(text.slice(from));
    }
    return out;
  };

  return {
    push: (bytes) => take(decoder.decode(bytes, { stream: true })),
    // Servers forget the last blank line; what they sent still counts.
    end: () => take(`${decoder.decode()}\n\n`),
  };
}
