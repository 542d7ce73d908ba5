import { createHash, timingSafeEqual } from "node:crypto";
import type { EngineGatewayKey } from "../../core/config/engineConfig";

interface RingEntry {
  readonly name: string;
  readonly digest: Buffer;
}

/** The gateway keys that are let in, as digests: the keys themselves are not kept. */
export class KeyRing {
  private readonly entries: readonly RingEntry[];

  constructor(keys: readonly EngineGatewayKey[]) {
    this.entries = keys.map(({ name, key }) => ({ name, digest: digestOf(key) }));
  }

  get size(): number {
    return this.entries.length;
  }

  /**
   * The name of the gateway key that one of the presented ones is, or undefined. Every presented key is compared with
   * every known one, so that the time taken tells nothing.
   */
  identify(presented: readonly string[]): string | undefined {
    let found: string | undefined;
    for (const digest of presented.map(digestOf)) {
      for (const entry of this.entries) {
        if (timingSafeEqual(digest, entry.digest)) found = entry.name;
      }
    }
    return found;
  }
}

function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
