import type { CredentialConfig } from "../../core/config/schema";
import type { StoredSecret } from "../../core/credentials/stored";
import { cleanPastedKey } from "../../core/providers/pastedKey";
import {
  movedPlace,
  onlyCredential,
  relabelled,
  standsForAll,
  switched,
  useOfStored,
  withCredential,
  withoutPlace,
  withStored,
} from "../credentials/listEdits";
import { storedKey } from "../credentials/newSecret";
import { moved, renamed, withoutSecret, withSecret, withSecretAt } from "../credentials/storedEdits";
import type { ProviderKeys } from "../secrets/providerKeys";
import { DEFAULT_LABEL } from "../secrets/storedKey";
import { literalCredentials } from "../settings/providerEdits";
import type { CredentialEntry } from "../state";
import type { ProviderRegistry, ProviderTarget } from "./registry";

/** Which of a provider's credentials is meant. */
export type CredentialRef = Pick<CredentialEntry, "label" | "source" | "place">;

/** Changes what providers are authenticated with: stored keys, and what the settings say of others. */
export class CredentialEditor {
  constructor(
    private readonly registry: Pick<ProviderRegistry, "raw" | "patch" | "keysId">,
    private readonly keys: ProviderKeys,
    private readonly changed: () => Promise<void>,
  ) {}

  /**
   * Stores a key under its label, in the place of the one that has it. What was sent as a token goes on being one.
   * @param baseUrl the address that the person was told the key is for
   */
  async setKey(id: string, key: string, baseUrl: string, label = DEFAULT_LABEL): Promise<void> {
    await this.keys.change(id, (stored) => {
      const secret = { ...storedKey(key, baseUrl), label };
      const kind = stored.find((other) => other.label === label)?.kind ?? secret.kind;
      return withSecret(stored, { ...secret, kind });
    });
    await this.changed();
  }

  /** Stores another key, which is used beside what the provider has. */
  async addKey(target: ProviderTarget, key: string, baseUrl: string, label: string): Promise<void> {
    await this.keys.change(target.id, (stored) => withSecret(stored, { ...storedKey(key, baseUrl), label }));
    const patched = withStored(this.registry.raw(target), label);
    if (patched) await this.registry.patch(target, patched);
    else await this.changed();
  }

  /**
   * What the settings do with a stored key: they use it, have it switched off, or say that the credential comes from
   * elsewhere, which wins over what is stored.
   */
  useOfKey(target: ProviderTarget, label: string): ReturnType<typeof useOfStored> {
    return useOfStored(this.registry.raw(target), label);
  }

  /** Switches on a stored key, beside all that is used. */
  async useKey(target: ProviderTarget, label: string): Promise<void> {
    const patched = withStored(this.registry.raw(target), label);
    if (patched) await this.registry.patch(target, patched);
  }

  /** Takes out of the settings where other credentials come from, so that the stored keys are used. */
  async useStoredAlone(target: ProviderTarget): Promise<void> {
    await this.registry.patch(target, { apiKey: undefined, bearerToken: undefined, credentials: undefined });
  }

  /** Adds where another credential comes from, beside what the provider has or instead of it. */
  async addCredential(target: ProviderTarget, credential: CredentialConfig, instead: boolean): Promise<void> {
    const hasStored = (await this.keys.list(target.id)).length > 0;
    const raw = this.registry.raw(target);
    await this.registry.patch(
      target,
      instead ? onlyCredential(credential) : withCredential(raw, hasStored, credential),
    );
  }

  /**
   * Takes a credential away: a stored key out of the storage, and what names it, or any other, out of the settings.
   * @returns brings it back
   */
  async removeCredential(
    target: ProviderTarget,
    { label, source, place }: CredentialRef,
  ): Promise<() => Promise<void>> {
    const raw = this.registry.raw(target);
    const bringBack = source === "stored" ? await this.deleteKey(target.id, label) : undefined;
    if (bringBack && (place === undefined || standsForAll(raw, place))) return bringBack;
    if (place === undefined) throw new Error("It stands in the settings by itself; edit the provider there.");
    const { credentials, apiKey, bearerToken } = raw;
    await this.registry.patch(target, withoutPlace(raw, place));
    return async () => {
      await bringBack?.();
      await this.registry.patch(target, { credentials, apiKey, bearerToken });
    };
  }

