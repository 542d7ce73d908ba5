import {
  type EntryPatch,
  entryNamed,
  freeName,
  patchNamed,
  type RawEntries,
  removeNamed,
} from "../settings/namedEdits";
import { fitsHash, hashOfKey, maskKey, newGatewayKey } from "./keyMaterial";
import { gatewayKeyCopyName, gatewayKeyNameOf, gatewayKeyOfCopy, gatewayKeySecretName } from "./names";
import type { SecretStore } from "./providerKeys";

export const DEFAULT_GATEWAY_KEY = "default";

/** A gateway key whole, which is there when it is made, and later only where a copy is kept. */
export interface WholeGatewayKey {
  readonly name: string;
  readonly key: string;
}

/** The part of the settings that gateway keys stand in. */
export interface GatewayKeySettings {
  gatewayKeys(): RawEntries;
  writeGatewayKeys(list: RawEntries): Thenable<void>;
}

/** How a gateway key is made. */
export interface NewGatewayKey {
  readonly name: string;
  /** Whether a copy is kept in the secret storage, so that it can be copied again. */
  readonly keep: boolean;
  /** Limits and the like, as the settings have them. */
  readonly fields?: EntryPatch;
}

/**
 * The gateway keys. Each is an entry of the setting `postern.gateway.keys`, which holds its hash: one truth for all
 * windows, nothing secret in it. A copy of the key itself is kept only where the person wants to copy it again.
 */
export class GatewayKeys {
  constructor(
    private readonly settings: GatewayKeySettings,
    private readonly secrets: SecretStore,
  ) {}

  async create({ name, keep, fields = {} }: NewGatewayKey): Promise<WholeGatewayKey> {
    this.assertFree(name);
    const key = newGatewayKey();
    // The copy first: a key that works and cannot be had is worse than a copy of one that does not.
    if (keep) await this.secrets.store(gatewayKeyCopyName(name), key);
    await this.add(name, key, fields);
    return { name, key };
  }

  /**
   * The gateway key of this name with its copy, made if it is not there. Where the settings cannot be written it is kept
   * whole in the secret storage, as earlier versions did, and taken over when they can.
   */
  async ensure(name: string): Promise<void> {
    if (entryNamed(this.settings.gatewayKeys(), name)) return;
    if (await this.secrets.get(gatewayKeySecretName(name))) return;
    const kept = await this.secrets.get(gatewayKeyCopyName(name));
    const key = kept ?? newGatewayKey();
    await this.secrets.store(gatewayKeyCopyName(name), key);
    try {
      await this.add(name, key, {});
    } catch {
      await this.secrets.store(gatewayKeySecretName(name), key);
    }
  }

  /**
   * A gateway key that VS Code itself uses, made if it is not there. It stands among the others, with limits that the
   * person may set. Settings that came from another machine have its hash and not the key; then another one is made.
   */
  async own(name: string): Promise<WholeGatewayKey> {
    for (let number = 1; ; number++) {
      const numbered = number === 1 ? name : `${name} ${number}`;
      const known = await this.whole(numbered);
      if (known) return known;
      if (!entryNamed(this.settings.gatewayKeys(), numbered))
        return this.create({ name: numbered, keep: true });
    }
  }

  /** The key itself, where a copy is kept that is still the right one. */
  async whole(name: string): Promise<WholeGatewayKey | undefined> {
    const hash = entryNamed(this.settings.gatewayKeys(), name)?.hash;
    if (typeof hash === "string") {
      const copy = await this.secrets.get(gatewayKeyCopyName(name));
      return copy !== undefined && fitsHash(copy, hash) ? { name, key: copy } : undefined;
    }
    const key = await this.secrets.get(gatewayKeySecretName(name));
    return key === undefined ? undefined : { name, key };
  }

  /** Every gateway key that can be copied here. */
  async copies(): Promise<WholeGatewayKey[]> {
    const names = (await this.secrets.keys()).flatMap(
      (secret) => gatewayKeyOfCopy(secret) ?? gatewayKeyNameOf(secret) ?? [],
    );
    const found = await Promise.all([...new Set(names)].sort().map((name) => this.whole(name)));
    return found.flatMap((key) => key ?? []);
  }

