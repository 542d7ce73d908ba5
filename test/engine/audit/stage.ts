import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type AuditConfig, auditSchema } from "../../../src/core/config/schema";
import type { AuditVerdict } from "../../../src/core/governance/audit/auditVerdict";
import type { RequestRecord } from "../../../src/core/governance/requestRecord";
import { AuditService } from "../../../src/engine/audit/auditService";
import { verifyAudit } from "../../../src/engine/audit/verifyAudit";
import { LEDGER_FILE } from "../../../src/engine/ledger/database";
import { Ledger } from "../../../src/engine/ledger/ledger";
import { EngineLog } from "../../../src/engine/log/log";
import { SecretDetector } from "../../../src/engine/secrets/secretDetector";
import { temporaryFolder } from "../../support/gateway";
import { record } from "../../support/records";

/** A real ledger with its audit, in a folder of its own, and a clock that the test moves. */
export class AuditStage {
  readonly folder: { readonly path: string; remove(): void };
  now = Date.UTC(2026, 6, 1, 12);
  readonly log = new EngineLog(() => this.now);
  readonly detector = new SecretDetector();
  readonly audit: AuditService;
  readonly ledger: Ledger;

  /** @param path the folder of another stage, as another engine of the same person has it */
  constructor(config: Partial<AuditConfig> = {}, memoryBytes?: number, path?: string) {
    this.folder = path === undefined ? temporaryFolder() : { path, remove: () => {} };
    const { detector, log } = this;
    this.audit = new AuditService({
      detector,
      log,
      now: () => this.now,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    });
    this.audit.configure(auditSchema.parse(config));
    this.ledger = new Ledger({
      folder: this.folder.path,
      log,
      now: () => this.now,
      onWritten: this.audit.onWritten,
    });
    this.audit.use(this.ledger);
  }

  /** A request from its beginning to its row. */
  async request(
    changes: Partial<RequestRecord> = {},
    content: { readonly asked?: string; readonly answered?: readonly string[] } = {},
    forced?: boolean,
  ): Promise<RequestRecord> {
    this.now += 1_000;
    const settled = record({ startedAt: this.now, ...changes });
    const trail = this.audit.begin({ caller: settled.caller, mayBeForced: forced !== undefined });
    if (content.asked !== undefined) trail.request(Buffer.from(content.asked));
    for (const piece of content.answered ?? []) trail.chunk(piece);
    trail.settle(settled, forced);
    this.ledger.append(settled);
    this.ledger.flush();
    await this.audit.settled();
    return settled;
  }

  verify(noted?: string): AuditVerdict {
    const verdict = this.ledger.onDatabase((database) => verifyAudit(database, noted));
    if (!verdict) throw new Error("there is no database");
    return verdict;
  }

  /** Somebody with an editor for databases. */
  tamper(...statements: string[]): void {
    this.ledger.flush();
    const database = new DatabaseSync(join(this.folder.path, LEDGER_FILE));
    try {
      for (const sql of statements) database.exec(sql);
    } finally {
      database.close();
    }
  }

  rows(sql: string): Record<string, unknown>[] {
    return this.ledger.onDatabase((database) => database.prepare(sql).all()) ?? [];
  }

  close(): void {
    this.ledger.close();
    this.folder.remove();
  }
}

export const chatBody = (text: string): string =>
  JSON.stringify({ model: "small", messages: [{ role: "user", content: text }] });

/** A Chat stream that says the pieces one by one. */
export function chatStream(...pieces: string[]): string[] {
  const chunk = (delta: object, finish: string | null = null): string =>
    `data: ${JSON.stringify({ id: "c1", object: "chat.completion.chunk", model: "gpt-small", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  return [...pieces.map((content) => chunk({ content })), chunk({}, "stop"), "data: [DONE]\n\n"];
}
