import type { ModelConfig, ProviderConfig } from "../config/schema";
import { asObject, type JsonObject, nonEmpty } from "../json/access";
import { azureAddress, readAddress } from "./address";
import { noteNumber, positive, unused } from "./grouped";
import type { Found, FoundKey, FoundProvider, Skipped } from "./imported";
import { isWhole, type KnownProvider, type KnownProviders } from "./known";

/** opencode's configuration and its key store; either may be absent. */
export interface OpencodeFiles {
  /** `opencode.json` */
  readonly config?: JsonObject;
  /** `auth.json` */
  readonly auth?: JsonObject;
}

/** The protocols of the packages by which opencode speaks to a provider. */
const SPEAKS: Readonly<Record<string, Pick<ProviderConfig, "type" | "wireApi">>> = {
  "@ai-sdk/openai-compatible": { type: "openai", wireApi: "completions" },
  "@ai-sdk/openai": { type: "openai", wireApi: "responses" },
  "@ai-sdk/anthropic": { type: "anthropic", wireApi: "completions" },
  "@ai-sdk/azure": { type: "azure", wireApi: "completions" },
};

const CARRIED = ["provider", "$schema"];
const WHY = {
  mcp: "they are no model providers",
  model: "which model is the usual one is a tool's own choice",
};

/**
 * The providers of opencode: those of `opencode.json`, those that have a key in `auth.json`, and both together.
 * @see https://opencode.ai/docs/providers and https://opencode.ai/docs/config (`{env:NAME}`, `{file:PATH}`)
 * @see https://github.com/sst/opencode/blob/dev/packages/opencode/src/auth/index.ts (auth.json)
 */
export function providersOfOpencode({ config = {}, auth = {} }: OpencodeFiles, known: KnownProviders): Found {
  const skipped: Skipped[] = unused(config, CARRIED, WHY);
  const configured = asObject(config.provider);
  const providers: FoundProvider[] = [];
  for (const id of new Set([...Object.keys(configured), ...Object.keys(auth)])) {
    const at = Object.hasOwn(configured, id) ? `provider.${id}` : `auth.json: ${id}`;
    const stored = storedKey(auth[id]);
    const read =
      typeof stored === "string" ? stored : providerOf(id, at, asObject(configured[id]), stored, known);
    if (typeof read === "string") skipped.push({ what: at, why: read });
    else providers.push(read);
  }
  return { providers, skipped };
}

/** @returns why nothing can be made of it */
function providerOf(
  id: string,
  at: string,
  entry: JsonObject,
  stored: FoundKey | undefined,
  known: KnownProviders,
): FoundProvider | string {
  const options = asObject(entry.options);
  const npm = nonEmpty(entry.npm);
  const provider = known.named(id);
  const spoken = npm !== undefined && Object.hasOwn(SPEAKS, npm) ? SPEAKS[npm] : provider;
  const text = nonEmpty(options.baseURL) ?? azureHost(options) ?? nonEmpty(entry.api) ?? provider?.address;
  if (text === undefined || !spoken) return "it is not known where this provider is, or what it speaks";
  if (/\{(env|file):/.test(text)) return "its address stands elsewhere; write it into the file first";
  if (!isWhole(text)) return "it does not say where its provider is (options.baseURL)";
  const address = spoken.type === "azure" ? azureAddress(text) : readAddress(text);
  const notes: string[] = [];
  const key = keyOf(options.apiKey, notes) ?? stored;
  const models = Object.entries(asObject(entry.models)).map(([model, value]) =>
    modelConfig(model, asObject(value)),
  );
  return {
    at,
    id,
    ...(nonEmpty(entry.name) === undefined ? {} : { name: nonEmpty(entry.name) ?? id }),
    type: spoken.type,
    wireApi: spoken.wireApi,
    baseUrl: address.baseUrl,
    ...(spoken.type === "azure" && address.apiVersion !== undefined
      ? { apiVersion: address.apiVersion }
      : {}),
    ...authHeader(provider, spoken.type),
    ...headersOf(options.headers),
    models,
    keys: key === undefined ? [] : [key],
    notes,
  };
}

function authHeader(provider: KnownProvider | undefined, type: ProviderConfig["type"]) {
  return provider?.authHeader === undefined || provider.type !== type
    ? {}
    : { authHeader: provider.authHeader };
}

function azureHost(options: JsonObject): string | undefined {
  const resource = nonEmpty(options.resourceName);
  return resource !== undefined && /^[A-Za-z0-9-]+$/.test(resource)
    ? `https://${resource}.openai.azure.com`
    : undefined;
}

function modelConfig(id: string, value: JsonObject): ModelConfig {
  const limit = asObject(value.limit);
  const own = nonEmpty(value.id) ?? id;
  const name = nonEmpty(value.name);
  const contextWindow = positive(limit.context);
  const maxOutput = positive(limit.output);
  return {
    id: own,
    ...(name === undefined || name === own ? {} : { name }),
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(maxOutput === undefined ? {} : { maxOutput }),
    ...(typeof value.tool_call === "boolean" ? { tools: value.tool_call } : {}),
    ...(typeof value.attachment === "boolean" ? { images: value.attachment } : {}),
    ...(typeof value.reasoning === "boolean" ? { reasoning: value.reasoning } : {}),
  };
}

/** @returns why there is none to be had */
function storedKey(value: unknown): FoundKey | undefined | string {
  if (value === undefined) return undefined;
  const { type, key } = asObject(value);
  if (type === "oauth") return "opencode is signed in there with an account of its own, which stays its own";
  const text = nonEmpty(key);
  if (type !== "api" || text === undefined) return "it has no key that could be used elsewhere";
  return { kind: "value", value: text };
}

function keyOf(value: unknown, notes: string[]): FoundKey | undefined {
  noteNumber(value, notes);
  const text = nonEmpty(value)?.trim();
  if (text === undefined) return undefined;
  const variable = /^\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1];
  if (variable !== undefined) return { kind: "variable", name: variable };
  if (/^\{file:/.test(text)) {
    notes.push("its key stands in a file of its own, which is not read; enter it again");
    return undefined;
  }
  return { kind: "value", value: text };
}

function headersOf(value: unknown): { headers?: Record<string, string> } {
  const entries = Object.entries(asObject(value)).flatMap(([name, text]) =>
    typeof text === "string" ? [[name, text.replace(/\{env:([A-Za-z_]\w*)\}/g, "${env:$1}")] as const] : [],
  );
  return entries.length === 0 ? {} : { headers: Object.fromEntries(entries) };
}
