import { type EngineProvider, resolveProvider } from "../../core/config/engineConfig";
import { checkProviders } from "../../core/config/parse";
import type { Environment } from "../../core/config/reference";
import type { Target } from "../common/target";
import type { ProviderKeys } from "../secrets/providerKeys";
import {
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
    await this.keys.put(id, key === undefined ? {} : { apiKey: key });
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
   * Removes a provider and its stored key.
   * @returns brings both back
   */
  async remove(target: ProviderTarget): Promise<() => Promise<void>> {
    const { list, index } = this.find(target);
    const entry = list[index];
    const twin = list.some((other, at) => at !== index && indexOfEntry([other], target.id, 0) === 0);
    const credential = await this.keys.get(target.id);
    await this.settings.writeProviders(removeEntry(list, index));
    // The key stays where another entry of the same id, the fault of this one perhaps, still uses it.
    if (!twin) await this.keys.delete(target.id);
    await this.changed();
    return async () => {
      if (!twin) await this.keys.put(target.id, credential);
      await this.settings.writeProviders(insertEntry(this.settings.providers(), entry, index));
      await this.changed();
    };
  }

  async setKey(id: string, key: string): Promise<void> {
    await this.keys.set(id, key);
    await this.changed();
  }

  async deleteKey(id: string): Promise<void> {
    await this.keys.delete(id);
    await this.changed();
  }

  /** Stores the literal credentials of an entry and takes them out of the settings, in this order. */
  async moveKeyToSecretStorage(target: ProviderTarget): Promise<void> {
    const { list, index } = this.find(target);
    const found = literalCredentials(list[index]);
    await this.keys.put(target.id, found);
    const patch = Object.fromEntries(Object.keys(found).map((name) => [name, undefined]));
    await this.settings.writeProviders(patchEntry(list, index, patch));
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
    return resolveProvider(checked.provider, this.environment, await this.keys.get(target.id));
  }

  private find({ id, index }: ProviderTarget): { readonly list: RawProviders; readonly index: number } {
    const list = this.settings.providers();
    const found = indexOfEntry(list, id, index);
    if (found < 0) throw new Error(`There is no provider "${id}" in the settings any more.`);
    return { list, index: found };
  }
}
