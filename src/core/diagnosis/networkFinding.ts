import { CHANGE_ADDRESS, type Finding, finding, type Remedy, SET_KEY, TRY_AGAIN } from "./finding";
import { isLoopback, runtimeOf } from "./localRuntimes";

/** The part of a provider that a finding about the network names. */
export interface Reached {
  readonly id: string;
  readonly baseUrl: string;
}

/** Stands for a provider that kept sending and was not done in time. */
export const TOO_SLOW_CODE = "POSTERN_TOO_SLOW";

const TLS_CODE = /CERT|SELF_SIGNED|^ERR_TLS|^ERR_SSL|UNABLE_TO_|^EPROTO$/;
const PROXY_SETTINGS: Remedy = { kind: "openSettings", query: "http.proxy" };
const CERTIFICATE_SETTINGS: Remedy = { kind: "openSettings", query: "http.systemCertificates" };
const WHERE_PROXY = "VS Code's http.proxy, or HTTPS_PROXY in the environment";

/**
 * Why a provider could not be reached and what to do.
 * @param code the system's or undici's error code; `PROXY_…` where it happened on the way to the proxy, and
 * `PROXY_STATUS_nnn` for what the proxy answered
 */
export function networkFinding(provider: Reached, code: string): Finding {
  const url = new URL(provider.baseUrl);
  const where = `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
  if (code.startsWith("PROXY_")) return proxyFinding(where, code.slice("PROXY_".length));
  if (TLS_CODE.test(code)) return tlsFinding(url, where, code);
  if (code.startsWith("HPE_")) {
    const text = `${where} does not speak HTTP (${code}). Check the port; it may want https:// instead of http://.`;
    return finding("not_an_api", text, CHANGE_ADDRESS);
  }
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_FAIL":
    case "ENODATA": {
      const text = `The host ${url.hostname} was not found (${code}). Check the address and the network; a company's hosts may need its VPN.`;
      return finding("host_not_found", text, CHANGE_ADDRESS, TRY_AGAIN);
    }
    case "POSTERN_METADATA": {
      const text = `The host ${url.hostname} leads to an address at which clouds hand out a machine's own credentials, so it is not asked. Check the address.`;
      return finding("metadata_address", text, CHANGE_ADDRESS);
    }
    case "ECONNREFUSED":
      return nothingListens(provider, url, where);
    case "UND_ERR_CONNECT_TIMEOUT":
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
    case "ENETDOWN":
    case "EADDRNOTAVAIL":
    case "EACCES": {
      const text = `There is no connection to ${where} (${code}). Check the address, the network, a VPN or a proxy.`;
      return finding("unreachable", text, CHANGE_ADDRESS, TRY_AGAIN, PROXY_SETTINGS);
    }
    case "UND_ERR_DESTROYED":
    case "UND_ERR_CLOSED":
      return finding("stopped", "The gateway stopped before the answer was complete.", TRY_AGAIN);
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT": {
      const text = `${where} took the request and then stopped answering (${code}). Try again; if it stays so, the server hangs or something on the way holds the answer back.`;
      return finding("timed_out", text, TRY_AGAIN);
    }
    case TOO_SLOW_CODE: {
      const text = `${where} answers so slowly that it was not done in time. Try again; if it stays so, the server or something on the way is overloaded.`;
      return finding("timed_out", text, TRY_AGAIN);
    }
    case "UND_ERR_INVALID_ARG": {
      const text =
        "It cannot be asked: its key or a header has characters that no header may carry. Set the key again.";
      return finding("key_malformed", text, SET_KEY);
    }
    case "UND_ERR_HEADERS_OVERFLOW":
      return finding("not_an_api", `${where} sent headers larger than 64 KB.`, CHANGE_ADDRESS);
    default: {
      const text = `${where} closed the connection (${code || "no reason given"}). Check that the address is right and that http:// or https:// fits the server.`;
      return finding("connection_closed", text, TRY_AGAIN, CHANGE_ADDRESS);
    }
  }
}

