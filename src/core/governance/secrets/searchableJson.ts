import { type Finding, mergedFindings } from "./finding";
import { type Redacted, replaced, summary } from "./redactText";

/** A string literal of a JSON text, without its quotes. */
interface Literal {
  /** In the JSON text. */
  readonly start: number;
  readonly end: number;
  /** Where it begins in the view. */
  readonly viewStart: number;
  /** What it says, with escapes resolved. */
  readonly value: string;
}

/**
 * A JSON text to be searched for secrets. It is searched as it reads, with escapes resolved, and only the literals that
 * hold a secret are written anew: every other byte stays what it was, so that what a provider has cached stays valid.
 * A text that is no JSON, or was cut, loses the secrets in its literals all the same.
 */
export class SearchableJson {
  /** What is searched; findings are places in it. */
  readonly view: string;
  private readonly literals: readonly Literal[];

  constructor(private readonly text: string) {
    const { view, literals } = readable(text);
    this.view = view;
    this.literals = literals;
  }

  /** Kinds of what was found inside of literals. */
  kinds(findings: readonly Finding[]): readonly string[] {
    return summary(mergedFindings(clipped(findings, this.literals))).kinds;
  }

  /** The text without what was found. */
  without(found: readonly Finding[]): Redacted {
    const findings = mergedFindings(clipped(found, this.literals));
    if (findings.length === 0) return { text: this.text, kinds: [], count: 0 };
    let shown = "";
    let at = 0;
    let next = 0;
    for (const { start, end, viewStart, value } of this.literals) {
      const own: Finding[] = [];
      for (let one = findings[next]; one && one.start < viewStart + value.length; one = findings[++next])
        own.push({ start: one.start - viewStart, end: one.end - viewStart, kind: one.kind });
      if (own.length === 0) continue;
      shown += this.text.slice(at, start) + JSON.stringify(replaced(value, own)).slice(1, -1);
      at = end;
    }
    return { text: shown + this.text.slice(at), ...summary(findings) };
  }
}

/** The text with the escapes of its literals resolved, and where each of them is. */
function readable(text: string): { readonly literals: readonly Literal[]; readonly view: string } {
  const literals: Literal[] = [];
  const parts: string[] = [];
  let length = 0;
  let at = 0;
  for (let quote = text.indexOf('"'); quote >= 0; quote = text.indexOf('"', at)) {
    const start = quote + 1;
    const end = endOfLiteral(text, start);
    const raw = text.slice(start, end);
    const value = raw.includes("\\") ? resolved(raw) : raw;
    const between = text.slice(at, start);
    literals.push({ start, end, viewStart: length + between.length, value });
    parts.push(between, value);
    length += between.length + value.length;
    at = end;
    if (end >= text.length) break;
    // The line ends with the literal, since many patterns run as far as there is no space.
    parts.push('"\n');
    length += 2;
    at = end + 1;
  }
  parts.push(text.slice(at));
  return { literals, view: parts.join("") };
}

/** Where the literal ends: its closing quote, or the end of a text that was cut. */
function endOfLiteral(text: string, start: number): number {
  for (let quote = text.indexOf('"', start); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (quote - backslashes > start && text[quote - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  return text.length;
}

function resolved(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return raw;
  }
}

/** What is found belongs to the literals that it touches: a mask outside of one would leave no JSON. */
function clipped(findings: readonly Finding[], literals: readonly Literal[]): Finding[] {
  return findings.flatMap(({ start, end, kind }) => {
    const pieces: Finding[] = [];
    for (let i = firstTouched(literals, start); i < literals.length; i++) {
      const { viewStart, value } = literals[i] as Literal;
      if (viewStart >= end) break;
      const piece = { start: Math.max(start, viewStart), end: Math.min(end, viewStart + value.length), kind };
      if (piece.end > piece.start) pieces.push(piece);
    }
    return pieces;
  });
}

/** The first literal that ends after a place of the view. */
function firstTouched(literals: readonly Literal[], place: number): number {
  let low = 0;
  let high = literals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { viewStart, value } = literals[middle] as Literal;
    if (viewStart + value.length > place) high = middle;
    else low = middle + 1;
  }
  return low;
}