  /** Whole keys of an earlier version that have not been taken over; they are accepted until they are. */
  async notTakenOver(): Promise<WholeGatewayKey[]> {
    const names = (await this.secrets.keys()).flatMap((secret) => gatewayKeyNameOf(secret) ?? []).sort();
    const found = await Promise.all(
      names.map(async (name) => ({ name, key: await this.secrets.get(gatewayKeySecretName(name)) })),
    );
    return found.flatMap(({ name, key }) => (key ? [{ name, key }] : []));
  }

  /**
   * Takes over what an earlier version has kept whole: its hash goes into the settings, so that tools that have the key
   * go on working, and the key itself becomes the copy that it can be copied from.
   */
  async takeOver(): Promise<void> {
    for (const { name: oldName, key } of await this.notTakenOver()) {
      const entry = entryNamed(this.settings.gatewayKeys(), oldName);
      const known = typeof entry?.hash === "string" && fitsHash(key, entry.hash);
      const name = known || !entry ? oldName : freeName(this.settings.gatewayKeys(), oldName);
      await this.secrets.store(gatewayKeyCopyName(name), key);
      if (!known) await this.add(name, key, {});
      await this.secrets.delete(gatewayKeySecretName(oldName));
    }
  }

  /** Puts a new key in the place of one, with the same limits. The copy goes along if there was one. */
  async rotate(name: string): Promise<WholeGatewayKey> {
    const keep = (await this.whole(name)) !== undefined;
    const key = newGatewayKey();
    // The copy last: until the settings have the new one, the old one is right.
    await this.patch(name, { key: undefined, hash: hashOfKey(key), masked: maskKey(key) });
    if (keep) await this.secrets.store(gatewayKeyCopyName(name), key);
    return { name, key };
  }

  async patch(name: string, patch: EntryPatch): Promise<void> {
    await this.settings.writeGatewayKeys(patchNamed(this.settings.gatewayKeys(), name, patch));
  }

  async forgetCopy(name: string): Promise<void> {
    await this.secrets.delete(gatewayKeyCopyName(name));
  }

  /** @returns a function that brings it back as it was */
  async delete(name: string): Promise<() => Promise<void>> {
    const list = this.settings.gatewayKeys();
    const entry = entryNamed(list, name);
    const index = list.indexOf(entry);
    const copy = await this.secrets.get(gatewayKeyCopyName(name));
    const old = await this.secrets.get(gatewayKeySecretName(name));
    if (entry) await this.settings.writeGatewayKeys(removeNamed(list, name));
    if (copy !== undefined) await this.secrets.delete(gatewayKeyCopyName(name));
    if (old !== undefined) await this.secrets.delete(gatewayKeySecretName(name));
    return async () => {
      const now = this.settings.gatewayKeys();
      if (entryNamed(now, name)) throw new Error(`There is a gateway key named "${name}" again.`);
      if (copy !== undefined) await this.secrets.store(gatewayKeyCopyName(name), copy);
      if (old !== undefined) await this.secrets.store(gatewayKeySecretName(name), old);
      if (entry) await this.settings.writeGatewayKeys([...now.slice(0, index), entry, ...now.slice(index)]);
    };
  }

  private async add(name: string, key: string, fields: EntryPatch): Promise<void> {
    this.assertFree(name);
    const list = this.settings.gatewayKeys();
    const entry = { name, hash: hashOfKey(key), masked: maskKey(key), ...fields };
    await this.settings.writeGatewayKeys([...list, entry]);
  }

  private assertFree(name: string): void {
    if (entryNamed(this.settings.gatewayKeys(), name))
      throw new Error(`There is a gateway key named "${name}" already.`);
  }
}

/** What is wrong with a name for a new gateway key; undefined if nothing is. */
export function gatewayKeyNameFault(name: string, taken: readonly string[]): string | undefined {
  const trimmed = name.trim();
  if (trimmed === "") return "Give it a name: which tool is the gateway key for?";
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u.test(trimmed))
    return "Use letters, digits, spaces, '.', '_' and '-'.";
  return taken.includes(trimmed) ? `There is a gateway key named "${trimmed}" already.` : undefined;
}
