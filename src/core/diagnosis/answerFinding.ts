import type { EngineProvider } from "../config/engineConfig";
import { endpointUrl, type Operation } from "../providers/endpoint";
import { foreignKeyOwner } from "../providers/pastedKey";
import { secretsOf, shownHost } from "../providers/redact";
import { firstValue } from "../text/firstValue";
import { pathFinding, shownUrl } from "./addressFinding";
import { type Matter, matterOf } from "./errorWords";
import {
  CHANGE_ADDRESS,
  type Finding,
  finding,
  NAME_MODELS,
  REFRESH_CREDENTIAL,
  SET_KEY,
  TRY_AGAIN,
} from "./finding";
import { providerWords, shownWords } from "./providerWords";
import { billingPage, keyPage } from "./servicePages";

/** A provider's answer that is no good one, and what it is the answer to. */
export interface RefusedRequest {
  readonly provider: EngineProvider;
  readonly operation: Operation;
  /** What the provider calls the model that was asked; on Azure, the deployment. */
  readonly model?: string;
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The answer's body, or its beginning: some kilobytes are enough. */
  readonly bodyText: string;
}

/**
 * What a provider's answer means and what to do about it, in the same words for a test and for a request of every day.
 * Pure, and safe to log but for `said`.
 * @returns undefined for an answer that is neither an error nor something else than an API's
 */
export function findingOf(refused: RefusedRequest): Finding | undefined {
  const { status, headers, provider, bodyText } = refused;
  const type = firstValue(headers["content-type"])?.toLowerCase() ?? "";
  if (status >= 300 && status < 400 && status !== 304) return redirectFinding(refused);
  if (type.startsWith("text/html") || (status >= 400 && /^\s*<(!doctype|html)/i.test(bodyText)))
    return webPageFinding(refused);
  if (status < 400) return undefined;
  const words = providerWords(bodyText, status);
  const found = decide(refused, matterOf(words, status));
  const said = words.message === undefined ? "" : shownWords(words.message, secretsOf(provider));
  return said === "" ? found : { ...found, said };
}

function decide(refused: RefusedRequest, matter: Matter | undefined): Finding {
  const { status, provider } = refused;
  const { config } = provider;
  switch (matter) {
    case "apiVersion":
      return apiVersionFinding(refused);
    case "deployment":
      return deploymentFinding(refused);
    case "keyKind": {
      const text = `The resource takes no keys (HTTP ${status}): key-based authentication is switched off there. Use a Microsoft Entra ID token, or have keys allowed.`;
      return finding("key_kind_refused", text, SET_KEY, ...keyPage(config));
    }
    case "network": {
      const text = `The provider admits only certain networks (HTTP ${status}). Use the VPN, or have this machine's network allowed in the resource's firewall.`;
      return finding("network_not_admitted", text, TRY_AGAIN, ...keyPage(config));
    }
    case "region": {
      const text = `The provider does not serve the country that the request came from (HTTP ${status}). A VPN or a proxy may be in the way.`;
      return finding("region_refused", text, TRY_AGAIN);
    }
    case "toolsRefused": {
      const text = `${modelOr(refused, "The model")} cannot call tools here (HTTP ${status}). Use another model for agents, or switch tools on in the server.`;
      return finding("cannot_call_tools", text, NAME_MODELS);
    }
    case "streamRefused": {
      const text = `${modelOr(refused, "The model")} is not streamed to this key (HTTP ${status}). Use another model, or have the organization verified at the provider.`;
      return finding("cannot_stream", text, ...keyPage(config), NAME_MODELS);
    }
    case "wrongApi":
      return wrongApiFinding(refused);
    case "modelMissing": {
      const text = `No model was named, or the server has none loaded (HTTP ${status}). Name the models of this provider.`;
      return finding("model_missing", text, NAME_MODELS);
    }
    case "modelNotPermitted": {
      const text = `The key may not use ${modelOr(refused, "that model", true)} (HTTP ${status}). Have it allowed in the provider's console, or use another model.`;
      return finding("model_not_permitted", text, ...keyPage(config), NAME_MODELS);
    }
    case "keyExpired": {
      if (isFetched(provider)) {
        const text = `The token has expired (HTTP ${status}), and no newer one came. ${SIGN_IN_AGAIN}`;
        return finding("key_expired", text, REFRESH_CREDENTIAL);
      }
      const text = `The key has expired (HTTP ${status}). Make a new one and set it.`;
      return finding("key_expired", text, SET_KEY, ...keyPage(config));
    }
    case "keyRevoked": {
      const text = `The key or its account has been switched off by the provider (HTTP ${status}). Look into the provider's console, or set another key.`;
      return finding("key_revoked", text, SET_KEY, ...keyPage(config));
    }
    case "credit":
      return isGoogleRate(refused) ? rateFinding(refused) : creditFinding(refused);
    case "path":
      return pathOrModel(refused);
    case "modelUnknown":
      return modelFinding(refused);
    case "keyWrong":
      return keyFinding(refused);
    case "permission":
      return permissionFinding(refused);
    case "rate":
      return status === 429 || status < 500 ? rateFinding(refused) : failedFinding(refused);
    case undefined:
      return byStatus(refused);
  }
}

