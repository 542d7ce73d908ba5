import type { EngineProvider } from "../config/engineConfig";
import { steersByHeader } from "./steering";

/**
 * Never sent on: what belongs to one connection (RFC 9110, section 7.6.1), what authenticates the client to us, and
 * what a browser or a proxy says about the client, and which account of a subscription is meant. What would steer a
 * gateway behind this one is left out as well, and told.
 */
const DROPPED = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "host",
  "content-length",
  "content-encoding",
  "accept-encoding",
  "authorization",
  "proxy-authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "cookie",
  "origin",
  "referer",
  "forwarded",
  "via",
  "x-github-token-id",
]);
const DROPPED_PREFIX = /^(sec-|x-forwarded-|x-postern-|proxy-)/;

/** The headers of a request to a provider. */
export interface ProviderHeaders {
  /** As undici takes them: names and values in turn. */
  readonly headers: string[];
  /**
   * Which of the client's are left out because they would steer a gateway behind this one, in small letters. What
   * never goes further, such as the client's own key, is not among them.
   */
  readonly steering: readonly string[];
}

/**
 * @param clientHeaders the client's raw headers, names and values in turn
 * @param contentLength of the body in bytes; left out for a request without one
 */
export function providerRequestHeaders(
  provider: EngineProvider,
  clientHeaders: readonly string[],
  contentLength?: number,
): ProviderHeaders {
  const own = ownHeaders(provider);
  const named = connectionTokens(clientHeaders);
  const headers: string[] = [];
  const steering: string[] = [];
  let versionGiven = false;
  for (let at = 0; at + 1 < clientHeaders.length; at += 2) {
    const raw = clientHeaders[at] ?? "";
    const name = raw.toLowerCase();
    if (isDropped(name)) continue;
    if (steersByHeader(name)) {
      if (!steering.includes(name)) steering.push(name);
      continue;
    }
    if (own.has(name) || named?.has(name)) continue;
    if (name === "anthropic-version") versionGiven = true;
    headers.push(raw, clientHeaders[at + 1] ?? "");
  }
  for (const [name, value] of own) headers.push(name, value);
  if (provider.config.type === "anthropic" && !versionGiven && !own.has("anthropic-version")) {
    headers.push("anthropic-version", "2023-06-01");
  }
  // A compressed answer could be neither metered nor ended properly; the line to the client is local anyway.
  headers.push("accept-encoding", "identity");
  if (contentLength !== undefined) headers.push("content-length", String(contentLength));
  return { headers, steering };
}

/** What the configuration says, and the credential where that says nothing of its header; by small letters. */
function ownHeaders(provider: EngineProvider): ReadonlyMap<string, string> {
  const own = new Map<string, string>();
  const { headers = {} } = provider.config;
  for (const name of Object.keys(headers)) own.set(name.toLowerCase(), headers[name] ?? "");
  const [name, value] = credentialHeader(provider) ?? [];
  if (name !== undefined && value !== undefined && !own.has(name)) own.set(name, value);
  return own;
}

function isDropped(name: string): boolean {
  return DROPPED.has(name) || DROPPED_PREFIX.test(name);
}

/** How each type of provider takes a key, unless its configuration names another header. */
const KEY_HEADER = {
  openai: "authorization",
  azure: "api-key",
  anthropic: "x-api-key",
  copilot: "authorization",
} as const;

/** The header that carries a provider's key, in small letters. */
export function keyHeaderOf(config: Pick<EngineProvider["config"], "type" | "authHeader">): string {
  return config.authHeader?.toLowerCase() ?? KEY_HEADER[config.type];
}

/** A bearer token goes into Authorization everywhere. */
function credentialHeader({ config, credential }: EngineProvider): [string, string] | undefined {
  if (credential.kind === "bearerToken") return ["authorization", `Bearer ${credential.value}`];
  if (credential.kind !== "apiKey") return undefined;
  const header = keyHeaderOf(config);
  return [header, header === "authorization" ? `Bearer ${credential.value}` : credential.value];
}

/** The headers that belong to the client's connection by its own word; undefined where it names none. */
function connectionTokens(headers: readonly string[]): ReadonlySet<string> | undefined {
  let tokens: Set<string> | undefined;
  for (let at = 0; at + 1 < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() !== "connection") continue;
    tokens ??= new Set();
    for (const token of (headers[at + 1] ?? "").split(",")) tokens.add(token.trim().toLowerCase());
  }
  return tokens;
}
