import type { EngineConfig } from "../../core/config/engineConfig";
import { mergeStores } from "../../core/config/mergeStores";

/** How long what a secret storage gave is kept after its last window has gone. */
const KEPT_MS = 60 * 60_000;

interface Store {
  latest: EngineConfig;
  /** When its last window went; undefined while one is there. */
  leftAt: number | undefined;
}

/** The latest configuration from each secret storage whose windows are here, or were until lately. */
export class SecretStores {
  private readonly stores = new Map<string, Store>();
  private readonly storeOf = new Map<object, string>();

  /** @param now milliseconds */
  constructor(private readonly now: () => number) {}

  /** Takes a window's configuration and puts it together with what the other storages have. */
  merge(window: object, config: EngineConfig): EngineConfig {
    const before = this.storeOf.get(window);
    // The latest of a storage's windows is its last.
    this.storeOf.delete(window);
    this.storeOf.set(window, config.secretStore);
    // A window whose storage was wiped comes with a new one; what was in the old one is deleted.
    if (before !== undefined && before !== config.secretStore && !this.isUsed(before))
      this.stores.delete(before);
    this.stores.set(config.secretStore, { latest: config, leftAt: undefined });
    for (const [id, { leftAt }] of this.stores) {
      if (leftAt !== undefined && this.now() - leftAt > KEPT_MS) this.stores.delete(id);
    }
    return mergeStores(
      [...this.stores.values()].map(({ latest }) => latest),
      config,
    );
  }

  /** A window has gone. */
  release(window: object): void {
    const id = this.storeOf.get(window);
    this.storeOf.delete(window);
    const store = id === undefined || this.isUsed(id) ? undefined : this.stores.get(id);
    if (store) store.leftAt = this.now();
  }

  /** Of each secret storage the window that has configured the engine last. */
  leads(): object[] {
    return [...new Map([...this.storeOf].map(([window, store]) => [store, window])).values()];
  }

  private isUsed(id: string): boolean {
    return [...this.storeOf.values()].includes(id);
  }
}