/** Where an error's words say nothing, its status has to do. */
function byStatus(refused: RefusedRequest): Finding {
  const { status } = refused;
  if (status === 401) return keyFinding(refused);
  if (status === 402) return creditFinding(refused);
  if (status === 403) return permissionFinding(refused);
  if (status === 404 || status === 405) return pathOrModel(refused);
  if (status === 408 || status === 504) {
    const text = `The provider gave up waiting (HTTP ${status}). Try again.`;
    return finding("timed_out", text, TRY_AGAIN);
  }
  if (status === 407) {
    const text =
      "A proxy wants a user name and a password (HTTP 407). Put them into its address in VS Code's http.proxy, or HTTPS_PROXY in the environment.";
    return finding("proxy_key_needed", text, { kind: "openSettings", query: "http.proxy" });
  }
  if (status === 429) return rateFinding(refused);
  if (status >= 500) return failedFinding(refused);
  const text = `The provider refused the request (HTTP ${status}).`;
  return finding("request_refused", text, TRY_AGAIN, CHANGE_ADDRESS);
}

/** What whoever gives the token wants, before it gives another one. */
const SIGN_IN_AGAIN =
  "Sign in again where it comes from, in VS Code or in the program that prints it, then refresh the credential.";

/** What a program or an account gives is asked for anew, where a key would be set. */
function isFetched({ credential, pool = [] }: EngineProvider): boolean {
  if (credential.kind !== "apiKey" && credential.kind !== "bearerToken") return false;
  return pool.some((one) => one.renewable === true && one.credential.value === credential.value);
}

function keyFinding(refused: RefusedRequest): Finding {
  const { status, provider } = refused;
  const { config, credential } = provider;
  const pages = keyPage(config);
  if (credential.kind === "none" || credential.kind === "missing") {
    return finding(
      "key_needed",
      `A key is needed (HTTP ${status}); set the key of this provider.`,
      SET_KEY,
      ...pages,
    );
  }
  const owner = credential.kind === "apiKey" ? foreignKeyOwner(credential.value, config) : undefined;
  if (owner !== undefined) {
    const text = `The key was refused (HTTP ${status}); by its form it is a key of ${owner}. Set this provider's own key.`;
    return finding("key_of_other_provider", text, SET_KEY, ...pages);
  }
  if (isFetched(provider)) {
    const text = `The token was refused (HTTP ${status}), and so was a newer one if there was any: it may be for another service, or its account is not known there. ${SIGN_IN_AGAIN}`;
    return finding("key_wrong", text, REFRESH_CREDENTIAL, ...pages);
  }
  if (credential.kind === "bearerToken") {
    const text = `The token was refused (HTTP ${status}); it may have expired, or be for another service. Set a new one.`;
    return finding("key_wrong", text, SET_KEY, ...pages);
  }
  const azure = config.type === "azure" ? " It must be a key of this very resource." : "";
  const text = `The key was refused (HTTP ${status}); set the right key for this provider.${azure}`;
  return finding("key_wrong", text, SET_KEY, ...pages);
}

