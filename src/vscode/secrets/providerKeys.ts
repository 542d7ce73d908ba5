import { providerSecretName } from "./names";
import { formatStoredKey, parseStoredKey, type StoredKey } from "./storedKey";

/** The part of `vscode.SecretStorage` that is used here. */
export interface SecretStore {
  keys(): Thenable<string[]>;
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

/** The providers' keys. They are kept in the secret storage and nowhere else. */
export class ProviderKeys {
  constructor(private readonly secrets: SecretStore) {}

  async get(id: string): Promise<StoredKey | undefined> {
    const secret = await this.secrets.get(providerSecretName(id));
    return secret === undefined ? undefined : parseStoredKey(secret);
  }

  /** Makes what is stored for a provider exactly this: a forgotten bearer token would win over a new key. */
  async put(id: string, key: StoredKey | undefined): Promise<void> {
    const name = providerSecretName(id);
    if (key !== undefined) await this.secrets.store(name, formatStoredKey(key));
    else if ((await this.secrets.get(name)) !== undefined) await this.secrets.delete(name);
  }
}
