import type { ProviderConfig } from "../config/schema";
import { AZURE_HOST } from "../providers/baseUrl";

/** What an address in another program's configuration says. */
export interface ReadAddress {
  readonly baseUrl: string;
  /** On Azure: named in the path. */
  readonly deployment?: string;
  /** On Azure: named in the query. */
  readonly apiVersion?: string;
}

/**
 * An address as it is written here: without an operation's path, and on Azure without what has a field of its own.
 * What is none comes back as it was, for the faults to say so.
 */
export function readAddress(text: string): ReadAddress {
  const trimmed = text.trim();
  if (!URL.canParse(trimmed)) return { baseUrl: trimmed };
  const url = new URL(trimmed);
  if (url.protocol !== "https:" && url.protocol !== "http:") return { baseUrl: trimmed };
  const apiVersion = url.searchParams.get("api-version") ?? undefined;
  const deployment = /\/deployments\/([^/]+)/.exec(url.pathname)?.[1];
  const path = url.pathname
    .replace(/\/+$/, "")
    .replace(/\/(chat\/completions|responses|messages|embeddings|completions)$/, "")
    .replace(/\/deployments\/.*$/, "");
  const user = url.username === "" ? "" : `${url.username}@`;
  const baseUrl = `${url.protocol}//${user}${url.host}${path}`;
  return {
    baseUrl,
    ...(deployment === undefined ? {} : { deployment: decoded(deployment) }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Azure's OpenAI addresses as `type: azure` wants them: the host alone. Foundry's page shows its address with `/models`,
 * which is the path of another API.
 */
export function azureAddress(text: string): ReadAddress {
  const read = readAddress(text);
  // With that path an api-version is the other API's, too.
  if (isAzure(read.baseUrl) && read.baseUrl.endsWith("/models"))
    return { baseUrl: read.baseUrl.slice(0, -"/models".length) };
  return { ...read, baseUrl: read.baseUrl.replace(/\/openai(\/v1)?$/, "") };
}

/** The address of a provider as a variable has it. Portals show addresses with an operation's path behind them. */
export function addressFor(type: ProviderConfig["type"], text: string): ReadAddress {
  return type === "azure" ? azureAddress(text) : readAddress(text);
}

/** Whether it is a host of Azure OpenAI or Foundry. */
export function isAzure(address: string): boolean {
  return URL.canParse(address) && AZURE_HOST.test(new URL(address).hostname);
}