function permissionFinding(refused: RefusedRequest): Finding {
  const { status, provider, model } = refused;
  const { config, credential } = provider;
  if (credential.kind === "none") return keyFinding(refused);
  if (credential.kind === "apiKey" && foreignKeyOwner(credential.value, config) !== undefined)
    return keyFinding(refused);
  const what = model === undefined ? "this" : `the model ${quoted(model)} or for this`;
  if (isFetched(provider)) {
    const text = `The token was refused (HTTP ${status}): its account lacks the permission for ${what}. Give it the role in the provider's console, then refresh the credential.`;
    return finding("key_not_permitted", text, ...keyPage(config), REFRESH_CREDENTIAL);
  }
  const text = `The key was refused (HTTP ${status}): it lacks the permission for ${what}. Allow it in the provider's console, or set another key.`;
  return finding("key_not_permitted", text, ...keyPage(config), SET_KEY);
}

function creditFinding({ status, provider: { config } }: RefusedRequest): Finding {
  const text = `The account or the key has no credit left, or has reached its spending limit (HTTP ${status}). Add credit at the provider, or raise the limit.`;
  return finding("no_credit", text, ...billingPage(config.baseUrl), TRY_AGAIN);
}

/** Google uses one sentence for a limit per minute and for a plan that is used up. */
function isGoogleRate({ status, provider: { config } }: RefusedRequest): boolean {
  return status === 429 && /(^|\.)googleapis\.com$/.test(new URL(config.baseUrl).hostname);
}

function rateFinding({ status, headers, provider: { config } }: RefusedRequest): Finding {
  const seconds = Number(firstValue(headers["retry-after"]) ?? 0);
  const when = seconds > 0 && seconds < 86_400 ? `in ${Math.ceil(seconds)} s` : "later";
  const text = `The provider limits the rate, or its quota is used up (HTTP ${status}). Try again ${when}.`;
  return finding("rate_limited", text, TRY_AGAIN, ...billingPage(config.baseUrl));
}

function failedFinding({ status }: RefusedRequest): Finding {
  if (status === 503 || status === 529) {
    const text = `The provider is overloaded or not ready (HTTP ${status}). Try again in a moment.`;
    return finding("overloaded", text, TRY_AGAIN);
  }
  const text = `The provider has a fault of its own (HTTP ${status}). Try again; if it stays so, look at its status page or its log.`;
  return finding("provider_failed", text, TRY_AGAIN);
}

function apiVersionFinding({ status, provider: { config } }: RefusedRequest): Finding {
  const version = config.azure?.apiVersion;
  const text =
    version === undefined
      ? `The resource wants an api-version (HTTP ${status}). Set azure.apiVersion, for instance 2024-10-21.`
      : `The api-version ${quoted(version)} is refused (HTTP ${status}). Set another azure.apiVersion, for instance 2024-10-21, or none for the versionless routes.`;
  return finding("api_version_refused", text, { kind: "changeApiVersion" });
}

function deploymentFinding({ status, model }: RefusedRequest): Finding {
  const which = model === undefined ? "That deployment" : `The deployment ${quoted(model)}`;
  const text = `${which} does not exist in this resource (HTTP ${status}). Name a deployment that does; a new one takes some minutes.`;
  return finding("deployment_unknown", text, NAME_MODELS, ...azurePortal);
}

