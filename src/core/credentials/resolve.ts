import { type Environment, resolveReference } from "../config/reference";
import type { CredentialConfig, ProviderConfig } from "../config/schema";
import { tokenFault } from "../copilot/tokens";
import { freeLabel, originOf, type StoredSecret } from "./stored";

/** The kinds that somebody has to be asked for: a program, or an account of VS Code. */
export type AskedCredential = Extract<CredentialConfig, { kind: "command" | "entra" | "github" }>;

/** What became of one credential. `reason` is log-safe and begins in lower case. */
export type CredentialOutcome =
  | {
      readonly kind: "apiKey" | "bearerToken";
      readonly value: string;
      /** When it ends, in milliseconds since the epoch, where that is known. */
      readonly expiresAt?: number;
    }
  | { readonly kind: "none" }
  | {
      readonly kind: "missing";
      readonly reason: string;
      readonly why?: MissingBecause;
      /** Who was asked did not answer, so it is tried again by itself, and what is there serves on. */
      readonly unsure?: true;
    };

/**
 * idle: nobody needs it yet. pending: it is being asked for. consent: the person has to confirm it here first.
 * stopped: the person has switched it off.
 */
export type MissingBecause = "idle" | "pending" | "consent" | "signIn" | "elsewhere" | "unused" | "stopped";

/** Says at once what is known of a credential that has to be asked for. */
export type AskedFor = (
  provider: ProviderConfig,
  credential: AskedCredential,
  label: string,
) => CredentialOutcome;

/** One credential of a provider, usable or not. */
export interface ResolvedCredential {
  /** Unique within the provider. */
  readonly label: string;
  /** Where it comes from; `literal`: it stands in a configuration file. */
  readonly source: CredentialConfig["kind"] | "literal";
  /** Place in the provider's list of credentials, where it has one. */
  readonly place?: number;
  readonly outcome: CredentialOutcome;
}

/** What credentials are made from. */
export interface CredentialInputs {
  readonly environment: Environment;
  /** What the secret storage holds for the provider, in its order. */
  readonly stored: readonly StoredSecret[];
  readonly asked: AskedFor;
}

/**
 * Every credential of a provider, in the order in which they are used. What stands in the configuration wins over what
 * is stored, and of one place a bearer token wins over a key.
 */
export function resolveCredentials(provider: ProviderConfig, inputs: CredentialInputs): ResolvedCredential[] {
  const resolved = resolveAll(provider, inputs);
  return provider.type === "copilot" ? resolved.map(forCopilot) : resolved;
}

/** GitHub's kinds of tokens are told apart by how they begin; what Copilot would refuse is not even sent. */
function forCopilot(credential: ResolvedCredential): ResolvedCredential {
  const { outcome } = credential;
  if (outcome.kind === "none") {
    const reason = "Copilot needs an account";
    return { ...credential, outcome: { kind: "missing", reason } };
  }
  if (outcome.kind === "missing") return credential;
  const reason = tokenFault(outcome.value);
  return reason === undefined ? credential : { ...credential, outcome: { kind: "missing", reason } };
}

function resolveAll(provider: ProviderConfig, inputs: CredentialInputs): ResolvedCredential[] {
  const { credentials, apiKey, bearerToken } = provider;
  if (credentials !== undefined) return fromList(provider, credentials, inputs);
  const standing = bearerToken ?? apiKey;
  if (standing === undefined) return fromStore(provider, inputs.stored);
  const as = bearerToken === undefined ? "apiKey" : "bearerToken";
  return [fromReference(standing, as, inputs.environment)];
}

function fromReference(
  text: string,
  as: "apiKey" | "bearerToken",
  environment: Environment,
): ResolvedCredential {
  const resolved = resolveReference(text, environment);
  if (resolved.kind === "unset")
    return { label: resolved.variable, source: "env", outcome: unset(resolved.variable) };
  const outcome = { kind: as, value: resolved.value };
  if (resolved.variable !== undefined) return { label: resolved.variable, source: "env", outcome };
  return { label: as === "apiKey" ? "key" : "token", source: "literal", outcome };
}

