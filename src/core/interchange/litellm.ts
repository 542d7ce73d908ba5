import type { ModelConfig } from "../config/schema";
import { asArray, asObject, isObject, type JsonObject, nonEmpty } from "../json/access";
import { azureAddress, readAddress } from "./address";
import { type FoundModel, groupedProviders, noteNumber, positive, unused } from "./grouped";
import type { Found, FoundKey, Skipped } from "./imported";
import { isWhole, type KnownProvider, type KnownProviders } from "./known";

/** Keys that a file keeps apart from its models, and values that it gives to variables. */
interface Surroundings {
  readonly credentials: ReadonlyMap<string, JsonObject>;
  readonly variables: JsonObject;
  readonly known: KnownProviders;
}

const WHY = {
  router_settings: "routing is set up here in routes of its own",
  litellm_settings: "these are settings of LiteLLM itself",
  general_settings: "these are settings of LiteLLM's server; its master key is no provider's key",
  guardrails: "they are LiteLLM's own",
  mcp_servers: "they are no model providers",
};

const CARRIED_PARAMS = [
  "model",
  "custom_llm_provider",
  "litellm_credential_name",
  "api_base",
  "base_url",
  "api_version",
  "api_key",
  "azure_ad_token",
  "extra_headers",
];
/** With what LiteLLM's own database has put there. */
const CARRIED_INFO = [
  "max_input_tokens",
  "max_output_tokens",
  "supports_function_calling",
  "supports_vision",
  "id",
  "db_model",
];

/**
 * The providers of a LiteLLM `config.yaml`. A model there says by itself which provider it is of, where that is, and
 * with which key; models of one address are one provider here.
 * @param root the file's content
 * @see https://docs.litellm.ai/docs/proxy/configs
 */
export function providersOfLitellm(root: JsonObject, known: KnownProviders): Found {
  const skipped: Skipped[] = unused(root, ["model_list", "credential_list", "environment_variables"], WHY);
  const surroundings: Surroundings = {
    known,
    variables: asObject(root.environment_variables),
    credentials: new Map(
      asArray(root.credential_list).flatMap((entry) => {
        const { credential_name, credential_values } = asObject(entry);
        const name = nonEmpty(credential_name);
        return name === undefined || !isObject(credential_values) ? [] : [[name, credential_values]];
      }),
    ),
  };
  const models = asArray(root.model_list).flatMap((entry, index): FoundModel[] => {
    const at = `model_list[${index}]`;
    const read = modelOf(asObject(entry), at, surroundings);
    if (typeof read !== "string") return [read];
    skipped.push({ what: at, why: read });
    return [];
  });
  return { providers: groupedProviders(models), skipped };
}

/** @returns why nothing can be made of it */
function modelOf(entry: JsonObject, at: string, surroundings: Surroundings): FoundModel | string {
  const given = asObject(entry.litellm_params);
  const kept = surroundings.credentials.get(nonEmpty(given.litellm_credential_name) ?? "");
  const params: JsonObject = kept ? { ...kept, ...given } : given;
  const full = nonEmpty(params.model);
  if (full === undefined) return "it names no model";
  const [prefix, model] = split(full, nonEmpty(params.custom_llm_provider));
  const base = variableOr(params.api_base ?? params.base_url, surroundings);
  const provider =
    prefix === undefined ? knownOf(full, surroundings.known) : surroundings.known.named(prefix);
  if (base.variable !== undefined && base.value === undefined)
    return `its address stands in the variable ${base.variable}; write it into the file first`;
  // Whatever LiteLLM calls it, an address of one's own that it speaks OpenAI's API to can be spoken to here.
  const compatible = prefix === "openai" || prefix === "openai_like" || prefix === "custom_openai";
  if (!provider && !(compatible && base.value !== undefined))
    return `its provider ${JSON.stringify(prefix ?? full)} is not known here`;
  return foundModel(entry, params, { at, model, provider, base: base.value, surroundings });
}

