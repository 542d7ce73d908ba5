import { type EngineProvider, resolveProvider, type StoredCredential } from "../../core/config/engineConfig";
import type { Environment } from "../../core/config/reference";
import type { ProviderConfig } from "../../core/config/schema";

/**
 * A credential as the secret storage has it: together with the address it was entered for. Settings change behind our
 * back (by hand, by Settings Sync, by another extension); a key must not follow them to another host.
 */
export interface StoredKey extends StoredCredential {
  /** Scheme, host and port, as `URL.origin` writes them. */
  readonly origin: string;
}

/** Scheme, host and port of an address; undefined if it is none that a key could be sent to. */
export function originOf(baseUrl: unknown): string | undefined {
  if (typeof baseUrl !== "string") return undefined;
  try {
    const { protocol, origin } = new URL(baseUrl);
    return protocol === "https:" || protocol === "http:" ? origin : undefined;
  } catch {
    return undefined;
  }
}

/** One secret holds it all: of two, one could be written and the other not. */
export function formatStoredKey({ apiKey, bearerToken, origin }: StoredKey): string {
  return JSON.stringify({ apiKey, bearerToken, origin });
}

/** Reads a secret; undefined if it is not what we write, because nobody knows where such a key may go. */
export function parseStoredKey(secret: string): StoredKey | undefined {
  let value: unknown;
  try {
    value = JSON.parse(secret);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { apiKey, bearerToken, origin } = value as Record<string, unknown>;
  if (typeof origin !== "string" || originOf(origin) !== origin) return undefined;
  const found = {
    ...(typeof apiKey === "string" && apiKey !== "" ? { apiKey } : {}),
    ...(typeof bearerToken === "string" && bearerToken !== "" ? { bearerToken } : {}),
  };
  return Object.keys(found).length > 0 ? { ...found, origin } : undefined;
}

/**
 * A provider as the engine is to run it. A stored key counts only at the address it was entered for; elsewhere the
 * provider is without one, and says why.
 */
export function resolveWithStored(
  provider: ProviderConfig,
  environment: Environment,
  stored: StoredKey | undefined,
): EngineProvider {
  const { origin: enteredFor, ...credential } = stored ?? { origin: undefined };
  const withKey = resolveProvider(provider, environment, credential);
  const origin = originOf(provider.baseUrl);
  // An unset variable is the nearer fault.
  if (enteredFor === undefined || enteredFor === origin || withKey.credential.kind === "missing")
    return withKey;
  const without = resolveProvider(provider, environment);
  const { kind } = without.credential;
  if (kind === "apiKey" || kind === "bearerToken") return without;
  const reason = `the key was entered for ${enteredFor}; set it again for ${origin ?? provider.baseUrl}`;
  return {
    ...without,
    credential: { kind: "missing", reason: kind === "none" ? `${reason}, or delete it` : reason },
  };
}
