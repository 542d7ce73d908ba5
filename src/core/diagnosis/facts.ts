import type { GatewayState, LogEntry } from "../rpc/contract";

/** Which CAs the engine trusts besides those that Node brings. */
export interface CertificateState {
  /** unavailable: this Node cannot read the system's store. */
  readonly system: "used" | "off" | "unavailable" | "failed";
  readonly systemCount: number;
  /** What became of NODE_EXTRA_CA_CERTS. */
  readonly extra: "none" | "used" | "unreadable";
}

/** What the engine says about itself for a diagnosis. It holds no address of a proxy, which may have a password. */
export interface EngineFacts {
  readonly version: string;
  /** Of Node, like `24.1.0`. */
  readonly node: string;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly gateway: GatewayState;
  /** Requests running now. */
  readonly running: number;
  readonly certificates: CertificateState;
  /** Which schemes go through a proxy. */
  readonly proxied: { readonly http: boolean; readonly https: boolean };
  /** Its latest warnings and errors. */
  readonly log: readonly LogEntry[];
}