/** A local runtime that is not running is the usual reason; its own command starts it. */
function nothingListens(provider: Reached, url: URL, where: string): Finding {
  const runtime = runtimeOf(provider);
  if (!runtime) {
    const hint = isLoopback(url) ? "Start the server, or check address and port." : "Check address and port.";
    return finding("nothing_listens", `Nothing answers at ${where}. ${hint}`, CHANGE_ADDRESS, TRY_AGAIN);
  }
  const { name, start, where: asking } = runtime;
  const port = asking === undefined ? "" : ` (its port changes: ${asking})`;
  return finding(
    "runtime_not_running",
    `Nothing answers at ${where}. Start ${name} with: ${start}${port}`,
    { kind: "startRuntime", runtime: name, command: start },
    TRY_AGAIN,
    CHANGE_ADDRESS,
  );
}

function tlsFinding(url: URL, where: string, code: string): Finding {
  const failed = `${where} did not pass the TLS check (${code})`;
  const trust =
    "Put that CA into the system's certificate store, or name its file in NODE_EXTRA_CA_CERTS, and start VS Code anew.";
  switch (code) {
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "CERT_UNTRUSTED": {
      const text = `${failed}: its certificate is from a CA that is not known here, often a company proxy's. ${trust}`;
      return finding("tls_untrusted", text, CERTIFICATE_SETTINGS, TRY_AGAIN);
    }
    case "DEPTH_ZERO_SELF_SIGNED_CERT": {
      const text = `${failed}: its certificate is self-signed. If the server is yours, name the certificate's file in NODE_EXTRA_CA_CERTS and start VS Code anew.`;
      return finding("tls_self_signed", text, CERTIFICATE_SETTINGS, CHANGE_ADDRESS, TRY_AGAIN);
    }
    case "CERT_HAS_EXPIRED": {
      const text = `${failed}: its certificate has expired. Check this machine's clock; if that is right, the server needs a new one.`;
      return finding("tls_expired", text, TRY_AGAIN, CHANGE_ADDRESS);
    }
    case "CERT_NOT_YET_VALID": {
      const text = `${failed}: its certificate is not valid yet. Check this machine's clock.`;
      return finding("tls_not_yet_valid", text, TRY_AGAIN);
    }
    case "ERR_TLS_CERT_ALTNAME_INVALID": {
      const text = `${failed}: its certificate is for another host than ${url.hostname}. Use the name that the certificate is for.`;
      return finding("tls_wrong_host", text, CHANGE_ADDRESS, TRY_AGAIN);
    }
    default:
      break;
  }
  if (/^EPROTO$|^ERR_SSL/.test(code)) {
    const text = `${failed}: it does not speak TLS. A local server may need http:// instead of https://.`;
    const plain: Remedy = {
      kind: "changeAddress",
      baseUrl: url.href.replace(/^https:/, "http:").replace(/\/$/, ""),
    };
    return finding("tls_not_spoken", text, isLoopback(url) ? plain : CHANGE_ADDRESS, TRY_AGAIN);
  }
  const text = `${failed}. A company proxy's certificate can be trusted by NODE_EXTRA_CA_CERTS.`;
  return finding("tls_failed", text, CERTIFICATE_SETTINGS, TRY_AGAIN);
}

/** The proxy's own address is not named: it may hold a password. */
function proxyFinding(where: string, code: string): Finding {
  const status = /^STATUS_(\d+)$/.exec(code)?.[1];
  if (status === "407") {
    const text = `The proxy wants a user name and a password (HTTP 407). Put them into its address, http://USER:PASSWORD@HOST:PORT, in ${WHERE_PROXY}.`;
    return finding("proxy_key_needed", text, PROXY_SETTINGS);
  }
  if (status !== undefined) {
    const text = `The proxy refused to connect to ${where} (HTTP ${status}). Ask its administrator to allow that host, or name the host in http.noProxy or NO_PROXY.`;
    return finding("proxy_refused", text, PROXY_SETTINGS, TRY_AGAIN);
  }
  if (TLS_CODE.test(code) || code === "UND_ERR_PRX_TLS") {
    const text = `The proxy did not pass the TLS check (${code}). Check that its address begins as it should, with http:// or https://, in ${WHERE_PROXY}.`;
    return finding("proxy_tls", text, PROXY_SETTINGS, CERTIFICATE_SETTINGS);
  }
  const text = `The proxy could not be reached (${code || "no reason given"}), so ${where} could not be either. Check ${WHERE_PROXY}, or the VPN.`;
  return finding("proxy_unreachable", text, PROXY_SETTINGS, TRY_AGAIN);
}

/** For a proxy whose address cannot be used at all. */
export function invalidProxyFinding(sentence: string): Finding {
  return finding("proxy_invalid", sentence, PROXY_SETTINGS);
}
