import type { AuditLevel } from "../../config/schema";
import type { RequestOutcome, RequestRecord } from "../requestRecord";

/** One side of what was kept of a request: what the client sent, or what it got. */
export interface KeptText {
  /** Of the text as it is kept, hex. */
  readonly sha256: string;
  /** What there was, in bytes, and how much of it is kept; the same where nothing was cut. */
  readonly bytes: number;
  readonly keptBytes: number;
  /** Kinds of the secrets that were taken out. */
  readonly redacted: readonly string[];
}

/** Why rows or contents are gone. */
export type RemovalReason = "age" | "size" | "person";

/** From one row's number to another's, both included. */
export type SeqRange = readonly [from: number, to: number];

/**
 * A link of the audit's chain, as it is hashed.
 * request: a settled request. content: what was kept of one. removal: what was deleted since, so that a deletion that
 * the chain knows of can be told from one that it does not.
 */
export type AuditEntry =
  | { readonly kind: "request"; readonly record: RequestRecord }
  | {
      readonly kind: "content";
      readonly id: string;
      readonly request?: KeptText;
      readonly answer?: KeptText;
      /** Why a side that should be there is not. */
      readonly missing?: string;
    }
  | {
      readonly kind: "removal";
      /** `content`: the texts of these rows. `rows`: the rows too, of which only their hashes stay. */
      readonly what: "content" | "rows";
      readonly reason: RemovalReason;
      readonly ranges: readonly SeqRange[];
      /** Over the hashes of the rows that are gone, in order; hex. */
      readonly digest?: string;
    }
  | {
      readonly kind: "removal";
      /** Everything up to this row is gone; the chain begins behind it. */
      readonly what: "beginning";
      readonly reason: RemovalReason;
      readonly upTo: number;
      /** That row's hash, which the first one that is left builds on; hex. */
      readonly hash: string;
    };

/** The text of a request and its answer as they were kept. */
export interface KeptContent {
  readonly request?: KeptText & { readonly text: string };
  readonly answer?: KeptText & { readonly text: string };
}

/** What the audit knows of one request. */
export interface AuditedRequest {
  readonly level: AuditLevel;
  readonly content?: KeptContent;
  /** There was content, and it has been deleted. */
  readonly contentRemoved?: true;
  /** Why it was not kept although it should have been. */
  readonly missing?: string;
}

/** Which audited requests are meant; what is left out does not matter. */
export interface AuditFilter {
  /** Began at or after, in milliseconds since the epoch. */
  readonly from?: number;
  /** Began before. */
  readonly until?: number;
  readonly gatewayKey?: string;
  readonly provider?: string;
  /** Folder of the workspace. */
  readonly workspace?: string;
  readonly outcome?: RequestOutcome;
  /** Words that stand in the request or the answer; all of them. */
  readonly text?: string;
  readonly id?: string;
}

/** An audited request on its way out of the database. */
export interface ExportedRequest {
  readonly seq: number;
  /** Hex. */
  readonly hash: string;
  readonly record: RequestRecord;
  readonly content?: KeptContent;
}
