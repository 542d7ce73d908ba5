import type { EngineConfig, EngineProvider } from "../config/engineConfig";
import type { ConfigProblem } from "../config/problems";
import type { EngineFacts } from "../diagnosis/facts";
import type { Finding } from "../diagnosis/finding";
import type { PaidProbe, ProbeResult } from "../diagnosis/probes";
import type { RequestPage, RequestQuery } from "../governance/ledgerQuery";
import type { Held, RequestBeginning } from "../governance/openRequest";
import type { Period, TimeRange } from "../governance/period";
import type { RequestRecord } from "../governance/requestRecord";
import type { Scope, ScopeKind, Totals } from "../governance/spend";
import type { ModelFacts } from "../models/facts";
import type { AuditRequests, PolicyWarning } from "./audit";
import type { LimitsStatus } from "./limitsStatus";
import type { StatusChange } from "./statusChange";
import type { TaskRunRequests } from "./taskRuns";

/**
 * What a window and the engine say to each other over the private pipe: JSON-RPC 2.0 requests and notifications.
 * Raise PROTOCOL_VERSION whenever an older side would misread a newer one.
 */
export const PROTOCOL_VERSION = 2;

/** The first line the engine reads from its standard input; secrets never travel by argument or environment. */
export interface EngineBoot {
  /** Shared secret of windows and engine, from the secret storage. */
  readonly token: string;
  /** Unix domain socket or Windows named pipe to listen on. */
  readonly pipePath: string;
  /** Folder that the engine alone writes to. */
  readonly dataDir: string;
}

/** How the ids begin by which the ledger's notices are claimed. */
export const LEDGER_NOTICE = "ledger ";

/** File in the data folder that holds the path of the owning engine's pipe. */
export const PIPE_NOTE = "pipe";

/** Both sides prove that they know the token without sending it: a planted pipe learns nothing. */
export interface HelloParams {
  readonly protocolVersion: number;
  /** The extension's version. */
  readonly version: string;
  readonly clientNonce: string;
}
export interface HelloResult {
  readonly protocolVersion: number;
  readonly version: string;
  readonly serverNonce: string;
  /** HMAC-SHA256 of `proofText("engine", …)` with the token, hex. */
  readonly proof: string;
}
export interface AuthenticateParams {
  /** HMAC-SHA256 of `proofText("window", …)` with the token, hex. */
  readonly proof: string;
}

/** The text that each side signs; the role keeps one side's proof from being replayed as the other's. */
export function proofText(role: "engine" | "window", clientNonce: string, serverNonce: string): string {
  return `postern ${role} ${clientNonce} ${serverNonce}`;
}

export type GatewayState =
  | { readonly state: "stopped" }
  | { readonly state: "running"; readonly url: string; readonly host: string; readonly port: number }
  | { readonly state: "failed"; readonly code: string; readonly message: string; readonly port: number };

/**
 * ready: can be used. disabled: switched off by the person. keyMissing: needs a key that is not there.
 * failing: the last call failed. faulty: its configuration cannot be used.
 */
export type ProviderState = "ready" | "disabled" | "keyMissing" | "failing" | "faulty";

export interface ModelStatus {
  readonly id: string;
  /** A name to show: the person's, else the provider's. */
  readonly name?: string;
  /** What is known of it, and from where. */
  readonly facts: ModelFacts;
  /** Listed first. */
  readonly pinned?: true;
  /** Listed nowhere but among the hidden ones. */
  readonly hidden?: true;
  /** Not listed by the provider; the person has added it. */
  readonly added?: true;
}

/** active: requests are sent with it. coolingDown: left alone for a while. refused: the provider does not take it. */
export type CredentialState = "active" | "coolingDown" | "refused";

/** How one of a provider's credentials does; never the credential itself. */
export interface CredentialStatus {
  readonly label: string;
  /** A Copilot account's token as it may be shown: its first ten characters and its last four. */
  readonly masked?: string;
  readonly state: CredentialState;
  /** One sentence for the person, where there is something to say; log-safe. */
  readonly detail?: string;
}

