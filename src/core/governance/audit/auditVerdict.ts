/** What a check of the audit's chain has found. */
export interface AuditVerdict {
  /** Sentences that name the row; empty where everything is as it was written. */
  readonly faults: readonly string[];
  /** Rows that were checked, and of those the ones of which only the hash is left. */
  readonly rows: number;
  readonly removed: number;
  /**
   * Rows whose request is older than everything in the ledger, and not in it; absent where there are none. The ledger's
   * retention deletes its oldest rows without a trace in the chain, so this is no fault, and no proof that it was it.
   */
  readonly goneFromLedger?: {
    readonly rows: number;
    /** When the latest of them began, in milliseconds since the epoch. */
    readonly latest: number;
  };
  /** Where the chain ends now; noted elsewhere, it shows a later rewriting of everything. */
  readonly head: { readonly seq: number; readonly hash: string };
}

/** A verdict in plain lines. */
export function verdictLines(verdict: AuditVerdict): readonly string[] {
  const { faults, rows, removed, head, goneFromLedger: gone } = verdict;
  const emptied = removed > 0 ? `, of which ${removed} were deleted and only their hashes are left` : "";
  const note = gone
    ? [
        `note the requests of ${gone.rows} rows are not in the ledger any more, the latest from ${new Date(gone.latest).toISOString()}. The ledger deletes its oldest rows (retention); the chain cannot tell whether somebody else did.`,
      ]
    : [];
  const end = [...note, ...(head.seq > 0 ? [`The chain ends at row ${head.seq} with ${head.hash}`] : [])];
  if (faults.length === 0) return [`ok   ${rows} rows are as they were written${emptied}.`, ...end];
  return [...faults.map((fault) => `FAIL ${fault}`), `${rows} rows were checked${emptied}.`, ...end];
}
