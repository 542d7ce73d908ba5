import { createHash, hash, randomBytes, timingSafeEqual } from "node:crypto";
import type { EngineGatewayKey } from "../../core/config/engineConfig";
import type { Caller, WorkspaceOrigin } from "../../core/governance/caller";
import { parseKeyHash } from "../../core/governance/keyHash";

interface RingEntry {
  readonly key: EngineGatewayKey;
  readonly salt: Buffer;
  readonly digest: Buffer;
}

/** What a key ring asks of its surroundings. */
export interface RingSurroundings {
  /** Milliseconds since the epoch. */
  now(): number;
  /** A workspace folder as git knows it now. */
  origin(folder: string): WorkspaceOrigin;
  /** A key that is known was sent, but is not accepted; for the log, since the client is not told. */
  refused?(name: string, why: "disabled" | "expired"): void;
}

/** The gateway keys that are let in, as digests: the keys themselves are not kept. */
export class KeyRing {
  private readonly entries: readonly RingEntry[];
  /** One object for each owner as long as nothing about it changes: the ledger knows it again by that. */
  private readonly callers = new WeakMap<EngineGatewayKey, Caller>();
  /** Whose a key was that was let in, by a digest that is this ring's own. */
  private readonly letIn = new Map<string, EngineGatewayKey>();
  private readonly salt = randomBytes(16).toString("hex");

  constructor(
    keys: readonly EngineGatewayKey[],
    private readonly around: RingSurroundings,
  ) {
    this.entries = keys.flatMap((key) => entryOf(key) ?? []);
  }

  /** How many are accepted now. */
  get size(): number {
    return this.entries.filter(({ key }) => this.fault(key) === undefined).length;
  }

  /**
   * Who sent a request: the owner of the key that one of the presented ones is, or undefined. A key that has not been let
   * in before is compared with every known one, those that are disabled or have expired too, so that neither the answer
   * nor the time it takes tells anything of a key that is not accepted.
   */
  identify(presented: readonly string[]): Caller | undefined {
    const [only] = presented;
    const mark = only !== undefined && presented.length === 1 ? hash("sha256", this.salt + only) : undefined;
    const known = mark === undefined ? undefined : this.letIn.get(mark);
    if (known && this.fault(known) === undefined) return this.callerOf(known);
    const found = this.find(presented);
    if (found === undefined) return undefined;
    const fault = this.fault(found);
    if (fault !== undefined) {
      this.around.refused?.(found.name, fault);
      return undefined;
    }
    if (mark !== undefined) this.letIn.set(mark, found);
    return this.callerOf(found);
  }

  private find(presented: readonly string[]): EngineGatewayKey | undefined {
    let found: EngineGatewayKey | undefined;
    for (const candidate of presented) {
      for (const { key, salt, digest } of this.entries) {
        const matches = timingSafeEqual(digestOf(salt, candidate), digest);
        // Of two keys that are both right, one that is accepted counts.
        if (matches && (found === undefined || this.fault(found) !== undefined)) found = key;
      }
    }
    return found;
  }

  /** The owner of a gateway key that is known by its name, as long as it is accepted. */
  named(name: string): Caller | undefined {
    const found = this.entries.find(({ key }) => key.name === name && this.fault(key) === undefined);
    return found && this.callerOf(found.key);
  }

  private callerOf(key: EngineGatewayKey): Caller {
    const { name, labels = {}, workspaceFolder } = key;
    const workspace = workspaceFolder === undefined ? undefined : this.around.origin(workspaceFolder);
    const known = this.callers.get(key);
    if (known && known.workspace === workspace) return known;
    const caller: Caller = { kind: "gatewayKey", name, labels, ...(workspace ? { workspace } : {}) };
    this.callers.set(key, caller);
    return caller;
  }

  private fault({ enabled, expiresAt }: EngineGatewayKey): "disabled" | "expired" | undefined {
    if (enabled === false) return "disabled";
    return expiresAt !== undefined && this.around.now() >= expiresAt ? "expired" : undefined;
  }
}

function entryOf(key: EngineGatewayKey): RingEntry | undefined {
  if (key.key !== undefined) {
    const salt = randomBytes(16);
    // Without the key itself: what is not kept cannot get out.
    const { key: _, ...rest } = key;
    return { key: rest, salt, digest: digestOf(salt, key.key) };
  }
  const hash = key.hash === undefined ? undefined : parseKeyHash(key.hash);
  return (
    hash && { key, salt: Buffer.from(hash.salt, "base64url"), digest: Buffer.from(hash.digest, "base64url") }
  );
}

function digestOf(salt: Buffer, key: string): Buffer {
  return createHash("sha256").update(salt).update(key).digest();
}
