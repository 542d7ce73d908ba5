/** Where the gateway listens, as far as the guard needs to know. */
export interface ListenAddress {
  /** The host as configured. */
  readonly host: string;
  readonly port: number;
}

/** What a request says of where it was sent and who sent it. Absent headers are undefined. */
export interface OriginHeaders {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

const LOOPBACK_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Whether the gateway can be reached only from this machine. */
export function isLoopbackHost(host: string): boolean {
  return /^(localhost|::1|\[::1\]|127(\.\d{1,3}){3})$/i.test(host);
}

/**
 * Binding to loopback does not keep web pages out: a page can point its own name at 127.0.0.1 (DNS rebinding) and is
 * then same-origin. What it cannot do is send another `Host`. So the host must be, to the letter, a name that only
 * means this machine, with our port.
 */
export function isHostAllowed(hostHeader: string | undefined, listen: ListenAddress): boolean {
  if (hostHeader === undefined) return false;
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+)(?::([1-9]\d{0,4}))?$/.exec(hostHeader);
  if (!match) return false;
  const name = (match[1] ?? "").toLowerCase();
  const port = match[2] === undefined ? 80 : Number(match[2]);
  if (port !== listen.port) return false;
  if (LOOPBACK_NAMES.has(name)) return true;
  if (isLoopbackHost(listen.host)) return name === listen.host.toLowerCase();
  // Opened to the network on purpose: a bare address cannot be rebound, a name only if it was configured.
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || name.startsWith("[") || name === listen.host.toLowerCase();
}

/** Browsers say where a request comes from; tools do not. Only the gateway's own address may be named. */
export function isOriginAllowed({ origin, fetchSite, host }: OriginHeaders): boolean {
  if (fetchSite !== undefined && fetchSite !== "same-origin" && fetchSite !== "none") return false;
  return origin === undefined || origin.toLowerCase() === `http://${host?.toLowerCase()}`;
}
