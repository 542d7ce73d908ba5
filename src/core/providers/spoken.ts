import type { ProviderConfig } from "../config/schema";
import type { WireProtocol } from "../protocols/wire";
import { AZURE_HOST } from "./baseUrl";

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
  if (provider.type === "copilot") return false;
  if (preferredProtocol(provider) === protocol) return true;
  return protocol !== "messages" && servesBothApis(provider);
}

/** The protocols that a provider takes as they come, the preferred one first. */
export function protocolsOf(provider: Speaker): readonly WireProtocol[] {
  const preferred = preferredProtocol(provider);
  const others = (["chat", "responses", "messages"] as const).filter((protocol) => protocol !== preferred);
  return [preferred, ...others.filter((protocol) => speaks(provider, protocol))];
}

function servesBothApis(provider: Speaker): boolean {
  if (provider.type === "copilot") return false;
  if (!isOpenAiItself(provider)) return false;
  if (provider.type === "azure") return provider.azure?.apiVersion === undefined;
  const { hostname, pathname } = new URL(provider.baseUrl);
  return hostname === OPENAI_HOST || /\/openai\/v1\/?$/.test(pathname);
}

const OPENAI_HOST = "api.openai.com";

/** Whether OpenAI or Azure answers, whose rules are known, and not one of the many servers that are compatible. */
export function isOpenAiItself({ type, baseUrl }: Pick<Speaker, "type" | "baseUrl">): boolean {
  if (type === "anthropic" || type === "copilot") return false;
  const { hostname } = new URL(baseUrl);
  return type === "azure" || hostname === OPENAI_HOST || AZURE_HOST.test(hostname);
}
