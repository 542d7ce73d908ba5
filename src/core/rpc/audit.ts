import type { AuditedRequest, AuditFilter } from "../governance/audit/auditEntry";
import type { AuditVerdict } from "../governance/audit/auditVerdict";
import type { ReadableTurn } from "../governance/audit/readable";
import type { PolicyExplanation } from "../governance/policy/explain";
import type { WireProtocol } from "../protocols/wire";

/** A request that a person asks the policy about. */
export interface PolicyQuestion {
  readonly workspace?: string;
  readonly remote?: string;
  readonly trusted?: boolean;
  readonly task?: string;
  /** Name of a gateway key, for its labels. */
  readonly key?: string;
  /** Model id, as a client would send it. */
  readonly model?: string;
  /** A text to be searched for secrets. */
  readonly text?: string;
}

/** What was kept of a request, also as the conversation that it was, where it can be read as one. */
export interface AuditedDetail extends AuditedRequest {
  readonly readable?: {
    readonly request?: readonly ReadableTurn[];
    readonly answer?: readonly ReadableTurn[];
  };
}

export type ExportFormat = "jsonl" | "csv";

/** A policy rule warns of a request that was sent all the same. */
export interface PolicyWarning {
  readonly rule: string;
  /** The rule's own text, or one that names it. A repository may have written it. */
  readonly message: string;
  /** Name of the gateway key, or id of the extension, that asked. */
  readonly caller: string;
}

/** What a window asks of the audit and the policy. */
export interface AuditRequests {
  /** What is known of a request beside its record in the ledger. */
  auditedRequest: { params: { readonly id: string; readonly protocol: WireProtocol }; result: AuditedDetail };
  /** Ids of the audited requests that a filter means, the latest first. */
  searchAudit: {
    params: { readonly filter: AuditFilter; readonly limit: number };
    result: { readonly ids: readonly string[] };
  };
  /** Deletes what was kept: the texts alone, or the audit's rows too. The ledger's rows stay. */
  removeAudit: {
    params: { readonly filter: AuditFilter; readonly what: "content" | "rows" };
    result: { readonly removed: number };
  };
  /** Writes an export to a file of the machine that the engine runs on. */
  exportAudit: {
    params: {
      readonly file: string;
      readonly format: ExportFormat;
      readonly filter: AuditFilter;
      /** JSONL only: with what was kept of requests and answers. */
      readonly content: boolean;
    };
    result: { readonly requests: number };
  };
  verifyAudit: { params: Record<string, never>; result: AuditVerdict };
  explainPolicy: { params: PolicyQuestion; result: PolicyExplanation };
}