const azurePortal = [{ kind: "openPage", label: "Open Azure", url: "https://ai.azure.com" }] as const;

function modelFinding(refused: RefusedRequest): Finding {
  const { status, provider, model } = refused;
  if (provider.config.type === "azure") return deploymentFinding(refused);
  const which = model === undefined ? "The model" : `The model ${quoted(model)}`;
  const text = `${which} does not exist at this provider, or the key may not use it (HTTP ${status}). Name another, or refresh the models.`;
  return finding("model_unknown", text, NAME_MODELS, ...keyPage(provider.config));
}

function wrongApiFinding({ status, model, provider: { config } }: RefusedRequest): Finding {
  const wireApi = config.wireApi === "responses" ? "completions" : "responses";
  const other = wireApi === "responses" ? "Responses" : "Chat Completions";
  const which = model === undefined ? "The model" : `The model ${quoted(model)}`;
  const text = `${which} is not served in the API that this provider is asked in (HTTP ${status}). Ask it in ${other}, or use another model.`;
  return finding("wrong_api", text, { kind: "changeApi", wireApi }, NAME_MODELS);
}

/** A list that is not there is no fault where the models are named; what is not there for a model is the path. */
function pathOrModel(refused: RefusedRequest): Finding {
  const { provider, operation, status, headers, model } = refused;
  const url = endpointUrl(provider.config, operation, model);
  if (operation === "responses" && provider.config.wireApi === "responses") {
    const text = `There is nothing at ${shownUrl(url)} (HTTP ${status}): the provider may not have the Responses API. Ask it in Chat Completions.`;
    return finding("wrong_api", text, { kind: "changeApi", wireApi: "completions" }, CHANGE_ADDRESS);
  }
  const found = pathFinding(provider.config, url, status, headers);
  if (operation !== "models" || found.code === "wrong_type" || found.remedies.some(isAddress)) return found;
  const text = `It answers, but has no list of models at ${shownUrl(url)} (HTTP ${status}). Check the address, or name the models by hand.`;
  return finding("no_model_list", text, CHANGE_ADDRESS, NAME_MODELS);
}

function isAddress(remedy: Finding["remedies"][number]): boolean {
  return remedy.kind === "changeAddress" && remedy.baseUrl !== undefined;
}

function redirectFinding({ status, headers, provider, operation, model }: RefusedRequest): Finding {
  const url = endpointUrl(provider.config, operation, model);
  const target = shownHost(firstValue(headers.location) ?? "", url, secretsOf(provider));
  const to = target === undefined ? "elsewhere" : `to ${target}`;
  const text = `${shownUrl(url)} redirects ${to} (HTTP ${status}); a key is never sent after a redirect. Use the final address, or sign in to the network if that is its login page.`;
  return finding("redirects", text, CHANGE_ADDRESS, TRY_AGAIN);
}

function webPageFinding({ status, provider: { config }, operation, model }: RefusedRequest): Finding {
  const url = endpointUrl(config, operation, model);
  const login =
    status === 401 || status === 403 || status === 511 || status === 200
      ? " It may be the login page of a company's or a hotel's network: open the address in a browser."
      : "";
  const lacking = /\/v\d/.test(new URL(config.baseUrl).pathname) ? "" : "; it may lack /v1";
  const text = `A web page, not an API, answers at ${shownUrl(url)} (HTTP ${status}). Check the address${lacking}.${login}`;
  return finding("web_page", text, CHANGE_ADDRESS, {
    kind: "openPage",
    label: "Open in Browser",
    url: shownUrl(url),
  });
}

function modelOr({ model }: RefusedRequest, otherwise: string, within = false): string {
  if (model === undefined) return otherwise;
  return `${within ? "the" : "The"} model ${quoted(model)}`;
}

/** A model's id as it may stand in a log: what a client sent, short and on one line. */
function quoted(id: string): string {
  return JSON.stringify(id.slice(0, 100));
}
