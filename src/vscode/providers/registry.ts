import { type EngineProvider, resolveEntry } from "../../core/config/engineConfig";
import { checkProviders } from "../../core/config/parse";
import type { Environment } from "../../core/config/reference";
import { type ProviderConfig, providerSchema } from "../../core/config/schema";
import type { AskedCredentials } from "../../core/credentials/askedCredentials";
import type { StoredSecret } from "../../core/credentials/stored";
import type { ImportedProvider } from "../../core/interchange/imported";
import type { Target } from "../common/target";
import { originFor, storedKey } from "../credentials/newSecret";
import { atAddress } from "../credentials/storedEdits";
import type { ProviderKeys } from "../secrets/providerKeys";
import {
  addressPatch,
  entryId,
  freeId,
  indexOfEntry,
  insertEntry,
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

/** The providers in settings and secret storage, and all changes to their list. */
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

  /** The id that a provider's keys are stored under; undefined where it is none, or another entry's too. */
  keysId(target: ProviderTarget): string | undefined {
    const { list, index } = this.find(target);
    return ownId(list, index);
  }

  /** The address that the stored keys of a provider were entered for, if it has keys of its own. */
  async keyOrigin(target: ProviderTarget): Promise<string | undefined> {
    // What is stored under the id of two entries belongs to the other one, as far as anybody knows.
    return this.keysId(target) === undefined ? undefined : (await this.keys.list(target.id))[0]?.origin;
  }

  /** Changes a provider's address. Its stored keys do not go there by themselves: the person has decided about them. */
  async changeAddress(target: ProviderTarget, baseUrl: string, key: KeyAtNewAddress): Promise<void> {
    const origin = originFor(baseUrl);
    this.find(target);
    await this.keys.change(target.id, (stored) => {
      if (key.kind === "none") return [];
      // Of several the others stay what they are: unused at the new address, until the person says what becomes of them.
      if (key.kind === "other")
        return [{ ...storedKey(key.key, baseUrl), ...nameAndKind(stored[0]) }, ...stored.slice(1)];
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

/** What of a stored key goes over to the one that takes its place. */
function nameAndKind(secret: StoredSecret | undefined): Partial<Pick<StoredSecret, "label" | "kind">> {
  return secret === undefined ? {} : { label: secret.label, kind: secret.kind };
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

function fieldOf(entry: unknown, name: string): unknown {
  return typeof entry === "object" && entry !== null ? (entry as Record<string, unknown>)[name] : undefined;
}