  /** Lets a credential be used, or leaves it out until it is switched on again. */
  async switchCredential(
    target: ProviderTarget,
    { label, place }: CredentialRef,
    on: boolean,
  ): Promise<void> {
    const hasStored = (await this.keys.list(target.id)).length > 0;
    await this.registry.patch(target, switched(this.registry.raw(target), hasStored, place, label, on));
  }

  async renameCredential(target: ProviderTarget, credential: CredentialRef, to: string): Promise<void> {
    const { label, source, place } = credential;
    const raw = this.registry.raw(target);
    if (source === "stored") await this.keys.change(target.id, (stored) => renamed(stored, label, to));
    // A list that names the key names it by its new label.
    if (place !== undefined && !standsForAll(raw, place))
      await this.registry.patch(target, relabelled(raw, place, to));
    else await this.changed();
  }

  async moveCredential(
    target: ProviderTarget,
    { label, source, place }: CredentialRef,
    direction: "up" | "down",
  ): Promise<void> {
    const raw = this.registry.raw(target);
    const inList = place !== undefined && !standsForAll(raw, place);
    if (source === "stored" && !inList) {
      await this.keys.change(target.id, (stored) => moved(stored, label, direction));
      await this.changed();
      return;
    }
    const patched = place === undefined ? undefined : movedPlace(raw, place, direction);
    if (patched) await this.registry.patch(target, patched);
  }

  /** The labels of the stored keys, in their order. */
  async keyLabels(id: string): Promise<readonly string[]> {
    return (await this.keys.list(id)).map(({ label }) => label);
  }

  /**
   * Deletes a stored key.
   * @returns brings it back to its place, under another label if its own is taken
   */
  async deleteKey(id: string, label: string): Promise<() => Promise<void>> {
    const before = await this.keys.list(id);
    const at = before.findIndex((secret) => secret.label === label);
    const lost = before[at];
    await this.keys.change(id, (stored) => withoutSecret(stored, label));
    await this.changed();
    return async () => {
      if (lost) await this.keys.change(id, (stored) => withSecretAt(stored, at, lost));
      await this.changed();
    };
  }

  /**
   * Stores the literal credentials of an entry and takes them out of the settings, in this order.
   * @throws Error if nobody could say which provider the stored key would be of, or where it may go
   */
  async moveKeyToSecretStorage(target: ProviderTarget): Promise<void> {
    const id = this.registry.keysId(target);
    if (id === undefined) {
      throw new Error("Give the provider an id of its own first; the key would be stored for another one.");
    }
    const entry = this.registry.raw(target);
    const found = Object.entries(literalCredentials(entry)).map(([name, value]) => {
      const cleaned = cleanPastedKey(value);
      if (!cleaned.ok) throw new Error(`${name}: ${cleaned.fault}`);
      return [name, cleaned.key] as const;
    });
    if (found.length === 0) throw new Error("There is no key in its settings any more.");
    const secrets = found.map(([name, value]) => literalSecret(name, value, entry.baseUrl));
    await this.keys.change(id, (stored) => secrets.reduce(withSecret, stored));
    await this.registry.patch(target, Object.fromEntries(found.map(([name]) => [name, undefined])));
  }

  /** The labels and kinds of what is stored for a provider; never the keys. */
  async storedLabels(id: string): Promise<readonly Pick<StoredSecret, "label" | "kind">[]> {
    return (await this.keys.list(id)).map(({ label, kind }) => ({ label, kind }));
  }
}

function literalSecret(name: string, value: string, baseUrl: unknown): StoredSecret {
  const secret = storedKey(value, baseUrl);
  return name === "bearerToken" ? { ...secret, label: "token", kind: "bearerToken" } : secret;
}
