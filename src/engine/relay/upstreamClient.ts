import { Agent, type Dispatcher, EnvHttpProxyAgent } from "undici";
import { type NetworkConfig, proxyUrl } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { proxyClient } from "./proxyFaults";
import { trustedTls } from "./trust";

const MINUTE_MS = 60_000;

/** Reasoning models may think for minutes before the first byte, and between two. */
const TIMEOUTS = { headersTimeout: 15 * MINUTE_MS, bodyTimeout: 10 * MINUTE_MS, connectTimeout: 10_000 };

/**
 * The connections to providers, kept alive: a TLS handshake saved is worth more than anything else here.
 * Local servers (uvicorn among them) close idle connections after 5 s without saying so, and a request sent into that
 * moment is lost; reconnecting to them costs nothing, so they are let go early.
 */
export class UpstreamClient {
  private network: NetworkConfig = {};
  private remote: Dispatcher | undefined;
  private local: Dispatcher | undefined;

  /** Changes take effect on the next request; running ones finish on their old connections. */
  setNetwork(network: NetworkConfig): void {
    if (JSON.stringify(network) === JSON.stringify(this.network)) return;
    this.network = network;
    void this.close();
  }

  /** @throws PosternError proxy_invalid */
  dispatcherFor(url: URL): Dispatcher {
    if (url.protocol === "http:") {
      this.local ??= this.create(3_000, false);
      return this.local;
    }
    this.remote ??= this.create(30_000, true);
    return this.remote;
  }

  /** Lets running requests finish, then closes the connections. */
  async close(): Promise<void> {
    const closing = [this.remote, this.local];
    this.remote = undefined;
    this.local = undefined;
    await Promise.all(closing.map((dispatcher) => dispatcher?.close()));
  }

  /** Ends every connection at once. */
  async destroy(): Promise<void> {
    await Promise.all([this.remote?.destroy(), this.local?.destroy()]);
  }

  private create(keepAliveTimeout: number, secure: boolean): Dispatcher {
    const { httpProxy, httpsProxy, noProxy, systemCertificates } = this.network;
    const proxied = httpProxy !== undefined || httpsProxy !== undefined;
    const connect = secure || proxied ? trustedTls(systemCertificates).options : {};
    const options = { ...TIMEOUTS, keepAliveTimeout, maxHeaderSize: 64 * 1024, pipelining: 1, connect };
    if (!proxied) return new Agent(options);
    return new EnvHttpProxyAgent({
      ...options,
      requestTls: connect,
      proxyTls: connect,
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
