import type { OpenRequest } from "../../core/governance/openRequest";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { Tally } from "../../core/governance/tally";
import type { Batch } from "./ledgerStore";

/** Rows that are kept where they cannot be written; about 10 MB. */
export const KEPT_ROWS = 10_000;

/** What is not written yet: for a moment as a rule, for as long as it takes where nothing can be written. */
export class LedgerBuffer {
  readonly tally = new Tally();
  private rows: RequestRecord[] = [];
  private opened = new Map<string, OpenRequest>();
  private closed = new Set<string>();
  /** Running requests whose note is in the database, perhaps an earlier one than is here. */
  private readonly written = new Set<string>();
  /** Rows whose details had to be given up; their totals are still there. */
  private given = 0;

  get size(): number {
    return this.rows.length;
  }

  get lost(): number {
    return this.given;
  }

  get isEmpty(): boolean {
    return this.rows.length + this.opened.size + this.closed.size === 0 && this.tally.isEmpty;
  }

  get records(): readonly RequestRecord[] {
    return this.rows;
  }

  add(record: RequestRecord): void {
    this.rows.push(record);
    this.tally.add(record);
    if (this.rows.length > KEPT_ROWS * 1.1) {
      const over = this.rows.length - KEPT_ROWS;
      this.rows = this.rows.slice(over);
      this.given += over;
    }
  }

  open(request: OpenRequest): void {
    this.opened.set(request.record.id, request);
  }

  /** A request's note was written apart: an earlier one must not come in its place. */
  noted(id: string): void {
    this.opened.delete(id);
    this.written.add(id);
  }

  /** A request that came and went between two writes leaves no note. */
  close(id: string): void {
    this.opened.delete(id);
    if (this.written.delete(id)) this.closed.add(id);
  }

  batch(): Batch {
    return {
      records: this.rows,
      tally: this.tally.all(),
      opened: [...this.opened.values()],
      closed: [...this.closed],
    };
  }

  clear(): void {
    this.rows = [];
    this.tally.clear();
    for (const id of this.opened.keys()) this.written.add(id);
    // New ones: a cleared table keeps all that follow it (core/collections/members.ts).
    this.opened = new Map();
    this.closed = new Set();
    this.given = 0;
  }
}
