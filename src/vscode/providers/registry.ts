import type { EngineProvider } from "../../core/config/engineConfig";
import { checkProviders } from "../../core/config/parse";
import type { Environment } from "../../core/config/reference";
import { providerSchema } from "../../core/config/schema";
import { cleanPastedKey } from "../../core/providers/pastedKey";
import type { Target } from "../common/target";
import type { ProviderKeys } from "../secrets/providerKeys";
import { originOf, resolveWithStored, type StoredKey } from "../secrets/storedKey";
import {
  addressPatch,
  entryId,
  freeId,
  indexOfEntry,
  insertEntry,
  literalCredentials,
  type ProviderPatch,
  patchEntry,
  type RawProviders,
  removeEntry,
} from "../settings/providerEdits";

/** Where the setting `postern.providers` is read and written. */
export interface ProviderSettings {
  providers(): RawProviders;
  writeProviders(list: RawProviders): Thenable<void>;
}

export type ProviderTarget = Extract<Target, { kind: "provider" }>;

/** A provider's entry in the settings, with the id it must have free. */
export type NewProvider = Readonly<Record<string, unknown>> & { readonly id: string };

/** What becomes of a stored key when its provider gets another address: it goes along, or makes room. */
export type KeyAtNewAddress =
  | { readonly kind: "same" }
  | { readonly kind: "none" }
  | { readonly kind: "other"; readonly key: string };

/** The providers in settings and secret storage, and all changes to them. */
export class ProviderRegistry {
  constructor(
    private readonly settings: ProviderSettings,
    private readonly keys: ProviderKeys,
    private readonly environment: Environment,
    private readonly changed: () => Promise<void>,
  ) {}

  /**
   * Adds a provider under an id that is free.
   * @returns its id
   */
  async add(provider: NewProvider, key?: string): Promise<string> {
    const list = this.settings.providers();
    const id = freeId(list, provider.id);
    // A key that an earlier provider of this id has left behind must not go to the new one's address.
    await this.keys.put(id, key === undefined ? undefined : storedKey(key, provider.baseUrl));
    await this.settings.writeProviders(insertEntry(list, { ...provider, id }));
    await this.changed();
    return id;
  }

  async patch(target: ProviderTarget, patch: ProviderPatch): Promise<void> {
    const { list, index } = this.find(target);
    await this.settings.writeProviders(patchEntry(list, index, patch));
    await this.changed();
  }

  /** The address that the stored key of a provider was entered for, if it has one of its own. */
  async keyOrigin(target: ProviderTarget): Promise<string | undefined> {
    const { list, index } = this.find(target);
    // What is stored under the id of two entries belongs to the other one, as far as anybody knows.
    return ownId(list, index) === undefined ? undefined : (await this.keys.get(target.id))?.origin;
  }

  /** Changes a provider's address. Its stored key does not go there by itself: the person has decided about it. */
  async changeAddress(target: ProviderTarget, baseUrl: string, key: KeyAtNewAddress): Promise<void> {
    const { list, index } = this.find(target);
    if (key.kind === "none") await this.keys.put(target.id, undefined);
    else if (key.kind === "other") await this.keys.put(target.id, storedKey(key.key, baseUrl));
    else {
      const known = await this.keys.get(target.id);
      if (known) await this.keys.put(target.id, { ...known, origin: originFor(baseUrl) });
    }
    await this.settings.writeProviders(patchEntry(list, index, addressPatch(baseUrl)));
    await this.changed();
  }

  /**
   * Removes a provider and its stored key.
   * @returns brings both back
   */
  async remove(target: ProviderTarget): Promise<() => Promise<void>> {
    const { list, index } = this.find(target);
    const entry = list[index];
    const twin = hasTwin(list, index);
    const key = await this.keys.get(target.id);
    await this.settings.writeProviders(removeEntry(list, index));
    // The key stays where another entry of the same id, the fault of this one perhaps, still uses it.
    if (!twin) await this.keys.put(target.id, undefined);
    await this.changed();
    return async () => {
      const now = this.settings.providers();
      if (!twin && indexOfEntry(now, target.id, index) >= 0) {
        throw new Error(`There is another provider "${target.id}" by now; the removed one stays removed.`);
      }
      if (!twin) await this.keys.put(target.id, key);
      await this.settings.writeProviders(insertEntry(now, entry, index));
      await this.changed();
    };
  }

