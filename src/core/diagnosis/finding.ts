import type { ProviderConfig } from "../config/schema";

/** What is wrong, for programs. One for each cause that has a remedy of its own. */
export type FindingCode =
  // The key.
  | "key_missing"
  | "key_needed"
  | "key_wrong"
  | "key_expired"
  | "key_revoked"
  | "key_of_other_provider"
  | "key_malformed"
  | "key_not_permitted"
  | "key_kind_refused"
  | "no_credit"
  | "region_refused"
  | "network_not_admitted"
  // The model.
  | "model_unknown"
  | "model_missing"
  | "model_not_permitted"
  | "deployment_unknown"
  | "wrong_api"
  | "cannot_stream"
  | "stream_buffered"
  | "cannot_call_tools"
  | "empty_answer"
  // The address.
  | "wrong_type"
  | "wrong_path"
  | "api_version_refused"
  | "no_model_list"
  | "redirects"
  | "web_page"
  | "not_an_api"
  // The way there.
  | "host_not_found"
  | "metadata_address"
  | "nothing_listens"
  | "runtime_not_running"
  | "runtime_moved"
  | "unreachable"
  | "connection_closed"
  | "timed_out"
  | "tls_untrusted"
  | "tls_self_signed"
  | "tls_expired"
  | "tls_not_yet_valid"
  | "tls_wrong_host"
  | "tls_not_spoken"
  | "tls_failed"
  | "proxy_unreachable"
  | "proxy_key_needed"
  | "proxy_refused"
  | "proxy_tls"
  | "proxy_invalid"
  // The provider, at the moment.
  | "rate_limited"
  | "overloaded"
  | "provider_failed"
  | "request_refused"
  | "stopped";

/** What a button does about a finding. What it needs to know stands in it. */
export type Remedy =
  | { readonly kind: "setKey" }
  /** Of what a program or an account gives: asked for anew. */
  | { readonly kind: "refreshCredential" }
  /** `baseUrl`: the address that is likely meant. */
  | { readonly kind: "changeAddress"; readonly baseUrl?: string }
  | { readonly kind: "changeType"; readonly type: ProviderConfig["type"]; readonly baseUrl?: string }
  | { readonly kind: "changeApi"; readonly wireApi: ProviderConfig["wireApi"] }
  | { readonly kind: "changeApiVersion" }
  | { readonly kind: "nameModels" }
  /** `command` starts it in a terminal. */
  | { readonly kind: "startRuntime"; readonly runtime: string; readonly command: string }
  | { readonly kind: "openPage"; readonly label: string; readonly url: string }
  /** `query` finds the setting in VS Code's settings. */
  | { readonly kind: "openSettings"; readonly query: string }
  /** A command of VS Code or of this extension. */
  | { readonly kind: "runCommand"; readonly label: string; readonly command: string }
  | { readonly kind: "tryAgain" };

/** What is wrong and what to do about it. */
export interface Finding {
  readonly code: FindingCode;
  /**
   * Both in words for a person, standing by itself. Log-safe: made of our own words, of hosts, ids and what the
   * configuration says; never a key, never a provider's text.
   */
  readonly sentence: string;
  /** The likeliest first: its button is the one that is pressed. */
  readonly remedies: readonly Remedy[];
  /** What the provider itself says, redacted and short. To be shown to the person, not logged and not reported. */
  readonly said?: string;
}

/** The part of a configured provider that findings are about. */
export type Diagnosed = Pick<ProviderConfig, "id" | "type" | "wireApi" | "baseUrl" | "azure" | "models">;

/** A finding without a provider's words. */
export function finding(code: FindingCode, sentence: string, ...remedies: readonly Remedy[]): Finding {
  return { code, sentence, remedies };
}

export const SET_KEY: Remedy = { kind: "setKey" };
export const REFRESH_CREDENTIAL: Remedy = { kind: "refreshCredential" };
export const CHANGE_ADDRESS: Remedy = { kind: "changeAddress" };
export const NAME_MODELS: Remedy = { kind: "nameModels" };
export const TRY_AGAIN: Remedy = { kind: "tryAgain" };

/** Codes that a key, or another one, mends. */
const ABOUT_KEY: ReadonlySet<FindingCode> = new Set([
  "key_missing",
  "key_needed",
  "key_wrong",
  "key_expired",
  "key_revoked",
  "key_of_other_provider",
  "key_malformed",
]);

/** Codes that may pass by themselves. */
const PASSING: ReadonlySet<FindingCode> = new Set([
  "rate_limited",
  "overloaded",
  "provider_failed",
  "timed_out",
  "stopped",
]);

/** What a person would change: the key, the address, or nothing but the time. */
export type Concern = "key" | "address" | "time" | "other";

/** What a finding is about. */
export function concernOf({ code, remedies }: Pick<Finding, "code" | "remedies">): Concern {
  if (ABOUT_KEY.has(code)) return "key";
  if (PASSING.has(code)) return "time";
  const address = remedies.some(({ kind }) => kind === "changeAddress" || kind === "changeType");
  return address ? "address" : "other";
}

/** A sentence as it goes on after a colon: `Nothing answers` becomes `nothing answers`; names stay as they are. */
export function continued(sentence: string): string {
  return /^[A-Z](?:[a-z]+)?[ ,]/.test(sentence)
    ? sentence.charAt(0).toLowerCase() + sentence.slice(1)
    : sentence;
}