export interface ProviderStatus {
  readonly id: string;
  readonly state: ProviderState;
  /** One sentence for the person, where there is something to say. */
  readonly detail?: string;
  /** What failed, with what can be done about it, where that is known. */
  readonly finding?: Finding;
  readonly problems?: readonly ConfigProblem[];
  readonly models: readonly ModelStatus[];
  /** Where the models come from; `pending` while they are being asked for. */
  readonly modelsFrom: "config" | "provider" | "pending" | "unavailable";
  /** Time to the first byte of its last answer, in milliseconds. */
  readonly latencyMs?: number;
  /** In the order in which they are used; absent where nothing is known of them yet. */
  readonly credentials?: readonly CredentialStatus[];
  /** When the provider listed them, in milliseconds since the epoch. */
  readonly listedAt?: number;
  /** How long ago that was, in whole hours. */
  readonly listedHoursAgo?: number;
}

/** ready: it is asked. resting: left alone for a while after failures. unusable: it cannot be asked at all. */
export type RouteTargetState = "ready" | "resting" | "unusable";

export interface RouteTargetStatus {
  /** As it stands in the route. */
  readonly model: string;
  readonly state: RouteTargetState;
  /** `provider/model` that it comes to. */
  readonly servedBy?: string;
  /** One sentence for the person, where there is something to say. */
  readonly detail?: string;
  /** Recent time to the first byte, in milliseconds. */
  readonly latencyMs?: number;
}

export interface RouteStatus {
  /** Its name, or what it matches. */
  readonly name: string;
  readonly targets: readonly RouteTargetStatus[];
  /** What to know of it although nothing is wrong, each a sentence without its subject, the route. */
  readonly notes?: readonly string[];
}

/** Counts since local midnight. Tokens are what providers reported; requests without a report are counted apart. */
export interface UsageToday {
  /** Local date, YYYY-MM-DD. */
  readonly day: string;
  readonly requests: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Requests that were answered without a usage report. */
  readonly unreported: number;
  readonly cost?: SpentSum;
  /** Since the local month began. */
  readonly month?: SpentSum;
}

/** What requests have cost, and how much of that is known how. */
export interface SpentSum {
  /** In millionths of a US dollar. */
  readonly microUsd: number;
  /** Of that: estimated, not reported. */
  readonly estimatedMicroUsd: number;
  /** Requests that used tokens whose price is not known, and that are not in the sum. */
  readonly unpriced: number;
}

/**
 * What is wrong with the ledger, as one sentence for the person. damaged: the file was set aside and a new one begun.
 * unwritable: the disk or the folder. newer: a newer version's file. unavailable: Node has no SQLite.
 */
export interface LedgerNotice {
  readonly kind: "damaged" | "unwritable" | "newer" | "unavailable";
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

export interface LedgerStatus {
  /** Where requests are kept: memory is forgotten when the engine ends. */
  readonly kept: "disk" | "memory";
  /** Requests that wait to be written. */
  readonly unwritten: number;
  /** Of those, how many lost their details because there were too many; their totals are still there. */
  readonly lost: number;
  readonly notices: readonly LedgerNotice[];
}

export interface EngineStatus {
  readonly version: string;
  readonly pid: number;
  readonly gateway: GatewayState;
  readonly providers: readonly ProviderStatus[];
  readonly routes: readonly RouteStatus[];
  readonly usage: UsageToday;
  readonly ledger?: LedgerStatus;
  /** How many gateway keys are accepted, those of other browsers included. */
  readonly gatewayKeys: number;
  /** Requests running now. */
  readonly running: number;
  /** What may still be used. */
  readonly limits?: LimitsStatus;
}

/** A stretch of time: the period that now lies in, or from one moment to another. */
export type Within = { readonly period: Period } | { readonly range: TimeRange };

export type TotalsParams = Within & { readonly scope: Scope };
export interface TotalsResult {
  readonly range: TimeRange;
  readonly totals: Totals;
  readonly held: Held;
}

export type BreakdownParams = Within & { readonly by: ScopeKind };
export interface BreakdownResult {
  readonly range: TimeRange;
  readonly entries: readonly { readonly name: string; readonly totals: Totals }[];
}

export interface TestResult {
  readonly ok: boolean;
  /** One sentence: what was found, and what to do if it failed. Log-safe. */
  readonly verdict: string;
  /** What failed, with the buttons that mend it. */
  readonly finding?: Finding;
  /** Round trip of the probe in milliseconds. */
  readonly latencyMs: number;
  /** Models the provider listed, if it did. */
  readonly models: readonly string[];
  /** How far the provider's clock is ahead of this machine's, in seconds, where it said its time. */
  readonly clockAheadSeconds?: number;
}

export interface ProbeParams {
  /** As given; need not be configured yet. */
  readonly provider: EngineProvider;
  readonly probe: PaidProbe;
  /** As it is configured or listed. */
  readonly model?: string;
}

export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly level: "error" | "warn" | "info" | "debug" | "trace";
  readonly message: string;
}

