import type { NetworkConfig } from "../../core/config/engineConfig";
import type { RawSettings } from "./snapshot";

/** What VS Code's settings say of proxies: none at all, or what wins over the environment's. */
export type ProxySettings = "off" | NetworkConfig;

/** Reads `http.proxySupport`, `http.proxy` and `http.noProxy`. */
export function proxySettings(http: RawSettings): ProxySettings {
  // Extensions' requests go straight out then, whatever settings and environment name.
  if (http("proxySupport") === "off") return "off";
  const proxy = http("proxy");
  const noProxy = http("noProxy");
  return {
    ...(typeof proxy === "string" && proxy !== "" ? { httpProxy: proxy, httpsProxy: proxy } : {}),
    ...(Array.isArray(noProxy) && noProxy.length > 0 ? { noProxy: noProxy.join(",") } : {}),
  };
}
