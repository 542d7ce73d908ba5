import { Ledger } from "../ledger/ledger";
import type { Log } from "../log/log";
import { SecretDetector } from "../secrets/secretDetector";
import { AuditService } from "./auditService";

/** The ledger, the audit that is written with its rows, and the search for secrets that both need. */
export interface AuditedLedger {
  readonly ledger: Ledger;
  readonly audit: AuditService;
  readonly secrets: SecretDetector;
}

/** @param folder the data folder; undefined keeps the ledger in memory, and no audit */
export function openAuditedLedger(folder: string | undefined, log: Log): AuditedLedger {
  const secrets = new SecretDetector();
  const audit = new AuditService({ detector: secrets, log, now: Date.now });
  const ledger = new Ledger({ folder, log, onWritten: audit.onWritten });
  audit.use(ledger);
  return { ledger, audit, secrets };
}
