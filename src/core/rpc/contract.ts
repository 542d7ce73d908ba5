import type { EngineConfig, EngineProvider } from "../config/engineConfig";
import type { ConfigProblem } from "../config/problems";

/**
 * What a window and the engine say to each other over the private pipe: JSON-RPC 2.0 requests and notifications.
 * Raise PROTOCOL_VERSION whenever an older side would misread a newer one.
 */
export const PROTOCOL_VERSION = 1;

/** The first line the engine reads from its standard input; secrets never travel by argument or environment. */
export interface EngineBoot {
  /** Shared secret of windows and engine, from the secret storage. */
  readonly token: string;
  /** Unix domain socket or Windows named pipe to listen on. */
  readonly pipePath: string;
  /** Folder that the engine alone writes to. */
  readonly dataDir: string;
}

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
  readonly name?: string | undefined;
  /** In tokens. */
  readonly contextWindow?: number | undefined;
}

export interface ProviderStatus {
  readonly id: string;
  readonly state: ProviderState;
  /** One sentence for the person, where there is something to say. */
  readonly detail?: string;
  readonly problems?: readonly ConfigProblem[];
  readonly models: readonly ModelStatus[];
  /** Where the models come from; `pending` while they are being asked for. */
  readonly modelsFrom: "config" | "provider" | "pending" | "unavailable";
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
}

export interface EngineStatus {
  readonly version: string;
  readonly pid: number;
  readonly gateway: GatewayState;
  readonly providers: readonly ProviderStatus[];
  readonly usage: UsageToday;
  /** How many gateway keys are accepted, those of other browsers included. */
  readonly gatewayKeys: number;
  /** Requests running now. */
  readonly running: number;
}

export interface TestResult {
  readonly ok: boolean;
  /** One sentence: what was found, and what to do if it failed. Log-safe. */
  readonly verdict: string;
  /** Round trip of the probe in milliseconds. */
  readonly latencyMs: number;
  /** Models the provider listed, if it did. */
  readonly models: readonly string[];
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
export interface EngineRequests {
  hello: { params: HelloParams; result: HelloResult };
  authenticate: { params: AuthenticateParams; result: { readonly log: readonly LogEntry[] } };
  configure: { params: EngineConfig; result: EngineStatus };
  startGateway: { params: Record<string, never>; result: EngineStatus };
  stopGateway: { params: Record<string, never>; result: EngineStatus };
  status: { params: Record<string, never>; result: EngineStatus };
  /** Tests a provider as given, which need not be configured yet. */
  testProvider: { params: EngineProvider; result: TestResult };
  refreshModels: { params: { readonly providerId: string }; result: EngineStatus };
  /** Where this window's own chat requests go; see `ChatAccess`. Asked again, the answer is the same. */
  chatAccess: { params: Record<string, never>; result: ChatAccess };
  /** Gives pipe and port free at once, finishes running requests, then exits. */
  drain: { params: Record<string, never>; result: Record<string, never> };
}

/** Notifications from the engine to every window. */
export interface EngineNotifications {
  statusChanged: EngineStatus;
  log: LogEntry;
  /** Sent to the other windows by an engine that was asked to drain: its successor comes, start none yourself. */
  draining: Record<string, never>;
}
