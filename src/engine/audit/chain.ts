import { createHash } from "node:crypto";

/** What the first row builds on. */
export const GENESIS = Buffer.alloc(32);

/** What of a row is bound into the chain. */
export interface Link {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly writtenAt: number;
  /** The entry's text, to the letter. */
  readonly entry: string;
}

/**
 * A row's hash: SHA-256 over the hash of the row before it, its number, its time and its entry. A row that is changed,
 * taken out, put in or moved changes every hash that follows.
 */
export function linkHash(previous: Uint8Array, { seq, writtenAt, entry }: Link): Buffer {
  return createHash("sha256")
    .update("postern audit 1\n")
    .update(previous)
    .update(`${seq}\n${writtenAt}\n`)
    .update(entry)
    .digest();
}

export function sha256(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Over the hashes of rows that are gone. */
export function digestOf(hashes: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const one of hashes) hash.update(one);
  return hash.digest("hex");
}
