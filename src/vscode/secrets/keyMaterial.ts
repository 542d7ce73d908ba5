import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { formatKeyHash, parseKeyHash } from "../../core/governance/keyHash";

/** A new gateway key: 256 random bits, with a prefix by which leaked ones are found. */
export function newGatewayKey(): string {
  return `pst_${randomBytes(32).toString("base64url")}`;
}

/** What is kept of a gateway key. */
export function hashOfKey(key: string): string {
  const salt = randomBytes(16);
  return formatKeyHash({
    salt: salt.toString("base64url"),
    digest: digest(salt, key).toString("base64url"),
  });
}

export function fitsHash(key: string, hash: string): boolean {
  const parsed = parseKeyHash(hash);
  if (!parsed) return false;
  return timingSafeEqual(
    digest(Buffer.from(parsed.salt, "base64url"), key),
    Buffer.from(parsed.digest, "base64url"),
  );
}

/** A gateway key as it may be shown: enough to tell two apart, too little to use. */
export function maskKey(key: string): string {
  return key.length < 16 ? "…" : `${key.slice(0, 6)}…${key.slice(-4)}`;
}

function digest(salt: Buffer, key: string): Buffer {
  return createHash("sha256").update(salt).update(key).digest();
}