function foundModel(
  entry: JsonObject,
  params: JsonObject,
  found: {
    at: string;
    model: string;
    provider: KnownProvider | undefined;
    base: string | undefined;
    surroundings: Surroundings;
  },
): FoundModel | string {
  const { at, model, provider, base, surroundings } = found;
  const type = provider?.type ?? "openai";
  const text = base ?? provider?.address ?? "";
  if (!isWhole(text)) return "it does not say where its provider is (api_base)";
  const address = type === "azure" ? azureAddress(text) : readAddress(text);
  const alias = nonEmpty(entry.model_name);
  const notes: string[] = [];
  if (alias !== undefined && alias !== model && type !== "azure" && !alias.includes("*"))
    notes.push(`the alias ${alias} of the model ${model} is left out; make a route for it`);
  const version = variableOr(params.api_version, surroundings).value ?? address.apiVersion;
  noteNumber(params.api_key, notes);
  const key = keyOf(params.api_key, surroundings) ?? tokenOf(params.azure_ad_token, surroundings);
  const headers = headersOf(params.extra_headers, surroundings);
  for (const [place, fields, carried] of [
    ["litellm_params", params, CARRIED_PARAMS],
    ["model_info", asObject(entry.model_info), CARRIED_INFO],
  ] as const)
    for (const field of Object.keys(fields))
      if (!carried.includes(field)) notes.push(`${place}.${field} is left out`);
  const carriesModel = !model.includes("*");
  return {
    at,
    id: provider?.id ?? new URL(address.baseUrl).hostname,
    type,
    wireApi: provider?.wireApi ?? "completions",
    baseUrl: address.baseUrl,
    ...(type === "azure" && version !== undefined ? { apiVersion: version } : {}),
    ...(provider?.authHeader === undefined ? {} : { authHeader: provider.authHeader }),
    ...(headers === undefined ? {} : { headers }),
    ...(carriesModel
      ? { model: modelConfig(entry, type === "azure" ? (alias ?? model) : model, model) }
      : {}),
    ...(key === undefined ? {} : { key }),
    notes,
  };
}

/** @see https://docs.litellm.ai/docs/proxy/model_management (model_info) */
function modelConfig(entry: JsonObject, id: string, deployment: string): ModelConfig {
  const info = asObject(entry.model_info);
  const contextWindow = positive(info.max_input_tokens);
  const maxOutput = positive(info.max_output_tokens);
  return {
    id,
    ...(id === deployment ? {} : { deployment }),
    ...(contextWindow === undefined ? {} : { contextWindow }),
    ...(maxOutput === undefined ? {} : { maxOutput }),
    ...(typeof info.supports_function_calling === "boolean" ? { tools: info.supports_function_calling } : {}),
    ...(typeof info.supports_vision === "boolean" ? { images: info.supports_vision } : {}),
  };
}

function split(model: string, provider: string | undefined): [string | undefined, string] {
  const slash = model.indexOf("/");
  if (provider !== undefined)
    return [provider, model.startsWith(`${provider}/`) ? model.slice(provider.length + 1) : model];
  return slash < 0 ? [undefined, model] : [model.slice(0, slash), model.slice(slash + 1)];
}

/** LiteLLM knows the models of the two best known companies without a prefix. */
function knownOf(model: string, known: KnownProviders): KnownProvider | undefined {
  if (/^claude/i.test(model)) return known.named("anthropic");
  return /^(gpt|o\d|chatgpt|text-embedding)/i.test(model) ? known.named("openai") : undefined;
}

const REFERENCE = /^os\.environ\/([A-Za-z_][A-Za-z0-9_]*)$/;

function keyOf(value: unknown, surroundings: Surroundings): FoundKey | undefined {
  const { value: text, variable } = variableOr(value, surroundings);
  if (variable !== undefined && text === undefined) return { kind: "variable", name: variable };
  return text === undefined ? undefined : { kind: "value", value: text };
}

/** Azure takes an account's token as a token, and not as a key. */
function tokenOf(value: unknown, surroundings: Surroundings): FoundKey | undefined {
  const token = keyOf(value, surroundings);
  return token && { ...token, as: "bearerToken" };
}

function headersOf(value: unknown, surroundings: Surroundings): Record<string, string> | undefined {
  const entries = Object.entries(asObject(value)).flatMap(([name, given]) => {
    const { value: text, variable } = variableOr(
      typeof given === "number" ? String(given) : given,
      surroundings,
    );
    const header = text ?? (variable === undefined ? undefined : `\${env:${variable}}`);
    return header === undefined ? [] : [[name, header] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** A text as it stands, or what the file itself gives to the variable that stands there. */
function variableOr(
  value: unknown,
  { variables }: Surroundings,
): { readonly value?: string; readonly variable?: string } {
  const text = nonEmpty(value);
  const variable = text === undefined ? undefined : REFERENCE.exec(text.trim())?.[1];
  if (variable === undefined) return text === undefined ? {} : { value: text };
  const given = nonEmpty(variables[variable]);
  return { variable, ...(given === undefined ? {} : { value: given }) };
}
