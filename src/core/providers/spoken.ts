import type { ProviderConfig } from "../config/schema";
import type { WireProtocol } from "../protocols/wire";

type Speaker = Pick<ProviderConfig, "type" | "wireApi" | "baseUrl" | "azure">;

/** The protocol that a provider is spoken to in where the client's own will not do. */
export function preferredProtocol({ type, wireApi }: Pick<Speaker, "type" | "wireApi">): WireProtocol {
  if (type === "anthropic") return "messages";
  return wireApi === "responses" ? "responses" : "chat";
}

/**
 * Whether a provider takes a protocol as it comes. OpenAI itself and Azure's versionless routes serve both of OpenAI's
 * APIs at one address, so what a client sends in either goes there untouched, whatever `wireApi` says.
 */
export function speaks(provider: Speaker, protocol: WireProtocol): boolean {
  if (preferredProtocol(provider) === protocol) return true;
  return protocol !== "messages" && servesBothApis(provider);
}

/** The protocols that a provider takes as they come, the preferred one first. */
export function protocolsOf(provider: Speaker): readonly WireProtocol[] {
  const preferred = preferredProtocol(provider);
  const others = (["chat", "responses", "messages"] as const).filter((protocol) => protocol !== preferred);
  return [preferred, ...others.filter((protocol) => speaks(provider, protocol))];
}

function servesBothApis({ type, baseUrl, azure }: Speaker): boolean {
  if (type === "anthropic") return false;
  if (type === "azure") return azure?.apiVersion === undefined;
  const { hostname, pathname } = new URL(baseUrl);
  const azureHost = /\.(openai\.azure\.com|services\.ai\.azure\.com|cognitiveservices\.azure\.com)$/i;
  return hostname === "api.openai.com" || (azureHost.test(hostname) && /\/openai\/v1\/?$/.test(pathname));
}
