/** A secret in a text. */
export interface Finding {
  /** In UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** `github`, `aws`, `privatekey`…; `configured` for a credential that the engine knows. Never the secret. */
  readonly kind: string;
}

/** Looks for secrets in a text. */
export type Detect = (text: string) => readonly Finding[];

/** The kind of a credential that the engine holds itself. */
export const CONFIGURED = "configured";

/** Findings in order, those that overlap made one; the first one's kind stands. */
export function mergedFindings(findings: readonly Finding[]): readonly Finding[] {
  const merged: Finding[] = [];
  for (const finding of findings.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (last && finding.start < last.end)
      merged[merged.length - 1] = { ...last, end: Math.max(last.end, finding.end) };
    else merged.push(finding);
  }
  return merged;
}
