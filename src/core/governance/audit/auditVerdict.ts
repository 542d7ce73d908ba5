/** What a check of the audit's chain has found. */
export interface AuditVerdict {
  /** Sentences that name the row; empty where everything is as it was written. */
  readonly faults: readonly string[];
  /** Rows that were checked, and of those the ones of which only the hash is left. */
  readonly rows: number;
  readonly removed: number;
  /** Where the chain ends now; noted elsewhere, it shows a later rewriting of everything. */
  readonly head: { readonly seq: number; readonly hash: string };
}

/** A verdict in plain lines. */
export function verdictLines({ faults, rows, removed, head }: AuditVerdict): readonly string[] {
  const emptied = removed > 0 ? `, of which ${removed} were deleted and only their hashes are left` : "";
  const end = head.seq > 0 ? [`The chain ends at row ${head.seq} with ${head.hash}`] : [];
  if (faults.length === 0) return [`ok   ${rows} rows are as they were written${emptied}.`, ...end];
  return [...faults.map((fault) => `FAIL ${fault}`), `${rows} rows were checked${emptied}.`, ...end];
}
