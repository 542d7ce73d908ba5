import { type EngineProvider, resolveEntry } from "../../core/config/engineConfig";
import { checkProviders } from "../../core/config/parse";
import type { Environment } from "../../core/config/reference";
import { type CredentialConfig, type ProviderConfig, providerSchema } from "../../core/config/schema";
import type { AskedCredentials } from "../../core/credentials/askedCredentials";
import { originOf, type StoredSecret } from "../../core/credentials/stored";
import type { ImportedProvider } from "../../core/interchange/imported";
import { cleanPastedKey } from "../../core/providers/pastedKey";
import type { Target } from "../common/target";
import {
  movedPlace,
  onlyCredential,
  relabelled,
  standsForAll,
  switched,
  withCredential,
  withoutPlace,
  withStored,
} from "../credentials/listEdits";
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
import type { CredentialEntry } from "../state";

/** Where the setting `postern.providers` is read and written. */
export interface ProviderSettings {
  providers(): RawProviders;
  writeProviders(list: RawProviders): Thenable<void>;
}

/** Which of a provider's credentials is meant. */
export type CredentialRef = Pick<CredentialEntry, "label" | "source" | "place">;

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
    const id = freeId(this.settings.providers(), provider.id);
    // A key that an earlier provider of this id has left behind must not go to the new one's address.
    await this.keys.put(id, key === undefined ? [] : [storedKey(key, provider.baseUrl)]);
    await this.settings.writeProviders(insertEntry(this.settings.providers(), { ...provider, id }));
    await this.changed();
    return id;
  }

  /**
   * Adds providers that another program had, with their keys.
   * @returns their ids, and what takes them away again
   */
  async addAll(
    imported: readonly ImportedProvider[],
  ): Promise<{ readonly ids: readonly string[]; readonly undo: () => Promise<void> }> {
    const added: { readonly id: string; readonly entry: unknown }[] = [];
    // Read anew each time: storing a key may take as long as a keyring that asks for its password.
    const list = (): RawProviders =>
      added.reduce<RawProviders>((all, { entry }) => insertEntry(all, entry), this.settings.providers());
    for (const { entry, secrets } of imported) {
      // Somebody may have taken the id since the preview.
      const id = freeId(list(), entry.id);
      const origin = originFor(entry.baseUrl);
      await this.keys.put(
        id,
        secrets.map((secret) => ({ ...secret, origin })),
      );
      added.push({ id, entry: { ...entry, id } });
    }
    await this.settings.writeProviders(list());
    await this.changed();
    return {
      ids: added.map(({ id }) => id),
      undo: async () => {
        const unchanged = (id: string, entry: unknown): boolean => {
          const mine = added.find((other) => other.id === id);
          return mine !== undefined && JSON.stringify(mine.entry) === JSON.stringify(entry);
        };
        const now = this.settings.providers();
        const going = now.flatMap((entry, index) => {
          const id = entryId(entry, index);
          return unchanged(id, entry) ? [id] : [];
        });
        await this.settings.writeProviders(
          now.filter((entry, index) => !unchanged(entryId(entry, index), entry)),
        );
        for (const id of going) await this.keys.put(id, []);
        await this.changed();
        // What the person has worked on since stays.
        const left = added.length - going.length;
        if (left > 0) throw new Error(`${left} of them were changed since and stay.`);
      },
    };
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
    await this.moveTo(index, place === "end" ? list.length - 1 : this.find(place).index);
  }

  /** Moves a provider one place up or down. @returns false where there is none */
  async step(target: ProviderTarget, by: -1 | 1): Promise<boolean> {
    const { list, index } = this.find(target);
    const to = index + by;
    if (to < 0 || to >= list.length) return false;
    await this.moveTo(index, to);
    return true;
  }

  private async moveTo(from: number, to: number): Promise<void> {
    if (from === to) return;
    await this.settings.writeProviders(moveEntry(this.settings.providers(), from, to));
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
    const origin = originFor(baseUrl);
    this.find(target);
    await this.keys.change(target.id, (stored) => {
      if (key.kind === "none") return [];
      if (key.kind === "other") return [storedKey(key.key, baseUrl)];
      return stored[0] ? atAddress(stored, stored[0].origin, origin) : stored;
    });
    // Storing may have taken its time: a locked keyring asks for its password.
    const { list, index } = this.find(target);
    await this.settings.writeProviders(patchEntry(list, index, addressPatch(baseUrl)));
    await this.changed();
  }

  /**
   * Removes a provider and its stored key.
   * @returns brings both back
   */
  async remove(target: ProviderTarget): Promise<() => Promise<void>> {
    const keys = await this.keys.list(target.id);
    const { list, index } = this.find(target);
    const entry = list[index];
    const twin = hasTwin(list, index);
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

  /** Stores another key, which is used beside what the provider has. */
  async addKey(target: ProviderTarget, key: string, baseUrl: string, label: string): Promise<void> {
    await this.keys.change(target.id, (stored) => withSecret(stored, { ...storedKey(key, baseUrl), label }));
    const patched = withStored(this.raw(target));
    if (patched) await this.patch(target, patched);
    else await this.changed();
  }

  /** Adds where another credential comes from, beside what the provider has or instead of it. */
  async addCredential(target: ProviderTarget, credential: CredentialConfig, instead: boolean): Promise<void> {
    const hasStored = (await this.keys.list(target.id)).length > 0;
    const raw = this.raw(target);
    await this.patch(
      target,
      instead ? onlyCredential(credential) : withCredential(raw, hasStored, credential),
    );
  }

  /**
   * Takes a credential away: a stored key out of the storage, any other out of the settings.
   * @returns brings it back
   */
  async removeCredential(
    target: ProviderTarget,
    { label, source, place }: CredentialRef,
  ): Promise<() => Promise<void>> {
    if (source === "stored") return this.deleteKey(target.id, label);
    if (place === undefined) throw new Error("It stands in the settings by itself; edit the provider there.");
    const { credentials, apiKey, bearerToken } = this.raw(target);
    await this.patch(target, withoutPlace(this.raw(target), place));
    return () => this.patch(target, { credentials, apiKey, bearerToken });
  }

  /** Lets a credential be used, or leaves it out until it is switched on again. */
  async switchCredential(
    target: ProviderTarget,
    { label, place }: CredentialRef,
    on: boolean,
  ): Promise<void> {
    const hasStored = (await this.keys.list(target.id)).length > 0;
    await this.patch(target, switched(this.raw(target), hasStored, place, label, on));
  }

  async renameCredential(target: ProviderTarget, credential: CredentialRef, to: string): Promise<void> {
    const { label, source, place } = credential;
    const raw = this.raw(target);
    if (source === "stored") await this.keys.change(target.id, (stored) => renamed(stored, label, to));
    // A list that names the key names it by its new label.
    if (place !== undefined && !standsForAll(raw, place))
      await this.patch(target, relabelled(raw, place, to));
    else await this.changed();
  }

  async moveCredential(
    target: ProviderTarget,
    { label, source, place }: CredentialRef,
    direction: "up" | "down",
  ): Promise<void> {
    const raw = this.raw(target);
    const inList = place !== undefined && !standsForAll(raw, place);
    if (source === "stored" && !inList) {
      await this.keys.change(target.id, (stored) => moved(stored, label, direction));
      await this.changed();
      return;
    }
    const patched = place === undefined ? undefined : movedPlace(raw, place, direction);
    if (patched) await this.patch(target, patched);
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

  /** A provider as the settings have it, checked; undefined if it is faulty. */
  config(target: ProviderTarget): ProviderConfig | undefined {
    const { list, index } = this.find(target);
    const checked = checkProviders(list, "settings")[index];
    return checked?.ok ? checked.provider : undefined;
  }

  /** The entries of the settings that can be used, as they stand there. */
  usable(): readonly Readonly<Record<string, unknown>>[] {
    const list = this.settings.providers();
    return checkProviders(list, "settings").flatMap((checked, index) =>
      checked.ok ? [list[index] as Readonly<Record<string, unknown>>] : [],
    );
  }

  /** The labels and kinds of what is stored for a provider; never the keys. */
  async storedLabels(id: string): Promise<readonly Pick<StoredSecret, "label" | "kind">[]> {
    return (await this.keys.list(id)).map(({ label, kind }) => ({ label, kind }));
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
