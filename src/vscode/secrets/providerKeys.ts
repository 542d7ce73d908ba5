import type { StoredSecret } from "../../core/credentials/stored";
import { Turns } from "../../core/turns";
import { providerSecretName } from "./names";
import { formatStored, parseStored } from "./storedKey";

/** The part of `vscode.SecretStorage` that is used here. */
export interface SecretStore {
  keys(): Thenable<string[]>;
  get(key: string): Thenable<string | undefined>;
  store(key: string, value: string): Thenable<void>;
  delete(key: string): Thenable<void>;
}

/** The providers' keys and tokens, in the order in which they are used. They are kept in the secret storage and nowhere else. */
export class ProviderKeys {
  private readonly turns = new Turns();

  constructor(private readonly secrets: SecretStore) {}

  async list(id: string): Promise<readonly StoredSecret[]> {
    const secret = await this.secrets.get(providerSecretName(id));
    return secret === undefined ? [] : parseStored(secret);
  }

  /** Makes what is stored for a provider exactly this. */
  async put(id: string, credentials: readonly StoredSecret[]): Promise<void> {
    const name = providerSecretName(id);
    if (credentials.length > 0) await this.secrets.store(name, formatStored(credentials));
    else if ((await this.secrets.get(name)) !== undefined) await this.secrets.delete(name);
  }

  /** Changes what is stored for a provider; one change after the other, so that none is lost. */
  change(
    id: string,
    change: (credentials: readonly StoredSecret[]) => readonly StoredSecret[],
  ): Promise<void> {
    return this.turns.take(async () => this.put(id, change(await this.list(id))));
  }
}
