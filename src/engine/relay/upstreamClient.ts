import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici";
import { type EngineProvider, type NetworkConfig, proxyUrl } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { guardedLookup } from "./guardedLookup";
import { proxyClient } from "./proxyFaults";
import { type Trusted, trustedTls } from "./trust";

const MINUTE_MS = 60_000;

/** Reasoning models may think for minutes before the first byte, and between two. */
export const TIMEOUTS = {
  headersTimeout: 15 * MINUTE_MS,
  bodyTimeout: 10 * MINUTE_MS,
  connectTimeout: 10_000,
};
/** How long an idle connection is kept. */
const LOCAL_IDLE_MS = 3_000;
const REMOTE_IDLE_MS = 30_000;

/** What of a provider's connections is its own. */
export interface OwnConnection {
  /** How long connecting may take. */
  readonly connectSeconds?: number | undefined;
  readonly allowMetadataAddress?: boolean | undefined;
}

/** What a provider's configuration says of it. */
export function ownConnection({ config }: Pick<EngineProvider, "config">): OwnConnection {
  const { timeouts, allowMetadataAddress } = config;
  return { connectSeconds: timeouts?.connectSeconds, allowMetadataAddress };
}

/**
 * The connections to providers, kept alive: a TLS handshake saved is worth more than anything else here.
 * Local servers (uvicorn among them) close idle connections after 5 s without saying so, and a request sent into that
 * moment is lost; reconnecting to them costs nothing, so they are let go early.
 */
export class UpstreamClient {
  private network: NetworkConfig = {};
  private remote: Dispatcher | undefined;
  private local: Dispatcher | undefined;
  /** For providers with a time of their own to connect, by scheme and seconds. */
  private readonly others = new Map<string, Dispatcher>();
  /** Read when the first connection needs it: the system's store takes some time. */
  private trusted: Trusted | undefined;

  /** Changes take effect on the next request; running ones finish on their old connections. */
  setNetwork(network: NetworkConfig): void {
    if (JSON.stringify(network) === JSON.stringify(this.network)) return;
    this.network = network;
    this.trusted = undefined;
    void this.close();
  }

  /**
   * @param own where the provider differs from others
   * @throws PosternError proxy_invalid
   */
  dispatcherFor({ protocol }: Pick<URL, "protocol">, own: OwnConnection = {}): Dispatcher {
    if (own.connectSeconds !== undefined || own.allowMetadataAddress) return this.otherFor(protocol, own);
    if (protocol === "http:") {
      this.local ??= this.create(protocol);
      return this.local;
    }
    this.remote ??= this.create(protocol);
    return this.remote;
  }

  /** Lets running requests finish, then closes the connections. */
  async close(): Promise<void> {
    const closing = [this.remote, this.local, ...this.others.values()];
    this.remote = undefined;
    this.local = undefined;
    this.others.clear();
    await Promise.all(closing.map((dispatcher) => dispatcher?.close()));
  }

  /** Ends every connection at once. */
  async destroy(): Promise<void> {
    const all = [this.remote, this.local, ...this.others.values()];
    await Promise.all(all.map((dispatcher) => dispatcher?.destroy()));
  }

  private otherFor(protocol: string, own: OwnConnection): Dispatcher {
    const key = `${protocol} ${own.connectSeconds} ${own.allowMetadataAddress}`;
    const known = this.others.get(key);
    if (known) return known;
    const made = this.create(protocol, own);
    this.others.set(key, made);
    return made;
  }

  private create(protocol: string, { connectSeconds, allowMetadataAddress }: OwnConnection = {}): Dispatcher {
    const { httpProxy, httpsProxy, noProxy, systemCertificates } = this.network;
    const proxied = httpProxy !== undefined || httpsProxy !== undefined;
    if (protocol === "https:" || proxied) this.trusted ??= trustedTls(systemCertificates);
    const timeout = connectSeconds === undefined ? TIMEOUTS.connectTimeout : connectSeconds * 1000;
    const tls = { ...this.trusted?.options, timeout };
    const options = {
      ...TIMEOUTS,
      connect: { ...tls, ...(allowMetadataAddress ? {} : { lookup: guardedLookup() }) },
      keepAliveTimeout: protocol === "http:" ? LOCAL_IDLE_MS : REMOTE_IDLE_MS,
      maxHeaderSize: 64 * 1024,
      pipelining: 1,
    };
    if (!proxied) return new Agent(options);
    return new EnvHttpProxyAgent({
      ...options,
      requestTls: tls,
      proxyTls: tls,
      clientFactory: proxyClient,
      // Empty, not absent: what the engine's own environment says must not come in by the back door.
      httpProxy: usable(httpProxy, "http"),
      httpsProxy: usable(httpsProxy, "https"),
      noProxy: withLoopback(noProxy),
    });
  }
}

/** @throws PosternError proxy_invalid */
function usable(proxy: string | undefined, scheme: string): string {
  if (proxy === undefined) return "";
  const url = proxyUrl(proxy);
  if (url !== null) return url;
  throw new PosternError(
    "proxy_invalid",
    `The proxy for ${scheme}:// addresses is not an http:// or https:// address. Correct VS Code's http.proxy, or the environment variable ${scheme}_proxy.`,
  );
}

/** A local server is never behind the proxy. */
function withLoopback(noProxy: string | undefined): string {
  return [noProxy, "localhost", "127.0.0.1", "::1"].filter(Boolean).join(",");
}