/**
 * The way of a window's own requests to models: plain HTTP/1.1, the gateway's paths and protocols, over a second
 * private socket. Good as long as the window's connection to the engine.
 */
export interface ChatAccess {
  /** Unix domain socket in the pipe's folder, or a Windows named pipe. */
  readonly path: string;
  /** Sent as `authorization: Bearer …`; made for this window alone, and only ever in memory. */
  readonly token: string;
}

/** Requests from a window to the engine: method name → parameters and result. */
export interface EngineRequests extends AuditRequests, TaskRunRequests {
  hello: { params: HelloParams; result: HelloResult };
  authenticate: { params: AuthenticateParams; result: { readonly log: readonly LogEntry[] } };
  configure: { params: EngineConfig; result: EngineStatus };
  startGateway: { params: Record<string, never>; result: EngineStatus };
  stopGateway: { params: Record<string, never>; result: EngineStatus };
  status: { params: Record<string, never>; result: EngineStatus };
  /** Tests a provider as given, which need not be configured yet. */
  testProvider: { params: EngineProvider; result: TestResult };
  /** Tries one thing with a model, by a tiny request that costs some tokens. */
  runProbe: { params: ProbeParams; result: ProbeResult };
  diagnose: { params: Record<string, never>; result: EngineFacts };
  /** Fetches the Copilot runtime into the data folder; how far it is comes as `copilotDownload`. */
  downloadCopilot: { params: { readonly registry?: string }; result: { readonly path: string } };
  refreshModels: { params: { readonly providerId: string }; result: EngineStatus };
  /** Cuts every request that runs on a gateway key. */
  abortRequests: { params: { readonly gatewayKey: string }; result: { readonly aborted: number } };
  /** Asks for a limit's or the ledger's notice; of several windows one is told yes, and shows it. */
  claimNotice: { params: { readonly id: string }; result: { readonly claimed: boolean } };
  /** Where this window's own chat requests go; see `ChatAccess`. Asked again, the answer is the same. */
  chatAccess: { params: Record<string, never>; result: ChatAccess };
  /** There is no other credential than the one that was refused. Where there is, it comes with `configure`. */
  credentialKept: { params: CredentialRefusal; result: Record<string, never> };
  /** Requests of the ledger, the latest first. */
  queryRequests: { params: RequestQuery; result: RequestPage };
  /** One request; absent if the ledger has none of that id. */
  findRequest: { params: { readonly id: string }; result: { readonly request?: RequestRecord } };
  /** Requests that are running, as far as the ledger was told of them. */
  runningRequests: {
    params: Record<string, never>;
    result: { readonly requests: readonly RequestBeginning[] };
  };
  /** What is spent and held in a scope; `period` is the one that now lies in, unless `range` says otherwise. */
  totals: { params: TotalsParams; result: TotalsResult };
  /** The same for each name of a kind, e.g. for each provider; what is held is not among it. */
  breakdown: { params: BreakdownParams; result: BreakdownResult };
  /** Gives pipe and port free at once, finishes running requests, then exits. */
  drain: { params: Record<string, never>; result: Record<string, never> };
}

/** A credential that its provider did not take. */
export interface CredentialRefusal {
  readonly providerId: string;
  readonly label: string;
}

/** Notifications from the engine to every window. */
export interface EngineNotifications {
  policyWarning: PolicyWarning;
  /** Sent to the window that has asked for the download. Bytes. */
  copilotDownload: { readonly received: number; readonly total?: number };
  /** The first has the models of every provider, later ones of those alone whose models have changed. */
  statusChanged: StatusChange;
  log: LogEntry;
  /** Sent to one window of each secret storage: it gets another credential if it can, and answers either way. */
  credentialRefused: CredentialRefusal;
  /** Sent to the other windows by an engine that was asked to drain: its successor comes, start none yourself. */
  draining: Record<string, never>;
}
