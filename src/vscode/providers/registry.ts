import { type EngineProvider, resolveEntry } from "../../core/config/engineConfig";
import { checkProviders } from "../../core/config/parse";
import type { Environment } from "../../core/config/reference";
import { providerSchema } from "../../core/config/schema";
import type { AskedCredentials } from "../../core/credentials/askedCredentials";
import { originOf, type StoredSecret } from "../../core/credentials/stored";
import { cleanPastedKey } from "../../core/providers/pastedKey";
import type { Target } from "../common/target";
import { atAddress, moved, renamed, withoutSecret, withSecret } from "../credentials/storedEdits";
import type { ProviderKeys } from "../secrets/providerKeys";
import { DEFAULT_LABEL } from "../secrets/storedKey";
import {
  addressPatch,
  entryId,
  freeId,
  indexOfEntry,
  insertEntry,
  literalCredentials,
  moveEntry,
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

/** What programs and accounts give. */
export type AskedElsewhere = Pick<AskedCredentials, "asked" | "settled">;

/** A person who waits for a test waits for a program too. */
const ASKED_MS = 30_000;

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
    private readonly asked: AskedElsewhere,
  ) {}

  /**
   * Adds a provider under an id that is free.
   * @returns its id
   */
  async add(provider: NewProvider, key?: string): Promise<string> {
    const list = this.settings.providers();
    const id = freeId(list, provider.id);
    // A key that an earlier provider of this id has left behind must not go to the new one's address.
    await this.keys.put(id, key === undefined ? [] : [storedKey(key, provider.baseUrl)]);
    await this.settings.writeProviders(insertEntry(list, { ...provider, id }));
    await this.changed();
    return id;
  }

  async patch(target: ProviderTarget, patch: ProviderPatch): Promise<void> {
    const { list, index } = this.find(target);
    await this.settings.writeProviders(patchEntry(list, index, patch));
    await this.changed();
  }

  /**
   * Moves a provider to the place of another one, or to the end. The order decides who serves a model that is named
   * without its provider.
   */
  async move(target: ProviderTarget, place: ProviderTarget | "end"): Promise<void> {
    const { list, index } = this.find(target);
    const to = place === "end" ? list.length - 1 : this.find(place).index;
    if (to === index) return;
    await this.settings.writeProviders(moveEntry(list, index, to));
    await this.changed();
  }

  /** The address that the stored keys of a provider were entered for, if it has keys of its own. */
  async keyOrigin(target: ProviderTarget): Promise<string | undefined> {
    const { list, index } = this.find(target);
    // What is stored under the id of two entries belongs to the other one, as far as anybody knows.
    return ownId(list, index) === undefined ? undefined : (await this.keys.list(target.id))[0]?.origin;
  }

  /** Changes a provider's address. Its stored keys do not go there by themselves: the person has decided about them. */
  async changeAddress(target: ProviderTarget, baseUrl: string, key: KeyAtNewAddress): Promise<void> {
    const { list, index } = this.find(target);
    const origin = originFor(baseUrl);
    await this.keys.change(target.id, (stored) => {
      if (key.kind === "none") return [];
      if (key.kind === "other") return [storedKey(key.key, baseUrl)];
      return stored[0] ? atAddress(stored, stored[0].origin, origin) : stored;
    });
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
    const keys = await this.keys.list(target.id);
    await this.settings.writeProviders(removeEntry(list, index));
    // The keys stay where another entry of the same id, the fault of this one perhaps, still uses them.
    if (!twin) await this.keys.put(target.id, []);
    await this.changed();
    return async () => {
      const now = this.settings.providers();
      if (!twin && indexOfEntry(now, target.id, index) >= 0) {
        throw new Error(`There is another provider "${target.id}" by now; the removed one stays removed.`);
      }
      if (!twin) await this.keys.put(target.id, keys);
      await this.settings.writeProviders(insertEntry(now, entry, index));
      await this.changed();
    };
  }

  /**
   * Stores a key under its label, in the place of the one that has it.
   * @param baseUrl the address that the person was told the key is for
   */
  async setKey(id: string, key: string, baseUrl: string, label = DEFAULT_LABEL): Promise<void> {
    await this.keys.change(id, (stored) => withSecret(stored, { ...storedKey(key, baseUrl), label }));
    await this.changed();
  }

  /** Makes a key the only one that is stored: a forgotten bearer token would win over it. */
  async setOnlyKey(id: string, key: string, baseUrl: string): Promise<void> {
    await this.keys.put(id, [storedKey(key, baseUrl)]);
    await this.changed();
  }

  /** The labels of the stored keys, in their order. */
  async keyLabels(id: string): Promise<readonly string[]> {
    return (await this.keys.list(id)).map(({ label }) => label);
  }

  /**
   * Deletes a stored key.
   * @returns brings it back, at the end if its place is taken
   */
  async deleteKey(id: string, label: string): Promise<() => Promise<void>> {
    const before = await this.keys.list(id);
    await this.keys.change(id, (stored) => withoutSecret(stored, label));
    await this.changed();
    return async () => {
      const lost = before.filter((secret) => secret.label === label);
      await this.keys.change(id, (stored) => [...lost.filter((secret) => !has(stored, secret)), ...stored]);
      await this.changed();
    };
  }

  async renameKey(id: string, label: string, to: string): Promise<void> {
    await this.keys.change(id, (stored) => renamed(stored, label, to));
    await this.changed();
  }

  async moveKey(id: string, label: string, direction: "up" | "down"): Promise<void> {
    await this.keys.change(id, (stored) => moved(stored, label, direction));
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
    const baseUrl = fieldOf(entry, "baseUrl");
    const secrets = found.map(([name, value]) => literalSecret(name, value, baseUrl));
    await this.keys.change(id, (stored) => secrets.reduce(withSecret, stored));
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
    const stored = await this.keys.list(target.id);
    const { asked } = this.asked;
    const resolve = () => resolveEntry(checked.provider, { environment: this.environment, stored, asked });
    resolve();
    await this.asked.settled(ASKED_MS);
    return resolve().provider;
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

function storedKey(value: string, baseUrl: unknown): StoredSecret {
  return { label: DEFAULT_LABEL, kind: "apiKey", value, origin: originFor(baseUrl) };
}

function literalSecret(name: string, value: string, baseUrl: unknown): StoredSecret {
  if (name !== "bearerToken") return storedKey(value, baseUrl);
  return { label: "token", kind: "bearerToken", value, origin: originFor(baseUrl) };
}

function has(stored: readonly StoredSecret[], { label }: StoredSecret): boolean {
  return stored.some((secret) => secret.label === label);
}

function originFor(baseUrl: unknown): string {
  const origin = originOf(baseUrl);
  if (origin === undefined) throw new Error("A key needs an address to go to; mend the provider's first.");
  return origin;
}

function fieldOf(entry: unknown, name: string): unknown {
  return typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>)[name] : undefined;
}