function fromList(
  provider: ProviderConfig,
  credentials: readonly CredentialConfig[],
  inputs: CredentialInputs,
): ResolvedCredential[] {
  const found: ResolvedCredential[] = [];
  const used = new Set<StoredSecret>();
  const free = (wanted: string): string =>
    freeLabel(
      wanted,
      found.map(({ label }) => label),
    );
  for (const [place, credential] of credentials.entries()) {
    const add = (wanted: string, source: ResolvedCredential["source"], outcome: CredentialOutcome): void => {
      found.push({ label: free(wanted), source, place, outcome });
    };
    const { label } = credential;
    if (credential.enabled === false) {
      const own = label ?? nameOf(credential);
      const off = { kind: "missing", reason: "it is switched off", why: "stopped" } as const;
      for (const secret of inputs.stored)
        if (credential.kind === "stored" && (label === undefined || secret.label === label)) used.add(secret);
      add(own, credential.kind, off);
      continue;
    }
    switch (credential.kind) {
      case "stored": {
        const fitting = inputs.stored.filter((secret) => label === undefined || secret.label === label);
        for (const secret of fitting) {
          // The list may name a key, and then all of them.
          if (used.has(secret)) continue;
          used.add(secret);
          add(secret.label, "stored", storedOutcome(secret, provider));
        }
        if (fitting.length === 0) add(label ?? "key", "stored", notStored(label));
        break;
      }
      case "env": {
        const resolved = resolveReference(`\${env:${credential.name}}`, inputs.environment);
        const outcome: CredentialOutcome =
          resolved.kind === "value" ? { kind: credential.as, value: resolved.value } : unset(credential.name);
        add(label ?? credential.name, "env", outcome);
        break;
      }
      case "none":
        add(label ?? "none", "none", { kind: "none" });
        break;
      default: {
        const own = free(label ?? nameOfAsked(credential));
        found.push({
          label: own,
          source: credential.kind,
          place,
          outcome: inputs.asked(provider, credential, own),
        });
      }
    }
  }
  return found;
}

function fromStore(provider: ProviderConfig, stored: readonly StoredSecret[]): ResolvedCredential[] {
  const outcomes = stored.map((secret) => ({ secret, outcome: storedOutcome(secret, provider) }));
  const hasToken = outcomes.some(({ outcome }) => outcome.kind === "bearerToken");
  return outcomes.map(({ secret, outcome }) => ({
    label: secret.label,
    source: "stored",
    outcome:
      hasToken && outcome.kind === "apiKey"
        ? { kind: "missing", reason: "not used: a bearer token wins over a key", why: "unused" }
        : outcome,
  }));
}

function storedOutcome(
  { kind, value, origin }: StoredSecret,
  { baseUrl }: ProviderConfig,
): CredentialOutcome {
  const here = originOf(baseUrl);
  if (here === origin) return { kind, value };
  const reason = `the key was entered for ${origin}; set it again for ${here ?? baseUrl}`;
  return { kind: "missing", reason, why: "elsewhere" };
}

function notStored(label: string | undefined): CredentialOutcome {
  return {
    kind: "missing",
    reason: label === undefined ? "no key is stored" : `no key "${label}" is stored`,
  };
}

function unset(variable: string): CredentialOutcome {
  return { kind: "missing", reason: `the environment variable ${variable} is not set` };
}

function nameOf(credential: CredentialConfig): string {
  if (credential.kind === "stored") return "key";
  if (credential.kind === "none") return "none";
  return credential.kind === "env" ? credential.name : nameOfAsked(credential);
}

/** What a credential without a label of its own is called. */
export function nameOfAsked(credential: AskedCredential): string {
  if (credential.kind === "entra") return "Microsoft account";
  if (credential.kind === "github") return "GitHub account";
  const program = credential.command[0] ?? "";
  return (
    program
      .split(/[\\/]/)
      .at(-1)
      ?.replace(/\.(exe|cmd|bat|com)$/i, "") || "command"
  );
}
