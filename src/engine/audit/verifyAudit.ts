import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import type { AuditEntry, SeqRange } from "../../core/governance/audit/auditEntry";
import type { AuditVerdict } from "../../core/governance/audit/auditVerdict";
import { canonicalJson } from "../../core/governance/audit/canonicalJson";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { SELECT_REQUESTS } from "../ledger/ledgerStore";
import { recordOf } from "../ledger/rows";
import { loadSqlite } from "../ledger/sqlite";
import { columnsOf, contentOf } from "./auditStore";
import { digestOf, GENESIS, linkHash, sha256 } from "./chain";

const MAX_FAULTS = 50;
const AUDIT_ROWS = `SELECT audit.*, coding, audit_content.request AS asked, answer
  FROM audit LEFT JOIN audit_content USING (seq) ORDER BY audit.seq`;

type Row = Record<string, unknown>;
type Removal = Extract<AuditEntry, { kind: "removal" }>;

/**
 * Checks every row of the audit: its hash, its columns, the texts that belong to it, that what is gone was deleted by
 * Postern, that the end is the end, and that the ledger's rows still say what was audited.
 * @param noted a hash that was noted earlier and must still be in the chain
 */
export function verifyAudit(database: DatabaseSync, noted?: string): AuditVerdict {
  const verification = new Verification(database, noted);
  for (const _ of verification.steps());
  return verification.verdict();
}

/** How long a check may keep requests waiting, in milliseconds. */
const TURN_MS = 5;

/**
 * The same beside running requests: on a connection of its own, which sees the audit as it is at the beginning.
 * @throws what SQLite says of the file
 */
export async function verifyAuditFile(file: string): Promise<AuditVerdict> {
  const sqlite = loadSqlite();
  if (!sqlite) throw new Error("there is no SQLite");
  const database = new sqlite.DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    database.exec("BEGIN");
    const verification = new Verification(database, undefined);
    let turn = performance.now();
    for (const _ of verification.steps()) {
      if (performance.now() - turn < TURN_MS) continue;
      await setImmediate();
      turn = performance.now();
    }
    return verification.verdict();
  } finally {
    database.close();
  }
}

class Verification {
  private readonly faults: string[] = [];
  private readonly removals: { readonly seq: number; readonly removal: Removal }[] = [];
  private readonly tombstones = new Map<number, Uint8Array>();
  private readonly contentGone: number[] = [];
  /** By request: of one that was settled twice (an engine thought dead), what the latest row says counts. */
  private readonly ledgerFaults = new Map<string, string>();
  private readonly ledgerRow: StatementSync;
  private readonly oldestInLedger: number | undefined;
  private head = { seq: 0, hash: "" };
  private notedSeen: boolean;
  private rows = 0;
  private goneFromLedger: AuditVerdict["goneFromLedger"];

  constructor(
    private readonly database: DatabaseSync,
    private readonly noted: string | undefined,
  ) {
    this.notedSeen = noted === undefined;
    this.ledgerRow = database.prepare(`${SELECT_REQUESTS} WHERE requests.id = ?`);
    const oldest = database.prepare("SELECT min(started_at) AS oldest FROM requests").get()?.oldest;
    this.oldestInLedger = typeof oldest === "number" ? oldest : undefined;
  }

  /** Checks everything, a row a step. */
  *steps(): Generator<void> {
    const begin = this.beginning();
    let expected = begin.seq;
    let previous: Uint8Array | undefined = begin.hash;
    this.see(begin.hash);
    for (const row of this.database.prepare(AUDIT_ROWS).iterate() as Iterable<Row>) {
      const seq = Number(row.seq);
      const hash = row.hash as Uint8Array;
      if (seq !== expected) {
        this.fault(
          seq > expected ? `${rowsText(expected, seq - 1)} missing` : `row ${seq} does not belong there`,
        );
        // What it builds on is not there, so it can only be checked against what follows.
        previous = undefined;
      }
      this.check(row, seq, hash, previous);
      this.see(hash);
      previous = hash;
      expected = seq + 1;
      this.rows += 1;
      yield;
    }
    this.checkEnd(expected - 1, previous);
    this.checkRemovals(begin.seq);
    this.checkStrayContent();
    for (const fault of this.ledgerFaults.values()) this.fault(fault);
    if (!this.notedSeen) this.fault("the hash that was noted earlier is not in the chain any more");
    this.head = { seq: expected - 1, hash: previous ? Buffer.from(previous).toString("hex") : "" };
  }

