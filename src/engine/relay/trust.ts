import { existsSync } from "node:fs";
import * as tls from "node:tls";
import type { CertificateState } from "../../core/diagnosis/facts";

/** Whom connections to providers trust. */
export interface Trusted {
  /** For undici's `connect`, `requestTls` and `proxyTls`; empty where Node's own choice is right. */
  readonly options: { readonly secureContext?: tls.SecureContext };
  readonly state: CertificateState;
}

/**
 * The CAs that Node brings, those of NODE_EXTRA_CA_CERTS, and those of the operating system's store, where companies
 * put their proxy's. Node reads that store from 22.15 on. A context is made once for all connections: reading hundreds
 * of certificates for each would cost tens of milliseconds.
 */
export function trustedTls(systemCertificates: boolean | undefined = true): Trusted {
  const extra = extraState();
  if (!systemCertificates) return { options: {}, state: { system: "off", systemCount: 0, extra } };
  // Not in the Node 20 that runs the headless program at the least.
  const read: typeof tls.getCACertificates | undefined = tls.getCACertificates;
  if (read === undefined) return { options: {}, state: { system: "unavailable", systemCount: 0, extra } };
  try {
    const system = read("system");
    const state: CertificateState = { system: "used", systemCount: system.length, extra };
    if (system.length === 0) return { options: {}, state };
    const all = [...new Set([...read("default"), ...system])];
    return { options: { secureContext: tls.createSecureContext({ ca: all }) }, state };
  } catch {
    return { options: {}, state: { system: "failed", systemCount: 0, extra } };
  }
}

/** Node passes over a file that it cannot read, with a warning that nobody sees. */
function extraState(): CertificateState["extra"] {
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (!file) return "none";
  return existsSync(file) ? "used" : "unreadable";
}
