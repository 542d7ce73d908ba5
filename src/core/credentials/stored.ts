/**
 * A key or token in the secret storage: together with what the person calls it and the address it was entered for.
 * Settings change behind our back (by hand, by Settings Sync, by another extension); it must not follow them to
 * another host.
 */
export interface StoredSecret {
  /** Unique among those of a provider. */
  readonly label: string;
  readonly kind: "apiKey" | "bearerToken";
  readonly value: string;
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

/** A label that is not taken yet: work, work 2, work 3 … */
export function freeLabel(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  let number = 2;
  while (taken.includes(`${wanted} ${number}`)) number++;
  return `${wanted} ${number}`;
}
