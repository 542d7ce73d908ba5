import type { CredentialConfig, ModelConfig, ProviderConfig } from "../config/schema";

/** A provider as another program has it, before anything of it is stored. */
export interface FoundProvider {
  /** Where it stands in the file, for the person: `model_list[2]`. */
  readonly at: string;
  /** The wanted id; made free and fit when it is added. */
  readonly id: string;
  readonly name?: string;
  readonly type: ProviderConfig["type"];
  readonly wireApi?: ProviderConfig["wireApi"];
  readonly baseUrl: string;
  readonly apiVersion?: string;
  readonly authHeader?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly models?: readonly ModelConfig[];
  readonly keys: readonly FoundKey[];
  /** What of it is not carried over, in words that hold no secret. */
  readonly notes: readonly string[];
}

/** A key that stands in the file, or the name of the variable that holds it. */
export type FoundKey =
  | { readonly kind: "value"; readonly value: string; readonly as?: "bearerToken" }
  | { readonly kind: "variable"; readonly name: string; readonly as?: "bearerToken" };

/** Something of the file that nothing is made of, and why. Holds no secret. */
export interface Skipped {
  readonly what: string;
  readonly why: string;
}

/** What a file has. */
export interface Found {
  readonly providers: readonly FoundProvider[];
  readonly skipped: readonly Skipped[];
}

/** A key that goes into the secret storage when the provider is added. */
export interface ImportedSecret {
  readonly label: string;
  readonly kind: "apiKey" | "bearerToken";
  readonly value: string;
}

/** A provider that can be added as it is. */
export interface ImportedProvider {
  readonly at: string;
  /** As it is to stand in the settings; no secret in it. */
  readonly entry: Readonly<Record<string, unknown>> & { readonly id: string; readonly baseUrl: string };
  readonly secrets: readonly ImportedSecret[];
  /** Names of variables that it uses. */
  readonly variables: readonly string[];
  readonly notes: readonly string[];
  /** The providers that are there already at the same address. */
  readonly alreadyThere?: string;
  /** Company whose key this seems to be instead. */
  readonly foreignKey?: string;
}

/** What can be added of a file, and what cannot. */
export interface ImportPlan {
  readonly providers: readonly ImportedProvider[];
  readonly skipped: readonly Skipped[];
}

export type CredentialEntry = Extract<CredentialConfig, { kind: "env" | "stored" }>;
