import type { AuditService } from "../audit/auditService";
import { exportToFile } from "../audit/exportAudit";
import type { SessionHandlers } from "./session";

type AuditMethod = "auditedRequest" | "searchAudit" | "removeAudit" | "exportAudit" | "verifyAudit";

/** Ids that a search may give at most. */
const MAX_FOUND = 1_000;

/** What a window may ask of the audit. */
export function auditHandlers(audit: AuditService): Pick<SessionHandlers, AuditMethod> {
  return {
    auditedRequest: async ({ id }) => audit.audited(id),
    searchAudit: async ({ filter, limit }) => ({ ids: audit.find(filter, Math.min(limit, MAX_FOUND)) }),
    removeAudit: async ({ filter, what }) => ({ removed: await audit.remove(filter, what) }),
    exportAudit: async ({ file, ...options }) => ({ requests: await exportToFile(audit, options, file) }),
    verifyAudit: async () => audit.verify(),
  };
}