  verdict(): AuditVerdict {
    const { faults, rows, tombstones, head, goneFromLedger } = this;
    const gone = goneFromLedger === undefined ? {} : { goneFromLedger };
    return { faults, rows, removed: tombstones.size, head, ...gone };
  }

  private see(hash: Uint8Array): void {
    if (!this.notedSeen && Buffer.from(hash).toString("hex") === this.noted) this.notedSeen = true;
  }

  /** Where the chain begins: with the first row, or behind what the latest deletion of the oldest rows has left. */
  private beginning(): { readonly seq: number; readonly hash: Uint8Array } {
    const removals = this.database
      .prepare("SELECT entry FROM audit WHERE kind = 'removal' ORDER BY seq DESC")
      .iterate() as Iterable<Row>;
    for (const { entry } of removals) {
      const removal = entryOf(entry);
      if (removal?.kind === "removal" && removal.what === "beginning")
        return { seq: removal.upTo + 1, hash: Buffer.from(removal.hash, "hex") };
    }
    return { seq: 1, hash: GENESIS };
  }

  private check(row: Row, seq: number, hash: Uint8Array, previous: Uint8Array | undefined): void {
    if (row.entry === null) {
      this.tombstones.set(seq, hash);
      return;
    }
    const text = String(row.entry);
    const entry = entryOf(text);
    const request = entry?.kind === "request" ? entry.record.id : entry?.kind === "content" ? entry.id : "";
    const named = `row ${seq}${request ? ` (request ${request})` : ""}`;
    const link = { seq, writtenAt: Number(row.written_at), entry: text };
    if (previous && !linkHash(previous, link).equals(hash)) this.fault(`${named} was changed, or moved here`);
    if (!entry) {
      this.fault(`${named} cannot be read`);
      return;
    }
    const columns = columnsOf(entry);
    const same =
      row.kind === entry.kind &&
      row.request === columns.request &&
      row.started_at === columns.startedAt &&
      row.gateway_key === columns.gatewayKey &&
      row.workspace === columns.workspace &&
      row.provider === columns.provider;
    if (!same) this.fault(`${named} has columns that differ from what was written`);
    if (entry.kind === "request") this.checkLedger(entry.record, seq);
    if (entry.kind === "removal") this.removals.push({ seq, removal: entry });
    if (entry.kind === "content") this.checkContent(entry, row, named);
  }

  private checkContent(entry: Extract<AuditEntry, { kind: "content" }>, row: Row, named: string): void {
    if (!entry.request && !entry.answer) return;
    if (row.coding === null) {
      this.contentGone.push(Number(row.seq));
      return;
    }
    try {
      const { request, answer } = contentOf(entry, row);
      if (entry.request && sha256(request?.text ?? "") !== entry.request.sha256)
        this.fault(`${named}: the kept request was changed`);
      if (entry.answer && sha256(answer?.text ?? "") !== entry.answer.sha256)
        this.fault(`${named}: the kept answer was changed`);
    } catch {
      this.fault(`${named}: the kept content cannot be read`);
    }
  }

  private checkEnd(last: number, hash: Uint8Array | undefined): void {
    const row = this.database.prepare("SELECT seq, hash FROM audit_head").get() as Row | undefined;
    const seq = Number(row?.seq ?? -1);
    if (this.rows === 0 && seq === 0) return;
    if (seq > last)
      this.fault(`the end is cut off: ${rowsText(this.rows === 0 ? 1 : last + 1, seq)} missing`);
    else if (seq < last) this.fault(`${rowsText(seq + 1, last)} added by somebody else`);
    else if (hash && !Buffer.from(hash).equals(row?.hash as Uint8Array))
      this.fault(`row ${last} is not the one that was written last`);
  }

