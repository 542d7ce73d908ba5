import type { SecretStore } from "../../../src/vscode/secrets/providerKeys";
import type { RawEntries } from "../../../src/vscode/settings/namedEdits";

/** A secret storage that forgets. */
export class MemorySecrets implements SecretStore {
  readonly values = new Map<string, string>();
  keys = async (): Promise<string[]> => [...this.values.keys()];
  get = async (key: string): Promise<string | undefined> => this.values.get(key);
  store = async (key: string, value: string): Promise<void> => void this.values.set(key, value);
  delete = async (key: string): Promise<void> => void this.values.delete(key);
}

/** The setting `postern.gateway.keys` of a window. */
export class MemorySettings {
  list: RawEntries = [];
  gatewayKeys = (): RawEntries => this.list;
  writeGatewayKeys = async (list: RawEntries): Promise<void> => {
    this.list = list;
  };
}
