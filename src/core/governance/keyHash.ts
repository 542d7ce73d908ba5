/**
 * How a gateway key is kept: `sha256$<salt>$<digest>`, both base64url, the digest being SHA-256 over the salt's bytes
 * followed by the key's. One fast round is enough: slow functions make up for secrets that can be guessed, and a
 * gateway key is 256 random bits. The salt keeps equal keys from being told by equal hashes.
 */
export interface KeyHash {
  /** base64url, 16 bytes. */
  readonly salt: string;
  /** base64url, 32 bytes. */
  readonly digest: string;
}

export const HASH_PATTERN = /^sha256\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

export function formatKeyHash({ salt, digest }: KeyHash): string {
  return `sha256$${salt}$${digest}`;
}

/** @returns undefined for what is not such a hash */
export function parseKeyHash(text: string): KeyHash | undefined {
  const [, salt, digest] = HASH_PATTERN.exec(text) ?? [];
  return salt === undefined || digest === undefined ? undefined : { salt, digest };
}
