import type { NetworkConfig } from "../../core/config/engineConfig";
import type { EngineFacts } from "../../core/diagnosis/facts";
import type { EngineStatus, LogEntry } from "../../core/rpc/contract";
import { trustedTls } from "../relay/trust";

const LOG_ENTRIES = 20;

/** What the engine says about itself for a diagnosis. */
export function engineFacts(
  { version, pid, gateway, running }: EngineStatus,
  { httpProxy, httpsProxy, systemCertificates }: NetworkConfig,
  log: readonly LogEntry[],
): EngineFacts {
  return {
    version,
    node: process.versions.node,
    pid,
    uptimeSeconds: Math.round(process.uptime()),
    gateway,
    running,
    certificates: trustedTls(systemCertificates).state,
    proxied: { http: httpProxy !== undefined, https: httpsProxy !== undefined },
    log: log.filter(({ level }) => level === "error" || level === "warn").slice(-LOG_ENTRIES),
  };
}
