import type { ModelConfig } from "../config/schema";
import { asArray, asObject, type JsonObject, nonEmpty } from "../json/access";
import { azureAddress, isAzure, readAddress } from "./address";
import { type FoundModel, groupedProviders, noteNumber, positive } from "./grouped";
import type { Found, FoundKey, Skipped } from "./imported";
import { isWhole, type KnownProviders } from "./known";

/**
 * The providers of Continue's `config.yaml`, or of the `config.json` before it.
 * @see https://docs.continue.dev/reference (config.yaml)
 * @see https://docs.continue.dev/yaml-migration (config.json)
 */
export function providersOfContinue(root: JsonObject, known: KnownProviders): Found {
  const skipped: Skipped[] = [];
  const models: FoundModel[] = [];
  const take = (value: unknown, at: string): void => {
    const read = modelOf(asObject(value), at, known);
    if (typeof read === "string") skipped.push({ what: at, why: read });
    else models.push(read);
  };
  for (const [index, entry] of asArray(root.models).entries()) take(entry, `models[${index}]`);
  for (const name of ["tabAutocompleteModel", "embeddingsProvider", "reranker"]) {
    const value = root[name];
    if (Array.isArray(value)) {
      for (const [index, entry] of value.entries()) take(entry, `${name}[${index}]`);
    } else if (value !== undefined && value !== null) take(value, name);
  }
  return { providers: groupedProviders(models), skipped };
}

/** @returns why nothing can be made of it */
function modelOf(entry: JsonObject, at: string, known: KnownProviders): FoundModel | string {
  if (nonEmpty(entry.uses) !== undefined) return "it is kept at Continue's hub, not in this file";
  const name = nonEmpty(entry.provider);
  if (name === undefined) return "it names no provider";
  const options = asObject(entry.env);
  const base = nonEmpty(entry.apiBase);
  const provider = known.named(name === "openai" && base !== undefined && isAzure(base) ? "azure" : name);
  const type = provider?.type ?? "openai";
  if (!provider && base === undefined) return `its provider ${JSON.stringify(name)} is not known here`;
  const text = base ?? provider?.address ?? "";
  if (/\$\{\{/.test(text)) return "its address stands elsewhere; write it into the file first";
  if (!isWhole(text)) return "it does not say where its provider is (apiBase)";
  const address = type === "azure" ? azureAddress(text) : readAddress(text);
  const model = nonEmpty(entry.model);
  const apiVersion = nonEmpty(options.apiVersion) ?? nonEmpty(entry.apiVersion) ?? address.apiVersion;
  const deployment = nonEmpty(options.deployment) ?? nonEmpty(entry.engine) ?? address.deployment;
  const key = keyOf(entry.apiKey);
  const requestOptions = asObject(entry.requestOptions);
  const headers = textsOf(requestOptions.headers);
  const notes = Object.keys(requestOptions)
    .filter((option) => option !== "headers")
    .map((option) => `requestOptions.${option} is left out`);
  noteNumber(entry.apiKey, notes);
  // AUTODETECT asks the provider for its list, as leaving the models out does here.
  const listed = model !== undefined && model !== "AUTODETECT";
  return {
    at,
    id: provider?.id ?? name,
    type,
    wireApi: provider?.wireApi ?? "completions",
    baseUrl: address.baseUrl,
    ...(type === "azure" && apiVersion !== undefined ? { apiVersion } : {}),
    ...(provider?.authHeader === undefined ? {} : { authHeader: provider.authHeader }),
    ...(headers === undefined ? {} : { headers }),
    ...(listed ? { model: modelConfig(entry, model, type === "azure" ? deployment : undefined) } : {}),
    ...(key === undefined ? {} : { key }),
    notes,
  };
}

function modelConfig(entry: JsonObject, id: string, deployment: string | undefined): ModelConfig {
  const options = { ...asObject(entry.completionOptions), ...asObject(entry.defaultCompletionOptions) };
  const title = nonEmpty(entry.name) ?? nonEmpty(entry.title);
  const contextWindow = positive(options.contextLength) ?? positive(entry.contextLength);
  const maxOutput = positive(options.maxTokens);
  const capabilities = asArray(entry.capabilities);
  return {
    id,
    ...(title === undefined || title === id ? {} : { name: title }),
    ...(deployment === undefined || deployment === id ? {} : { deployment }),
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(maxOutput === undefined ? {} : { maxOutput }),
    ...(capabilities.includes("tool_use") ? { tools: true } : {}),
    ...(capabilities.includes("image_input") ? { images: true } : {}),
  };
}

/** `${{ secrets.NAME }}` is a variable of Continue's own `.env` files or of the environment. */
const REFERENCES = /\$\{\{\s*(?:secrets|inputs)\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;
const REFERENCE = /^\$\{\{\s*(?:secrets|inputs)\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}$/;

function keyOf(value: unknown): FoundKey | undefined {
  const text = nonEmpty(value)?.trim();
  if (text === undefined || text === "") return undefined;
  const name = REFERENCE.exec(text)?.[1];
  return name === undefined ? { kind: "value", value: text } : { kind: "variable", name };
}

function textsOf(value: unknown): Record<string, string> | undefined {
  const entries = Object.entries(asObject(value)).flatMap(([name, text]) =>
    typeof text === "string" ? [[name, text.replace(REFERENCES, "${env:$1}")] as const] : [],
  );
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
