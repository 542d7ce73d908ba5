import { type Finding, mergedFindings } from "./finding";

/** A text without its secrets. */
export interface Redacted {
  readonly text: string;
  /** Kinds of what was found, each once, sorted. */
  readonly kinds: readonly string[];
  /** How many were found. */
  readonly count: number;
}

/** What stands in a secret's place; it names the kind and nothing more. */
export function mask(kind: string): string {
  return `[redacted ${kind}]`;
}

/** Takes what was found out of plain text. */
export function redactText(text: string, found: readonly Finding[]): Redacted {
  const findings = mergedFindings(found);
  return { text: replaced(text, findings), ...summary(findings) };
}

/** The kinds and the number of findings. */
export function summary(findings: readonly Finding[]): Pick<Redacted, "kinds" | "count"> {
  return { kinds: [...new Set(findings.map(({ kind }) => kind))].toSorted(), count: findings.length };
}

/** The text with the findings masked; they are in order and do not overlap. */
export function replaced(text: string, findings: readonly Finding[]): string {
  let shown = "";
  let at = 0;
  for (const { start, end, kind } of findings) {
    shown += text.slice(at, start) + mask(kind);
    at = end;
  }
  return shown + text.slice(at);
}
