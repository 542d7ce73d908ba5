import type { NetworkConfig } from "../../core/config/engineConfig";
import type { RawSettings } from "./snapshot";

/** What VS Code's settings say of the way to the network. */
export interface ProxySettings {
  /** No proxy is used, whatever settings and environment name. */
  readonly off: boolean;
  /** What wins over the environment's. */
  readonly network: NetworkConfig;
}

/** Reads `http.proxySupport`, `http.proxy`, `http.noProxy` and `http.systemCertificates`. */
export function proxySettings(http: RawSettings): ProxySettings {
  const certificates = http("systemCertificates") === false ? { systemCertificates: false } : {};
  // Extensions' requests go straight out then.
  if (http("proxySupport") === "off") return { off: true, network: certificates };
  const proxy = http("proxy");
  const noProxy = http("noProxy");
  return {
    off: false,
    network: {
      ...(typeof proxy === "string" && proxy !== "" ? { httpProxy: proxy, httpsProxy: proxy } : {}),
      ...(Array.isArray(noProxy) && noProxy.length > 0 ? { noProxy: noProxy.join(",") } : {}),
      ...certificates,
    },
  };
}