  /** @param baseUrl the address that the person was told the key is for */
  async setKey(id: string, key: string, baseUrl: string): Promise<void> {
    await this.keys.put(id, storedKey(key, baseUrl));
    await this.changed();
  }

  async deleteKey(id: string): Promise<void> {
    await this.keys.put(id, undefined);
    await this.changed();
  }

  /**
   * Stores the literal credentials of an entry and takes them out of the settings, in this order.
   * @throws Error if nobody could say which provider the stored key would be of, or where it may go
   */
  async moveKeyToSecretStorage(target: ProviderTarget): Promise<void> {
    const { list, index } = this.find(target);
    const id = ownId(list, index);
    if (id === undefined) {
      throw new Error("Give the provider an id of its own first; the key would be stored for another one.");
    }
    const entry = list[index];
    const found = Object.entries(literalCredentials(entry)).map(([name, value]) => {
      const cleaned = cleanPastedKey(value);
      if (!cleaned.ok) throw new Error(`${name}: ${cleaned.fault}`);
      return [name, cleaned.key] as const;
    });
    if (found.length === 0) throw new Error("There is no key in its settings any more.");
    await this.keys.put(id, { ...Object.fromEntries(found), origin: originFor(fieldOf(entry, "baseUrl")) });
    const patch = Object.fromEntries(found.map(([name]) => [name, undefined]));
    // Storing may have taken its time: a locked keyring asks for its password.
    const now = this.find(target);
    await this.settings.writeProviders(patchEntry(now.list, now.index, patch));
    await this.changed();
  }

  /** The entry as it stands in the settings. */
  raw(target: ProviderTarget): Readonly<Record<string, unknown>> {
    const { list, index } = this.find(target);
    const entry = list[index];
    return typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>) : {};
  }

  /**
   * A provider with its credential, as the engine would run it.
   * @throws Error that says what is wrong with it, if it is faulty
   */
  async resolved(target: ProviderTarget): Promise<EngineProvider> {
    const { list, index } = this.find(target);
    const checked = checkProviders(list, "settings")[index];
    if (!checked?.ok) throw new Error(checked?.problems[0]?.message ?? "The provider is faulty.");
    return resolveWithStored(checked.provider, this.environment, await this.keys.get(target.id));
  }

  private find({ id, index }: ProviderTarget): { readonly list: RawProviders; readonly index: number } {
    const list = this.settings.providers();
    const found = indexOfEntry(list, id, index);
    if (found < 0) throw new Error(`There is no provider "${id}" in the settings any more.`);
    return { list, index: found };
  }
}

/** The entry's id, if it is one and no other entry has it: only then is what is stored under it this entry's. */
function ownId(list: RawProviders, index: number): string | undefined {
  const id = providerSchema.shape.id.safeParse(fieldOf(list[index], "id"));
  return id.success && !hasTwin(list, index) ? id.data : undefined;
}

function hasTwin(list: RawProviders, index: number): boolean {
  const id = entryId(list[index], index);
  return list.some((other, at) => at !== index && entryId(other, at) === id);
}

function storedKey(apiKey: string, baseUrl: unknown): StoredKey {
  return { apiKey, origin: originFor(baseUrl) };
}

function originFor(baseUrl: unknown): string {
  const origin = originOf(baseUrl);
  if (origin === undefined) throw new Error("A key needs an address to go to; mend the provider's first.");
  return origin;
}

function fieldOf(entry: unknown, name: string): unknown {
  return typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>)[name] : undefined;
}
