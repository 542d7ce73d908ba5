import type { AuditLevel } from "../../core/config/schema";
import type { RequestRecord } from "../../core/governance/requestRecord";

/** What a request leaves behind for the audit, collected while it passes. */
export interface AuditTrail {
  /** The body as the client sent it, inflated. It must not be changed afterwards. */
  request(bytes: Uint8Array): void;
  /** A piece of the answer, as the client gets it. */
  chunk(piece: Uint8Array | string): void;
  /**
   * The request is over. To be called before its record goes to the ledger.
   * @param forced a policy rule wants everything kept
   */
  settle(record: RequestRecord, forced?: boolean): void;
  /** There will be no record: nothing is kept. */
  drop(): void;
}

/** A trail of which nothing is kept but, perhaps, the record. */
export class EmptyTrail implements AuditTrail {
  constructor(private readonly settled: (record: RequestRecord) => void = () => {}) {}

  request(): void {}
  chunk(): void {}
  drop(): void {}
  settle(record: RequestRecord): void {
    this.settled(record);
  }
}

/** Bytes of a side that is kept; what is beyond is cut. */
export const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** A stream is several times as long as what it says. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** One side, as far as it was collected. */
export interface Collected {
  readonly pieces: readonly Uint8Array[];
  /** All that passed, in bytes. */
  readonly bytes: number;
  readonly keptBytes: number;
}

/** Counts what all requests hold at once. */
export class MemoryBudget {
  private used = 0;

  constructor(private readonly limit: number) {}

  /** @returns whether there was room */
  take(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false;
    this.used += bytes;
    return true;
  }

  give(bytes: number): void {
    this.used -= bytes;
  }

  get inUse(): number {
    return this.used;
  }
}

/** Collects both sides, within the memory that all requests share. */
export class FullTrail implements AuditTrail {
  private readonly asked: Side;
  private readonly answered: Side;
  private over = false;

  /** @param settled takes what was collected, and gives its bytes back to the budget when it is done with it */
  constructor(
    private readonly budget: MemoryBudget,
    private readonly settled: (record: RequestRecord, collected: CollectedContent) => void,
    private readonly level: (forced: boolean) => AuditLevel,
    private readonly withoutContent: (record: RequestRecord, level: AuditLevel) => void,
  ) {
    this.asked = new Side(MAX_REQUEST_BYTES, budget);
    this.answered = new Side(MAX_ANSWER_BYTES, budget);
  }

  request(bytes: Uint8Array): void {
    if (!this.over) this.asked.add(bytes);
  }

  chunk(piece: Uint8Array | string): void {
    // What a stream passes on may be a view of a buffer that is used again.
    if (!this.over) this.answered.add(Buffer.from(piece as Uint8Array));
  }

  settle(record: RequestRecord, forced = false): void {
    if (this.over) return;
    this.over = true;
    const level = this.level(forced);
    if (level === "full") {
      this.settled(
        record,
        new CollectedContent(this.asked.collected(), this.answered.collected(), this.budget),
      );
      return;
    }
    this.release();
    this.withoutContent(record, level);
  }

  drop(): void {
    if (this.over) return;
    this.over = true;
    this.release();
  }

  private release(): void {
    this.budget.give(this.asked.collected().keptBytes + this.answered.collected().keptBytes);
  }
}

/** Both sides, and the memory that they hold. */
export class CollectedContent {
  private released = false;

  constructor(
    readonly request: Collected,
    readonly answer: Collected,
    private readonly budget: MemoryBudget,
  ) {}

  release(): void {
    if (this.released) return;
    this.released = true;
    this.budget.give(this.request.keptBytes + this.answer.keptBytes);
  }
}

class Side {
  private readonly pieces: Uint8Array[] = [];
  private bytes = 0;
  private keptBytes = 0;
  private full = false;

  constructor(
    private readonly limit: number,
    private readonly budget: MemoryBudget,
  ) {}

  add(piece: Uint8Array): void {
    this.bytes += piece.length;
    const room = this.full ? 0 : Math.min(piece.length, this.limit - this.keptBytes);
    if (room < piece.length) this.full = true;
    if (room === 0) return;
    if (!this.budget.take(room)) {
      this.full = true;
      return;
    }
    // A part of a larger buffer would keep all of it in memory.
    this.pieces.push(room < piece.length ? Buffer.from(piece.subarray(0, room)) : piece);
    this.keptBytes += room;
  }

  collected(): Collected {
    return { pieces: this.pieces, bytes: this.bytes, keptBytes: this.keptBytes };
  }
}
