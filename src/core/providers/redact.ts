import type { EngineProvider } from "../config/engineConfig";

/** Keys shorter than this would match by chance. */
const MIN_LENGTH = 8;
const MASK = "[redacted]";

/**
 * Takes credentials out of a text. Providers quote the key that they refuse, and who holds a gateway key must not
 * learn the provider's.
 */
export function redacted(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) {
    if (secret.length < MIN_LENGTH) continue;
    shown = shown.replaceAll(secret, MASK);
    // As it stands inside a JSON text.
    shown = shown.replaceAll(JSON.stringify(secret).slice(1, -1), MASK);
  }
  return shown;
}

/** What of a provider must never be shown: its credentials, and its configured headers, which may hold one. */
export function secretsOf({ config, credential, pool = [] }: EngineProvider): string[] {
  const key = credential.kind === "apiKey" || credential.kind === "bearerToken" ? [credential.value] : [];
  const others = pool.map((other) => other.credential.value);
  return [...new Set([...key, ...others]), ...Object.values(config.headers ?? {})];
}
