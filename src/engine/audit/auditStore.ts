import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type {
  AuditEntry,
  AuditFilter,
  ExportedRequest,
  KeptContent,
  RemovalReason,
  SeqRange,
} from "../../core/governance/audit/auditEntry";
import { searchExpression } from "../../core/governance/audit/searchableText";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { digestOf, linkHash } from "./chain";
import { decompress } from "./compression";

/** The texts of a content entry, compressed. */
export interface StoredContent {
  readonly coding: string;
  readonly request?: Uint8Array;
  readonly answer?: Uint8Array;
  /** What of them is searched. */
  readonly searchable: { readonly request: string; readonly answer: string };
}

type Row = Record<string, unknown>;

/** The last link, and what all of them take. */
interface Head {
  readonly seq: number;
  readonly hash: Uint8Array;
  readonly bytes: number;
}

/** How many are deleted in one step, which takes some milliseconds. */
const BATCH = 500;
/** Rows that an export reads at once. */
const PAGE = 200;

/**
 * The audit's SQL. Methods that write are to be called in a transaction that has the write lock, since two engines may
 * add to one chain. Every method may throw what SQLite says.
 */
export class AuditStore {
  private readonly statements = new Map<string, StatementSync>();

  constructor(private readonly database: DatabaseSync) {}

  /** Adds a link to the chain. @returns its number */
  append(entry: AuditEntry, writtenAt: number, content?: StoredContent): number {
    const end = this.link(this.head(), entry, writtenAt, content);
    this.setHead(end);
    return end.seq;
  }

  /** Adds links to the chain. */
  appendAll(entries: readonly AuditEntry[], writtenAt: number): void {
    if (entries.length === 0) return;
    this.setHead(entries.reduce((end, entry) => this.link(end, entry, writtenAt), this.head()));
  }

