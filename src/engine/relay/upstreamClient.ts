import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici";
import { type NetworkConfig, proxyUrl } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { guardedLookup } from "./guardedLookup";

const MINUTE_MS = 60_000;

/** Reasoning models may think for minutes before the first byte, and between two. */
const TIMEOUTS = { headersTimeout: 15 * MINUTE_MS, bodyTimeout: 10 * MINUTE_MS, connectTimeout: 10_000 };

/** What of a provider's connections is its own. */
export interface OwnConnection {
  /** How long connecting may take. */
  readonly connectSeconds?: number | undefined;
  readonly allowMetadataAddress?: boolean | undefined;
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

  /** Changes take effect on the next request; running ones finish on their old connections. */
  setNetwork(network: NetworkConfig): void {
    if (JSON.stringify(network) === JSON.stringify(this.network)) return;
    this.network = network;
    void this.close();
  }

  /**
   * @param own where the provider differs from others
   * @throws PosternError proxy_invalid
   */
  dispatcherFor(url: URL, own: OwnConnection = {}): Dispatcher {
    if (own.connectSeconds !== undefined || own.allowMetadataAddress) return this.otherFor(url.protocol, own);
    if (url.protocol === "http:") {
      this.local ??= this.create(3_000);
      return this.local;
    }
    this.remote ??= this.create(30_000);
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
    const made = this.create(protocol === "http:" ? 3_000 : 30_000, own);
    this.others.set(key, made);
    return made;
  }

  private create(keepAliveTimeout: number, own: OwnConnection = {}): Dispatcher {
    const { connectSeconds, allowMetadataAddress } = own;
    const options = {
      ...TIMEOUTS,
      ...(connectSeconds === undefined ? {} : { connectTimeout: connectSeconds * 1000 }),
      ...(allowMetadataAddress ? {} : { connect: { lookup: guardedLookup() } }),
      keepAliveTimeout,
      maxHeaderSize: 64 * 1024,
      pipelining: 1,
    };
    const { httpProxy, httpsProxy, noProxy } = this.network;
    if (httpProxy === undefined && httpsProxy === undefined) return new Agent(options);
    return new EnvHttpProxyAgent({
      ...options,
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
