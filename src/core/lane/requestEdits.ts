import type { Splice } from "../json/splice";
import { decodeSpan, type Span, type TopLevel } from "../json/topLevel";

/** What the byte-exact lane changes in a request body; everything else goes out as it came. */
export interface RequestEdits {
  readonly splices: readonly Splice[];
  /** The usage chunk was asked for by us alone, so the client must not see it. */
  readonly usageInjected: boolean;
}

export interface EditOptions {
  /** The provider's name of the model. */
  readonly model: string;
  /** Chat Completions streams report usage only when asked to; where asking is refused, they do so unasked. */
  readonly includeUsage: boolean | "refused";
  /** Fields from the provider's configuration, added where the client has not set them. */
  readonly extraBody?: Readonly<Record<string, unknown>>;
  /** Fields that the model knows under another name alone, by the name clients may use. */
  readonly renames?: Readonly<Record<string, string>>;
}

/** @param bytes the raw body that `body` was scanned from */
export function requestEdits(bytes: Uint8Array, body: TopLevel, options: EditOptions): RequestEdits {
  const splices: Splice[] = [];
  const added = new Map<string, string>();
  const model = body.members.get("model");
  const name = JSON.stringify(options.model);
  if (!model) added.set("model", name);
  else if (decodeSpan(bytes, model) !== options.model) splices.push({ ...model, text: name });

  let usageInjected = false;
  if (options.includeUsage) {
    const span = body.members.get("stream_options");
    const given: unknown = span ? decodeSpan(bytes, span) : undefined;
    const fields = typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
    const refused = options.includeUsage === "refused";
    if (refused && span && "include_usage" in fields) {
      const { include_usage: _, ...rest } = fields;
      splices.push({ ...span, text: Object.keys(rest).length > 0 ? JSON.stringify(rest) : "null" });
    }
    usageInjected = !refused && fields.include_usage !== true;
    if (usageInjected) {
      const text = JSON.stringify({ ...fields, include_usage: true });
      if (span) splices.push({ ...span, text });
      else added.set("stream_options", text);
    }
  }

  for (const [field, name] of Object.entries(options.renames ?? {})) {
    const value = body.members.get(field);
    const key = value && !body.members.has(name) ? keyBefore(bytes, value, field) : undefined;
    if (key) splices.push({ ...key, text: JSON.stringify(name) });
  }

  for (const [field, value] of Object.entries(options.extraBody ?? {})) {
    if (!body.members.has(field) && !added.has(field)) added.set(field, JSON.stringify(value));
  }
  if (added.size > 0) {
    const fields = [...added].map(([field, value]) => `${JSON.stringify(field)}:${value}`);
    const text = (body.members.size > 0 ? "," : "") + fields.join(",");
    splices.push({ start: body.close, end: body.close, text });
  }
  return { splices, usageInjected };
}

const COLON = 0x3a;
const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** Where a member's key stands; undefined for one that is written with escapes, which nobody does. */
function keyBefore(bytes: Uint8Array, value: Span, field: string): Span | undefined {
  let end = value.start;
  while (isSpace(bytes[end - 1]) || bytes[end - 1] === COLON) end--;
  const start = end - field.length - 2;
  const written = new TextDecoder().decode(bytes.subarray(start, end));
  return written === JSON.stringify(field) ? { start, end } : undefined;
}