  /** What is gone has to be gone by a deletion that stands in the chain, later than it. */
  private checkRemovals(begin: number): void {
    const rowsGone = new Set<number>();
    const textsGone = new Set<number>();
    for (const { seq: at, removal } of this.removals) {
      if (removal.what === "beginning") continue;
      const covered = seqsIn(removal.ranges, at).filter((seq) => seq >= begin);
      for (const seq of covered) {
        textsGone.add(seq);
        if (removal.what === "rows") rowsGone.add(seq);
      }
      const whole = removal.ranges.every(([from]) => from >= begin);
      const hashes = covered.flatMap((seq) => this.tombstones.get(seq) ?? []);
      if (removal.what === "rows" && whole && digestOf(hashes) !== removal.digest)
        this.fault(`what row ${at} says was deleted is not what is gone`);
    }
    for (const seq of this.tombstones.keys())
      if (!rowsGone.has(seq)) this.fault(`row ${seq} was emptied by somebody else`);
    for (const seq of this.contentGone)
      if (!textsGone.has(seq)) this.fault(`row ${seq}: its content was taken away by somebody else`);
  }

  private checkStrayContent(): void {
    const stray = this.database
      .prepare(
        "SELECT seq FROM audit_content WHERE seq NOT IN (SELECT seq FROM audit WHERE kind = 'content')",
      )
      .all() as Row[];
    for (const { seq } of stray) this.fault(`row ${String(seq)} has content that was not written with it`);
  }

  /** The ledger deletes its oldest rows; any that is left has to say what was audited. */
  private checkLedger(record: RequestRecord, seq: number): void {
    const { id } = record;
    this.ledgerFaults.delete(id);
    const row = this.ledgerRow.get(id);
    if (!row) {
      if (this.oldestInLedger !== undefined && record.startedAt > this.oldestInLedger)
        this.ledgerFaults.set(id, `request ${id} (row ${seq}) is gone from the ledger`);
      else this.noteGone(record.startedAt);
      return;
    }
    const differing = differences(recordOf(row), record);
    if (differing.length > 0)
      this.ledgerFaults.set(id, `request ${id} (row ${seq}) differs in the ledger: ${differing.join(", ")}`);
  }

  private noteGone(startedAt: number): void {
    // A forged row may say what is no time at all.
    if (Number.isNaN(new Date(startedAt).getTime())) return;
    const { rows = 0, latest = startedAt } = this.goneFromLedger ?? {};
    this.goneFromLedger = { rows: rows + 1, latest: Math.max(latest, startedAt) };
  }

  private fault(text: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(text);
    else if (this.faults.length === MAX_FAULTS) this.faults.push("and more");
  }
}

/** What a row of the ledger may lack, and still must have where it was audited with it. */
const OPTIONAL = [
  "firstByteMs",
  "tool",
  "task",
  "protocolOut",
  "route",
  "provider",
  "model",
  "modelAnswered",
  "credential",
  "errorCode",
  "usage",
  "usageBasis",
  "cost",
  "premiumRequests",
  "premiumBasis",
  "policyRule",
] as const satisfies readonly (keyof RequestRecord)[];

/** Names of the members in which the ledger's row differs; what the ledger has no column for is left aside. */
function differences(ledger: RequestRecord, audited: RequestRecord): string[] {
  const wanted = asInLedger(audited);
  const values = wanted as unknown as Record<string, unknown>;
  const changed = Object.entries(ledger)
    .filter(([name, value]) => canonicalJson(value) !== canonicalJson(values[name]))
    .map(([name]) => name);
  const gone = OPTIONAL.filter((name) => ledger[name] === undefined && wanted[name] !== undefined);
  return [...changed, ...gone];
}

/** As the ledger rounds it, and without what it has no column for: what a provider says that it charges is in the cost. */
function asInLedger({ premiumRequests, usage = {}, ...record }: RequestRecord): RequestRecord {
  const { reportedUsd: _, ...counts } = usage;
  return {
    ...record,
    ...(Object.keys(counts).length > 0 ? { usage: counts } : {}),
    ...(premiumRequests === undefined ? {} : { premiumRequests: Math.round(premiumRequests * 1000) / 1000 }),
  };
}

function entryOf(text: unknown): AuditEntry | undefined {
  try {
    const parsed = JSON.parse(String(text)) as AuditEntry;
    return ["request", "content", "removal"].includes(parsed?.kind) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** @param before a deletion can only name what was there; a larger range is a forged one */
function seqsIn(ranges: readonly SeqRange[], before: number): number[] {
  return ranges.flatMap(([from, to]) =>
    Array.from({ length: Math.max(0, Math.min(to, before - 1) - from + 1) }, (_, index) => from + index),
  );
}

function rowsText(from: number, to: number): string {
  return from === to ? `row ${from} is` : `rows ${from} to ${to} are`;
}
