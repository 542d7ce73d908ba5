import type { StoredCredential } from "../../core/config/engineConfig";
import { type ProviderSecret, providerSecretName } from "./names";

/** The part of `vscode.SecretStorage` that is used here. */
export interface SecretStore {
  keys(): Thenable<string[]>;
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

const KINDS = ["apiKey", "bearerToken"] as const;

/** The providers' keys. They are kept in the secret storage and nowhere else. */
export class ProviderKeys {
  constructor(private readonly secrets: SecretStore) {}

  async get(id: string): Promise<StoredCredential> {
    const [apiKey, bearerToken] = await Promise.all(
      KINDS.map((kind) => this.secrets.get(providerSecretName(id, kind))),
    );
    return { ...(apiKey ? { apiKey } : {}), ...(bearerToken ? { bearerToken } : {}) };
  }

  /** Stores a key in place of whatever was stored: a forgotten bearer token would win over the new key. */
  async set(id: string, key: string): Promise<void> {
    await this.put(id, { apiKey: key });
  }

  /** Makes the stored credential of a provider exactly this one. */
  async put(id: string, credential: StoredCredential): Promise<void> {
    for (const kind of KINDS) await this.write(id, kind, credential[kind]);
  }

  async delete(id: string): Promise<void> {
    await this.put(id, {});
  }

  private async write(id: string, kind: ProviderSecret, value: string | undefined): Promise<void> {
    const name = providerSecretName(id, kind);
    if (value !== undefined) await this.secrets.store(name, value);
    else if ((await this.secrets.get(name)) !== undefined) await this.secrets.delete(name);
  }
}
