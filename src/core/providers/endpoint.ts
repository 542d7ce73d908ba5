import type { ProviderConfig } from "../config/schema";

/** What is asked of a provider, each with a route of its own. */
export type Operation =
  | "chat"
  | "responses"
  | "compact"
  | "messages"
  | "countTokens"
  | "embeddings"
  | "models";

const PATH: Record<Operation, string> = {
  chat: "chat/completions",
  responses: "responses",
  compact: "responses/compact",
  messages: "messages",
  countTokens: "messages/count_tokens",
  embeddings: "embeddings",
  models: "models",
};

type Addressed = Pick<ProviderConfig, "type" | "baseUrl" | "azure">;

/**
 * The address of an operation at a provider.
 * @param model the provider's name of the model; on Azure's deployments routes, the deployment
 * @throws TypeError if `baseUrl` is not a URL; `baseUrlFault` finds that out first
 */
export function endpointUrl(provider: Addressed, operation: Operation, model = ""): string {
  if (provider.type === "azure") return azureUrl(provider, operation, model);
  return `${versionedBase(provider.baseUrl)}/${PATH[operation]}`;
}

/**
 * The address of a response that a provider keeps, or of a part of it.
 * @param path the id, and what stands behind it
 * @throws TypeError if `baseUrl` is not a URL
 */
export function storedResponseUrl(provider: Addressed, path: readonly string[]): URL {
  const url = new URL(endpointUrl(provider, "responses"));
  url.pathname += path.map((segment) => `/${encodeURIComponent(segment)}`).join("");
  return url;
}

/**
 * People paste an address with `/v1`, without it, or the whole address of an operation. A path that has a
 * version anywhere in it (`/v1beta/openai`, `/api/paas/v4`) is complete, and so is one that stood in front of an
 * operation's own path (`/inference/chat/completions`); any other gets `/v1`.
 */
function versionedBase(baseUrl: string): string {
  const url = new URL(baseUrl);
  const path = url.pathname.replace(/\/+$/, "");
  const operation = /\/(chat\/completions|responses|messages|embeddings)$/.exec(path);
  if (operation) return url.origin + path.slice(0, operation.index);
  if (path.split("/").some((segment) => /^v\d+([a-z]+\d*)?$/i.test(segment))) return url.origin + path;
  return `${url.origin}${path}/v1`;
}

/** Azure's two generations of routes: https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle */
function azureUrl(provider: Addressed, operation: Operation, model: string): string {
  const url = new URL(provider.baseUrl);
  const base = url.origin + url.pathname.replace(/\/+$/, "").replace(/\/openai$/, "");
  const version = provider.azure?.apiVersion;
  if (version === undefined) return `${base}/openai/v1/${PATH[operation]}`;
  const query = `?api-version=${encodeURIComponent(version)}`;
  // Responses and the models list are not bound to a deployment.
  if (operation === "responses" || operation === "compact" || operation === "models")
    return `${base}/openai/${PATH[operation]}${query}`;
  return `${base}/openai/deployments/${encodeURIComponent(model)}/${PATH[operation]}${query}`;
}
