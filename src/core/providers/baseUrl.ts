import type { ProviderConfig } from "../config/schema";
import { isMetadataHost } from "./linkLocal";

/** What a provider's address says about itself; null where it is fine. The text says what to write instead. */
export function baseUrlFault(
  provider: Pick<ProviderConfig, "type" | "baseUrl" | "allowMetadataAddress">,
): string | null {
  const placeholder = /\{[a-z]*\}/i.exec(provider.baseUrl)?.[0];
  if (placeholder !== undefined) return `has ${placeholder} in it; write your own value in its place`;
  let url: URL;
  try {
    url = new URL(provider.baseUrl);
  } catch {
    return "is not an address; it should look like https://api.example.com/v1";
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return "must begin with https:// or http://";
  if (url.username !== "" || url.password !== "") {
    return "has a user name or password in it; put the credential into the key instead";
  }
  if (url.search !== "" || url.hash !== "")
    return "must not have a query or a fragment; an api-version goes into azure.apiVersion";
  if (isMetadataHost(url.hostname) && provider.allowMetadataAddress !== true) {
    return "is an address at which clouds hand out a machine's own credentials; if a model really answers there, set allowMetadataAddress";
  }
  return azureFault(provider.type, url);
}

/** Where Azure OpenAI and Foundry have their resources. */
export const AZURE_HOST = /\.(openai\.azure\.com|services\.ai\.azure\.com|cognitiveservices\.azure\.com)$/i;

/** Azure and Foundry serve several APIs on one host; the wrong `type` answers only with a bare 404. */
function azureFault(type: ProviderConfig["type"], url: URL): string | null {
  const path = trimSlashes(url.pathname);
  const azureHost = AZURE_HOST.test(url.hostname);
  if (type === "azure" && /(^|\/)anthropic(\/|$)/.test(path)) {
    return 'is a Claude address of Foundry: use type "anthropic" with it';
  }
  if (type === "azure" && /(^|\/)openai\/v1$/.test(path)) {
    return 'ends in /openai/v1: use type "openai" with this address, or type "azure" with only https://HOST';
  }
  if (type === "azure" && /\/deployments\//.test(`/${path}/`)) {
    return 'has a deployment in it: leave only https://HOST and name the deployment under "models"';
  }
  if (type === "azure" && azureHost && path === "models") {
    return "ends in /models, which is the path of another API: leave only https://HOST";
  }
  if (type === "openai" && azureHost && (path === "" || path === "openai")) {
    return 'is an Azure host: use type "azure" with it, or type "openai" with https://HOST/openai/v1';
  }
  if (type === "anthropic" && azureHost && !/(^|\/)anthropic(\/|$)/.test(path)) {
    return 'is an Azure host: for Claude on Foundry the address is https://HOST/anthropic; for OpenAI models use type "azure"';
  }
  return null;
}

/** Whether the address is on this machine or a private network, where servers without a key are usual. */
export function isLocalAddress(baseUrl: string): boolean {
  const host = new URL(baseUrl).hostname.toLowerCase().replace(/^\[|\]$/g, "");
  if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
  if (/^127\.|^10\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\./.test(host)) return true;
  return !host.includes(".") && !host.includes(":") ? true : /\.(local|lan|internal|home\.arpa)$/.test(host);
}

function trimSlashes(path: string): string {
  return path.replace(/^\/+|\/+$/g, "");
}
