import type { ModelConfig, ProviderConfig } from "../config/schema";
import { asArray, asObject, type JsonObject, nonEmpty } from "../json/access";
import { azureAddress, isAzure, readAddress } from "./address";
import { type FoundModel, groupedProviders, noteNumber, positive } from "./grouped";
import type { Found, FoundKey, FoundProvider, Skipped } from "./imported";
import { isWhole, type KnownProvider, type KnownProviders } from "./known";

type Speaks = Pick<ProviderConfig, "type" | "wireApi">;

const API_TYPES: Readonly<Record<string, Speaks>> = {
  "chat-completions": { type: "openai", wireApi: "completions" },
  responses: { type: "openai", wireApi: "responses" },
  messages: { type: "anthropic", wireApi: "completions" },
};

/** Vendors whose models each have an address of their own. */
const CUSTOM = ["customendpoint", "customoai", "azure"];

/**
 * The providers of VS Code's `chatLanguageModels.json`: groups of models by vendor. Keys that were entered in VS Code
 * are in its own storage, which no extension can read; the file has only their names.
 * @see https://code.visualstudio.com/docs/agent-customization/language-models#_bring-your-own-language-model-key
 */
export function providersOfVscode(root: readonly unknown[], known: KnownProviders): Found {
  const skipped: Skipped[] = [];
  const providers: FoundProvider[] = [];
  root.forEach((value, index) => {
    const group = asObject(value);
    const name = nonEmpty(group.name);
    const at = name === undefined ? `[${index}]` : `"${name}"`;
    const vendor = nonEmpty(group.vendor) ?? "";
    if (vendor === "copilot" || vendor === "postern") {
      skipped.push({ what: at, why: "its models are another extension's" });
    } else if (CUSTOM.includes(vendor)) {
      const models = asArray(group.models).flatMap((model, place): FoundModel[] => {
        const read = customModel(group, asObject(model), `${at}.models[${place}]`, vendor);
        if (typeof read !== "string") return [read];
        skipped.push({ what: `${at}.models[${place}]`, why: read });
        return [];
      });
      providers.push(...groupedProviders(models));
    } else {
      const read = vendorGroup(group, at, known.named(vendor));
      if (typeof read === "string") skipped.push({ what: at, why: read });
      else providers.push(read);
    }
  });
  return { providers, skipped };
}

/** A group of a company that VS Code knows: its models are listed by the provider. */
function vendorGroup(
  group: JsonObject,
  at: string,
  provider: KnownProvider | undefined,
): FoundProvider | string {
  if (!provider) return `the vendor ${JSON.stringify(group.vendor)} is not known here`;
  const address = readAddress(nonEmpty(group.url) ?? provider.address);
  if (!isWhole(address.baseUrl)) return "it does not say where its provider is";
  const notes: string[] = [];
  const key = keyOf(group.apiKey, notes);
  return {
    at,
    id: provider.id,
    ...nameOf(group),
    type: provider.type,
    wireApi: provider.wireApi,
    baseUrl: address.baseUrl,
    ...(provider.authHeader === undefined ? {} : { authHeader: provider.authHeader }),
    keys: key === undefined ? [] : [key],
    notes,
  };
}

function customModel(group: JsonObject, model: JsonObject, at: string, vendor: string): FoundModel | string {
  const id = nonEmpty(model.id);
  const url = nonEmpty(model.url) ?? nonEmpty(group.url);
  if (id === undefined || url === undefined) return "it names no model or no address";
  const apiType = nonEmpty(model.apiType) ?? nonEmpty(group.apiType);
  const spoken = spokenAt(url, apiType);
  if (!spoken) return `the API type ${JSON.stringify(apiType)} is not known here`;
  const onAzure = (vendor === "azure" || isAzure(url)) && spoken.type === "openai" && isAzure(url);
  const address = onAzure ? azureAddress(url) : readAddress(url);
  const notes: string[] = [];
  const key = keyOf(group.apiKey, notes);
  const headers = textsOf(model.requestHeaders);
  return {
    at,
    id: nonEmpty(group.name) ?? new URL(address.baseUrl).hostname,
    ...nameOf(group),
    ...spoken,
    ...(onAzure ? { type: "azure" } : {}),
    baseUrl: address.baseUrl,
    ...(onAzure && address.deployment !== undefined && address.apiVersion !== undefined
      ? { apiVersion: address.apiVersion }
      : {}),
    ...(headers === undefined ? {} : { headers }),
    model: modelConfig(model, id, onAzure ? address.deployment : undefined),
    ...(key === undefined ? {} : { key }),
    notes,
  };
}

/** The API by its name, or by the end of the address where none is given, as VS Code does. */
function spokenAt(url: string, apiType: string | undefined): Speaks | undefined {
  if (!URL.canParse(url)) return undefined;
  if (apiType !== undefined) return Object.hasOwn(API_TYPES, apiType) ? API_TYPES[apiType] : undefined;
  const { pathname } = new URL(url);
  if (/\/responses\/?$/.test(pathname)) return API_TYPES.responses;
  return /\/messages\/?$/.test(pathname) ? API_TYPES.messages : API_TYPES["chat-completions"];
}

function modelConfig(model: JsonObject, id: string, deployment: string | undefined): ModelConfig {
  const name = nonEmpty(model.name);
  const input = positive(model.maxInputTokens);
  const maxOutput = positive(model.maxOutputTokens);
  return {
    id,
    ...(name === undefined || name === id ? {} : { name }),
    ...(deployment === undefined || deployment === id ? {} : { deployment }),
    // VS Code counts what goes in; the window holds what comes out as well.
    ...(input === undefined ? {} : { contextWindow: input + (maxOutput ?? 0) }),
    ...(maxOutput === undefined ? {} : { maxOutput }),
    ...(typeof model.toolCalling === "boolean" ? { tools: model.toolCalling } : {}),
    ...(typeof model.vision === "boolean" ? { images: model.vision } : {}),
    ...(typeof model.thinking === "boolean" ? { reasoning: model.thinking } : {}),
  };
}

function keyOf(value: unknown, notes: string[]): FoundKey | undefined {
  noteNumber(value, notes);
  const text = nonEmpty(value)?.trim();
  if (text === undefined) return undefined;
  if (/^\$\{input:/.test(text)) {
    notes.push("its key is in VS Code's own storage, which no extension can read; enter it again");
    return undefined;
  }
  const variable = /^\$\{env:([A-Za-z_][A-Za-z0-9_]*)\}$/.exec(text)?.[1];
  return variable === undefined ? { kind: "value", value: text } : { kind: "variable", name: variable };
}

function nameOf(group: JsonObject): { name?: string } {
  const name = nonEmpty(group.name);
  return name === undefined ? {} : { name };
}

function textsOf(value: unknown): Record<string, string> | undefined {
  const entries = Object.entries(asObject(value)).flatMap(([name, text]) =>
    typeof text === "string" ? [[name, text] as const] : [],
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
