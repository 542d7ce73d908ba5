import type { EngineConfig, EngineGatewayKey, EngineProvider } from "./engineConfig";

/**
 * Windows that share their settings may still have secret storages of their own: with VS Code in a browser each
 * browser has one, with a remote host each computer that is connected to it. What one window cannot know it must not
 * take from another. Within one storage the latest configuration is the whole truth, so a deleted key is gone at once.
 *
 * @param stores the latest configuration from each secret storage, `latest` among them
 * @param latest what counts for everything that is not secret
 */
export function mergeStores(stores: Iterable<EngineConfig>, latest: EngineConfig): EngineConfig {
  const others = [...stores].filter((config) => config.secretStore !== latest.secretStore);
  if (others.length === 0) return latest;
  // Hashes stand in the settings, which all windows share; only whole keys are known to some windows alone.
  const foreign = others.flatMap(({ gateway }) => gateway.keys.filter(({ key }) => key !== undefined));
  const keys = [...latest.gateway.keys, ...foreign];
  return {
    ...latest,
    providers: latest.providers.map((provider) => withCredential(provider, others)),
    gateway: { ...latest.gateway, keys: eachOnce(keys) },
  };
}

/** A credential goes only to the very provider it was entered for: the same id at the same address. */
function withCredential(provider: EngineProvider, others: readonly EngineConfig[]): EngineProvider {
  if (hasValue(provider)) return provider;
  for (const other of others) {
    const same = other.providers.find(
      (known) =>
        known.config.id === provider.config.id &&
        known.config.type === provider.config.type &&
        known.config.baseUrl === provider.config.baseUrl &&
        hasValue(known),
    );
    if (same) return { ...provider, credential: same.credential, ...(same.pool ? { pool: same.pool } : {}) };
  }
  return provider;
}

/** A provider on this machine may go without a key, which does not mean that it has none. */
function hasValue({ credential }: EngineProvider): boolean {
  return credential.kind === "apiKey" || credential.kind === "bearerToken";
}

/** Of entries for the same key the first counts: it has the latest limits. */
function eachOnce(keys: readonly EngineGatewayKey[]): EngineGatewayKey[] {
  const idOf = ({ key, hash }: EngineGatewayKey): string => key ?? hash ?? "";
  return keys.filter((key, index) => keys.findIndex((other) => idOf(other) === idOf(key)) === index);
}
