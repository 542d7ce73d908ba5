/**
 * Not passed on to the client: what belongs to one connection, and what a provider says to browsers. A provider's
 * `access-control-allow-origin: *` would open the gateway to web pages.
 */
const DROPPED = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "set-cookie",
  "alt-svc",
  "strict-transport-security",
  "nel",
  "report-to",
  "content-encoding",
]);
const DROPPED_PREFIX = /^(access-control-|x-postern-|cross-origin-)/;

export type ResponseHeaders = Record<string, string | string[]>;

/** The provider's response headers as the client gets them: status, rate limits and request ids stay. */
export function clientResponseHeaders(
  provider: Readonly<Record<string, string | string[] | undefined>>,
): ResponseHeaders {
  const headers: ResponseHeaders = {};
  for (const name in provider) {
    const value = provider[name];
    if (value !== undefined && !DROPPED.has(name) && !DROPPED_PREFIX.test(name)) headers[name] = value;
  }
  return headers;
}

/** The same for a body that is another than the provider's: its length, checksums and version say nothing of it. */
export function withoutLength(headers: ResponseHeaders): ResponseHeaders {
  const about = /^(content-length|content-md5|digest|content-digest|etag)$/;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !about.test(name)));
}
