import type { AuditedRequest } from "../../core/governance/audit/auditEntry";
import { readableAnswer, readableRequest } from "../../core/governance/audit/readable";
import type { WireProtocol } from "../../core/protocols/wire";
import type { AuditedDetail } from "../../core/rpc/audit";
import type { AuditService } from "../audit/auditService";
import { exportToFile } from "../audit/exportAudit";
import type { SessionHandlers } from "./session";

type AuditMethod = "auditedRequest" | "searchAudit" | "removeAudit" | "exportAudit" | "verifyAudit";

/** Ids that a search may give at most. */
const MAX_FOUND = 1_000;

/** What a window may ask of the audit. */
export function auditHandlers(audit: () => AuditService): Pick<SessionHandlers, AuditMethod> {
  return {
    auditedRequest: async ({ id, protocol }) => detailed(audit().audited(id), protocol),
    searchAudit: async ({ filter, limit }) => ({ ids: audit().find(filter, Math.min(limit, MAX_FOUND)) }),
    removeAudit: async ({ filter, what }) => ({ removed: await audit().remove(filter, what) }),
    exportAudit: async ({ file, ...options }) => ({ requests: await exportToFile(audit(), options, file) }),
    verifyAudit: async () => audit().verify(),
  };
}

/** The protocols are known here, so that a window need not have them. */
function detailed(audited: AuditedRequest, protocol: WireProtocol): AuditedDetail {
  const { request, answer } = audited.content ?? {};
  const asked = request && readableRequest(protocol, request.text);
  const answered = answer && readableAnswer(protocol, answer.text);
  if (!asked && !answered) return audited;
  return {
    ...audited,
    readable: { ...(asked ? { request: asked } : {}), ...(answered ? { answer: answered } : {}) },
  };
}
