import { PosternError } from "../errors";

/** The part of a provider that a message about the network names. */
export interface Reached {
  readonly id: string;
  readonly baseUrl: string;
}

const TLS_CODE = /CERT|SELF_SIGNED|^ERR_TLS|^ERR_SSL|UNABLE_TO_|^EPROTO$/;

/**
 * Says in one sentence why a provider could not be reached and what to do, naming host and port.
 * @param code the system's or undici's error code
 */
export function networkFault(provider: Reached, code: string): PosternError {
  const url = new URL(provider.baseUrl);
  const where = `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
  const who = `Provider "${provider.id}"`;
  if (TLS_CODE.test(code)) {
    const remedy =
      "A company proxy's certificate can be trusted by NODE_EXTRA_CA_CERTS; a local server may need http:// instead of https://.";
    return new PosternError(
      "provider_tls",
      `${who} at ${where} did not pass the TLS check (${code}). ${remedy}`,
    );
  }
  switch (code) {
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new PosternError(
        "provider_unreachable",
        `${who}: the host ${url.hostname} was not found (${code}). Check the address and the network.`,
      );
    case "POSTERN_METADATA":
      return new PosternError(
        "provider_unreachable",
        `${who}: the host ${url.hostname} leads to an address at which clouds hand out a machine's own credentials, so it is not asked. Check baseUrl.`,
      );
    case "ECONNREFUSED":
      return new PosternError(
        "provider_unreachable",
        `${who}: nothing answers at ${where}. ${startHint(provider, url)}`,
      );
    case "UND_ERR_CONNECT_TIMEOUT":
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return new PosternError(
        "provider_unreachable",
        `${who}: no connection to ${where} (${code}). Check the network, a VPN or a proxy.`,
      );
    case "UND_ERR_DESTROYED":
    case "UND_ERR_CLOSED":
      return new PosternError("not_ready", "The gateway stopped before the answer was complete.", {
        retryAfterSeconds: 1,
      });
    case "UND_ERR_HEADERS_TIMEOUT":
    case "UND_ERR_BODY_TIMEOUT":
      return new PosternError("provider_timeout", `${who} at ${where} stopped answering (${code}).`);
    case "UND_ERR_INVALID_ARG":
      return new PosternError(
        "provider_faulty",
        `${who} cannot be asked: its key or a header has characters that no header may carry. Set the key again.`,
      );
    case "UND_ERR_HEADERS_OVERFLOW":
      return new PosternError("provider_not_api", `${who} at ${where} sent headers larger than 64 KB.`);
    default:
      return new PosternError(
        "provider_unreachable",
        `${who} at ${where} closed the connection (${code || "no reason given"}).`,
      );
  }
}

/** A local runtime that is not running is the usual reason; its own command starts it. */
function startHint(provider: Reached, url: URL): string {
  if (url.port === "11434") return "Start Ollama with: ollama serve";
  if (url.port === "1234") return "Start LM Studio's server with: lms server start";
  if (/foundry/i.test(provider.id) && /^(localhost|127\.)/.test(url.hostname)) {
    return "Start Foundry Local with: foundry service start (its port changes: foundry service status)";
  }
  return "Start the server, or check address and port.";
}
