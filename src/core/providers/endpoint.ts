import type { ProviderConfig } from "../config/schema";
import { PROVIDER_PRESETS } from "./presets";

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
  const base = baseOf(provider);
  if (operation === "models" && base.modelsFromRoot !== undefined)
    return new URL(base.url).origin + base.modelsFromRoot;
  return `${base.url}/${PATH[operation]}`;
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

/** What the operations of a provider are appended to. */
interface Base {
  readonly url: string;
  /** Where the models are listed, if it is not below the base. */
  readonly modelsFromRoot?: string;
}

/**
 * People paste an address with `/v1`, without it, or the whole address of an operation. A path that has a version
 * anywhere in it (`/v1beta/openai`, `/api/paas/v4`) is complete, and so is one that stood in front of an operation's
 * own path (`/inference/chat/completions`), and one that is known to have no version; any other gets `/v1`.
 */
function baseOf({ type, baseUrl }: Addressed): Base {
  const { origin, host, pathname } = new URL(baseUrl);
  const given = pathname.replace(/\/+$/, "");
  const operation = /\/(chat\/completions|responses|messages|embeddings)$/.exec(given);
  const path = operation ? given.slice(0, operation.index) : given;
  const known = type === "openai" ? knownBase(host, path) : undefined;
  if (known) return { url: origin + path, ...known };
  if (operation || path.split("/").some((segment) => /^v\d+([a-z]+\d*)?$/i.test(segment)))
    return { url: origin + path };
  return { url: `${origin}${path}/v1` };
}

/** Providers whose operations stand at no version: their host, and the end of their path. */
const UNVERSIONED = PROVIDER_PRESETS.filter(
  ({ type, address }) => type === "openai" && /^https:/.test(address) && !/\/v\d/.test(address),
).map(({ address, modelsList }) => {
  const { host, pathname } = new URL(address);
  const list = "path" in modelsList && modelsList.path.startsWith("/") ? modelsList.path : undefined;
  return { host, path: pathname.replace(/\/$/, ""), list };
});

function knownBase(host: string, path: string): Omit<Base, "url"> | undefined {
  const known = UNVERSIONED.find((each) => each.host === host && pathFits(path, each.path));
  return known && (known.list === undefined ? {} : { modelsFromRoot: known.list });
}

/** GitHub has one more path for each organisation, which ends alike: `/orgs/ORG/inference`. */
function pathFits(path: string, wanted: string): boolean {
  return wanted === "" ? path === "" : path.endsWith(wanted);
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