  private link(head: Head, entry: AuditEntry, writtenAt: number, content?: StoredContent): Head {
    const seq = head.seq + 1;
    const text = JSON.stringify(entry);
    const hash = linkHash(head.hash, { seq, writtenAt, entry: text });
    const { request, startedAt, gatewayKey, workspace, provider } = columnsOf(entry);
    this.run(
      `INSERT INTO audit (seq, written_at, kind, request, started_at, gateway_key, workspace, provider, entry, hash)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[seq, writtenAt, entry.kind, request, startedAt, gatewayKey, workspace, provider, text, hash],
    );
    const bytes = text.length + (content ? this.addContent(seq, content) : 0);
    return { seq, hash, bytes: head.bytes + bytes };
  }

  private setHead({ seq, hash, bytes }: Head): void {
    this.run("UPDATE audit_head SET seq = ?, hash = ?, bytes = ?", seq, hash, bytes);
  }

  /** The last link. */
  head(): Head {
    const row = this.statement("SELECT seq, hash, bytes FROM audit_head").get() as Row | undefined;
    return {
      seq: Number(row?.seq ?? 0),
      hash: (row?.hash as Uint8Array | undefined) ?? new Uint8Array(32),
      bytes: Number(row?.bytes ?? 0),
    };
  }

  /** Ids of the requests that a filter means, the latest first. */
  find(filter: AuditFilter, limit: number): string[] {
    const { sql, values } = condition(filter);
    const rows = this.statement(
      `SELECT DISTINCT request FROM audit WHERE kind = 'request' AND ${sql} ORDER BY started_at DESC, seq DESC LIMIT ?`,
    ).all(...values, limit);
    return rows.map((row) => String(row.request));
  }

  /** What was kept of a request's texts; undefined where there never was anything. */
  content(id: string): { readonly entry: AuditEntry; readonly content?: KeptContent } | undefined {
    const row = this.statement(
      `SELECT audit.seq, entry, coding, audit_content.request AS asked, answer FROM audit
       LEFT JOIN audit_content USING (seq) WHERE audit.request = ? AND kind = 'content' ORDER BY audit.seq DESC LIMIT 1`,
    ).get(id) as Row | undefined;
    if (!row) return undefined;
    const entry = JSON.parse(String(row.entry)) as AuditEntry;
    if (entry.kind !== "content" || row.coding === null) return { entry };
    return { entry, content: contentOf(entry, row) };
  }

  has(id: string): boolean {
    return this.statement("SELECT 1 FROM audit WHERE request = ? AND kind = 'request'").get(id) !== undefined;
  }

  /** The requests that a filter means, the oldest first. Read in pages, so that writing goes on meanwhile. */
  *exported(filter: AuditFilter, withContent: boolean): Generator<ExportedRequest> {
    const { sql, values } = condition(filter);
    const page = this.statement(
      `SELECT seq, started_at, entry, hash FROM audit WHERE kind = 'request' AND ${sql}
       AND (started_at, seq) > (?, ?) ORDER BY started_at, seq LIMIT ?`,
    );
    let last = { startedAt: Number.MIN_SAFE_INTEGER, seq: 0 };
    for (;;) {
      const rows = page.all(...values, last.startedAt, last.seq, PAGE);
      for (const row of rows) {
        const entry = JSON.parse(String(row.entry)) as { record: RequestRecord };
        const content = withContent ? this.content(entry.record.id)?.content : undefined;
        const hash = Buffer.from(row.hash as Uint8Array).toString("hex");
        yield { seq: Number(row.seq), hash, record: entry.record, ...(content ? { content } : {}) };
        last = { startedAt: Number(row.started_at), seq: Number(row.seq) };
      }
      if (rows.length < PAGE) return;
    }
  }

  /** Deletes the texts of some of the requests that a filter means; the chain says so. @returns of how many */
  removeContent(filter: AuditFilter, reason: RemovalReason, now: number): number {
    const { sql, values } = condition(filter);
    return this.dropContent(
      `SELECT seq FROM audit_content WHERE seq IN (SELECT seq FROM audit WHERE kind = 'content' AND request IN
       (SELECT request FROM audit WHERE kind = 'request' AND ${sql})) ORDER BY seq LIMIT ?`,
      [...values, BATCH],
      reason,
      now,
    );
  }

  /** Deletes the oldest texts. @returns of how many rows */
  removeOldestContent(count: number, now: number): number {
    return this.dropContent("SELECT seq FROM audit_content ORDER BY seq LIMIT ?", [count], "size", now);
  }

  /** Deletes some of the requests that a filter means, all but their hashes. @returns how many rows */
  removeRows(filter: AuditFilter, now: number): number {
    const { sql, values } = condition(filter);
    const rows = this.statement(
      `SELECT seq, hash, length(entry) AS bytes FROM audit WHERE kind IN ('request', 'content') AND request IN
       (SELECT request FROM audit WHERE kind = 'request' AND ${sql} ORDER BY seq LIMIT ?) ORDER BY seq`,
    ).all(...values, BATCH) as Row[];
    if (rows.length === 0) return 0;
    const seqs = rows.map(({ seq }) => Number(seq));
    this.deleteContent(seqs);
    for (const seq of seqs)
      this.run(
        `UPDATE audit SET kind = 'removed', request = NULL, started_at = NULL, gateway_key = NULL,
         workspace = NULL, provider = NULL, entry = NULL WHERE seq = ?`,
        seq,
      );
    this.freed(rows.reduce((sum, { bytes }) => sum + Number(bytes), 0));
    const digest = digestOf(rows.map(({ hash }) => hash as Uint8Array));
    const ranges = rangesOf(seqs);
    this.append({ kind: "removal", what: "rows", reason: "person", ranges, digest }, now);
    return rows.length;
  }

  /** Deletes the oldest rows, 500 at most, that were written before a time. @returns how many */
  removeBeginning(writtenBefore: number, reason: RemovalReason, now: number): number {
    const rows = this.statement("SELECT seq, written_at, hash, entry FROM audit ORDER BY seq LIMIT ?").all(
      BATCH,
    ) as Row[];
    const kept = rows.findIndex(({ written_at }) => Number(written_at) >= writtenBefore);
    const old = kept < 0 ? rows : rows.slice(0, kept);
    const last = old.at(-1);
    // The last removal says where the chain begins; it is of use as long as it is there.
    if (!last || Number(last.seq) === this.head().seq) return 0;
    this.deleteContent(old.map(({ seq }) => Number(seq)));
    this.run("DELETE FROM audit WHERE seq <= ?", Number(last.seq));
    this.freed(old.reduce((sum, { entry }) => sum + (typeof entry === "string" ? entry.length : 0), 0));
    const hash = Buffer.from(last.hash as Uint8Array).toString("hex");
    this.append({ kind: "removal", what: "beginning", reason, upTo: Number(last.seq), hash }, now);
    return old.length;
  }

  private dropContent(sql: string, values: SQLInputValue[], reason: RemovalReason, now: number): number {
    const seqs = this.statement(sql)
      .all(...values)
      .map(({ seq }) => Number(seq));
    if (seqs.length === 0) return 0;
    this.deleteContent(seqs);
    this.append({ kind: "removal", what: "content", reason, ranges: rangesOf(seqs) }, now);
    return seqs.length;
  }

  private addContent(seq: number, { coding, request, answer, searchable }: StoredContent): number {
    // With its words in the index, which are about as long as the text.
    const texts = searchable.request.length + searchable.answer.length;
    const bytes = (request?.length ?? 0) + (answer?.length ?? 0) + texts;
    this.run(
      "INSERT INTO audit_content (seq, coding, bytes, request, answer) VALUES (?, ?, ?, ?, ?)",
      ...[seq, coding, bytes, request ?? null, answer ?? null],
    );
    this.run(
      "INSERT INTO audit_text (rowid, request, answer) VALUES (?, ?, ?)",
      ...[seq, searchable.request, searchable.answer],
    );
    return bytes;
  }

  private deleteContent(seqs: readonly number[]): void {
    let bytes = 0;
    for (const seq of seqs) {
      const found = this.statement("SELECT bytes FROM audit_content WHERE seq = ?").get(seq);
      if (!found) continue;
      bytes += Number(found.bytes);
      this.run("DELETE FROM audit_content WHERE seq = ?", seq);
      this.run("DELETE FROM audit_text WHERE rowid = ?", seq);
    }
    this.freed(bytes);
  }

  private freed(bytes: number): void {
    if (bytes > 0) this.run("UPDATE audit_head SET bytes = max(0, bytes - ?)", bytes);
  }

  private run(sql: string, ...values: SQLInputValue[]): void {
    this.statement(sql).run(...values);
  }

  private statement(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}

/** What is looked up by: taken from the entry, which alone is hashed. */
export interface AuditColumns {
  readonly request: string | null;
  readonly startedAt: number | null;
  readonly gatewayKey: string | null;
  readonly workspace: string | null;
  readonly provider: string | null;
}

export function columnsOf(entry: AuditEntry): AuditColumns {
  const none = { request: null, startedAt: null, gatewayKey: null, workspace: null, provider: null };
  if (entry.kind === "removal") return none;
  if (entry.kind === "content") return { ...none, request: entry.id };
  const { id, startedAt, caller, provider } = entry.record;
  return {
    request: id,
    startedAt,
    gatewayKey: caller.kind === "gatewayKey" ? caller.name : null,
    workspace: caller.workspace?.folder ?? null,
    provider: provider ?? null,
  };
}

/** @param row with `coding`, `asked` and `answer`; throws what decompressing throws */
export function contentOf(entry: Extract<AuditEntry, { kind: "content" }>, row: Row): KeptContent {
  const text = (bytes: unknown): string => decompress(String(row.coding), bytes as Uint8Array);
  return {
    ...(entry.request && row.asked ? { request: { ...entry.request, text: text(row.asked) } } : {}),
    ...(entry.answer && row.answer ? { answer: { ...entry.answer, text: text(row.answer) } } : {}),
  };
}

function condition(filter: AuditFilter): { readonly sql: string; readonly values: SQLInputValue[] } {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (sql: string, value: SQLInputValue | undefined): void => {
    if (value === undefined) return;
    parts.push(sql);
    values.push(value);
  };
  add("started_at >= ?", filter.from);
  add("started_at < ?", filter.until);
  add("gateway_key = ?", filter.gatewayKey);
  add("provider = ?", filter.provider);
  add("workspace = ?", filter.workspace);
  add("request = ?", filter.id);
  // It has no column: whoever asks for it goes through the rows anyway.
  add("json_extract(entry, '$.record.outcome') = ?", filter.outcome);
  if (filter.text !== undefined)
    add(
      "request IN (SELECT request FROM audit WHERE seq IN (SELECT rowid FROM audit_text WHERE audit_text MATCH ?))",
      // Something without a word in it is found nowhere.
      searchExpression(filter.text) ?? '""',
    );
  return { sql: parts.length > 0 ? parts.join(" AND ") : "1", values };
}

function rangesOf(seqs: readonly number[]): SeqRange[] {
  const ranges: SeqRange[] = [];
  for (const seq of seqs) {
    const last = ranges.at(-1);
    if (last && last[1] === seq - 1) ranges[ranges.length - 1] = [last[0], seq];
    else ranges.push([seq, seq]);
  }
  return ranges;
}
