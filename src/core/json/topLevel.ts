/** Where a member's value stands in the raw bytes: `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** The outermost object of a JSON text, as spans; nothing is decoded and nothing copied. */
export interface TopLevel {
  readonly members: ReadonlyMap<string, Span>;
  /** Offset of the closing brace. */
  readonly close: number;
}

/** The text is not JSON, or not an object; `offset` is the byte where that shows. */
export class JsonSyntaxError extends Error {
  constructor(
    readonly offset: number,
    message: string,
  ) {
    super(`${message} at byte ${offset}`);
    this.name = "JsonSyntaxError";
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Deeper than any request has reason to be; bounds what a hostile body makes the provider do. */
const MAX_DEPTH = 256;
/** Strings up to here are walked; a longer one is likely base64, where the engine's own search is quicker. */
const WALK = 64;

/**
 * Walks a JSON object once and notes where the values of its own members stand. The structure is checked to the
 * last byte, so that a cut or broken body is found here, with its position, and not at the provider.
 * @throws JsonSyntaxError
 */
export function scanTopLevel(bytes: Uint8Array): TopLevel {
  const members = new Map<string, Span>();
  let at = skipSpace(bytes, bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
  if (bytes[at] !== OPEN_BRACE) throw new JsonSyntaxError(at, "expected a JSON object");
  at = skipSpace(bytes, at + 1);
  while (bytes[at] !== CLOSE_BRACE) {
    if (members.size > 0) at = skipSpace(bytes, expect(bytes, at, COMMA, "','"));
    const keyStart = at;
    const keyEnd = skipString(bytes, at);
    const key = decodeKey(bytes, keyStart, keyEnd);
    if (members.has(key)) throw new JsonSyntaxError(keyStart, `"${key.slice(0, 40)}" stands twice`);
    const start = skipSpace(bytes, expect(bytes, skipSpace(bytes, keyEnd), COLON, "':'"));
    const end = skipValue(bytes, start);
    members.set(key, { start, end });
    at = skipSpace(bytes, end);
  }
  const trailing = skipSpace(bytes, at + 1);
  if (trailing < bytes.length) throw new JsonSyntaxError(trailing, "unexpected text after the JSON object");
  return { members, close: at };
}

/**
 * The decoded value of a span. Meant for the small ones: a model's id, a flag, an options object.
 * @throws JsonSyntaxError for a text with a broken escape, which the scan does not look into
 */
export function decodeSpan(bytes: Uint8Array, { start, end }: Span): unknown {
  return decoded(bytes, start, end, "a JSON value");
}

function skipValue(bytes: Uint8Array, from: number): number {
  const closers: number[] = [];
  let at = from;
  for (;;) {
    const byte = bytes[at];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (closers.length === MAX_DEPTH) throw new JsonSyntaxError(at, "nested too deeply");
      const closer = byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET;
      const inside = skipSpace(bytes, at + 1);
      if (bytes[inside] !== closer) {
        closers.push(closer);
        at = closer === CLOSE_BRACE ? skipKey(bytes, inside) : inside;
        continue;
      }
      at = inside + 1;
    } else {
      at = byte === QUOTE ? skipString(bytes, at) : skipScalar(bytes, at);
    }
    for (;;) {
      const closer = closers.at(-1);
      if (closer === undefined) return at;
      at = skipSpace(bytes, at);
      if (bytes[at] === closer) {
        closers.pop();
        at += 1;
        continue;
      }
      at = skipSpace(bytes, expect(bytes, at, COMMA, `',' or '${String.fromCharCode(closer)}'`));
      if (closer === CLOSE_BRACE) at = skipKey(bytes, at);
      break;
    }
  }
}

function skipKey(bytes: Uint8Array, at: number): number {
  return skipSpace(bytes, expect(bytes, skipSpace(bytes, skipString(bytes, at)), COLON, "':'"));
}

function skipString(bytes: Uint8Array, open: number): number {
  if (bytes[open] !== QUOTE)
    throw new JsonSyntaxError(open, open < bytes.length ? "expected '\"'" : "unexpected end");
  let at = open + 1;
  const walkEnd = Math.min(bytes.length, at + WALK);
  while (at < walkEnd) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) throw new JsonSyntaxError(bytes.length, "unexpected end of a string");
    let backslashes = 0;
    while (quote - 1 - backslashes >= at && bytes[quote - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

function skipScalar(bytes: Uint8Array, start: number): number {
  let end = start;
  let text = "";
  while (end < bytes.length && end - start < 400) {
    const byte = bytes[end] ?? 0;
    if (byte <= 0x20 || byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET) break;
    text += String.fromCharCode(byte);
    end += 1;
  }
  if (!SCALAR.test(text))
    throw new JsonSyntaxError(start, start < bytes.length ? "expected a JSON value" : "unexpected end");
  return end;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  for (
    let byte = bytes[at];
    byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
    byte = bytes[at]
  )
    at += 1;
  return at;
}

function expect(bytes: Uint8Array, at: number, byte: number, name: string): number {
  if (bytes[at] !== byte)
    throw new JsonSyntaxError(at, at < bytes.length ? `expected ${name}` : "unexpected end");
  return at + 1;
}

/** A short text of printable ASCII without escapes, which nearly every key is, and a decoder takes long to make. */
function plainText(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start > WALK) return undefined;
  let text = "";
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === BACKSLASH) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** An escaped key must not hide from us what the provider will read. */
function decodeKey(bytes: Uint8Array, start: number, end: number): string {
  return decoded(bytes, start, end, "a valid key") as string;
}

function decoded(bytes: Uint8Array, start: number, end: number, expected: string): unknown {
  const plain = bytes[start] === QUOTE ? plainText(bytes, start + 1, end - 1) : undefined;
  if (plain !== undefined) return plain;
  try {
    return JSON.parse(new TextDecoder().decode(bytes.subarray(start, end)));
  } catch {
    throw new JsonSyntaxError(start, `expected ${expected}`);
  }
}
