import type { EngineGatewayKey } from "../../core/config/engineConfig";
import { resolveGatewayKey } from "../../core/config/engineGatewayKey";
import type { CheckedGatewayKey } from "../../core/config/gatewayKeys";
import type { Environment } from "../../core/config/reference";
import type { GatewayKeyConfig } from "../../core/config/schema";
import type { WholeGatewayKey } from "../secrets/gatewayKeys";
import { fitsHash, maskKey } from "../secrets/keyMaterial";
import type { WorkspaceKey } from "../secrets/workspaceKeys";
import type { GatewayKeyEntry } from "../state";

/** What the secret storage has of gateway keys. */
export interface StoredGatewayKeys {
  /** Of an earlier version, not taken over into the settings yet. */
  readonly whole: readonly WholeGatewayKey[];
  /** Names of those that can be copied here. */
  readonly copies: ReadonlySet<string>;
  /** Of workspaces whose terminals have one; empty while that is switched off. */
  readonly workspaces: readonly WorkspaceKey[];
}

export const NO_STORED_GATEWAY_KEYS: StoredGatewayKeys = {
  whole: [],
  copies: new Set(),
  workspaces: [],
};

/** What the engine is to accept, and what may be shown of it. */
export function desiredGatewayKeys({
  settings,
  environment,
  gatewayKeys,
}: {
  readonly settings: { readonly keys: readonly CheckedGatewayKey[] };
  readonly environment: Environment;
  readonly gatewayKeys: StoredGatewayKeys;
}): { readonly accepted: readonly EngineGatewayKey[]; readonly entries: readonly GatewayKeyEntry[] } {
  const accepted: EngineGatewayKey[] = [];
  const entries: GatewayKeyEntry[] = [];
  for (const checked of settings.keys) {
    if (!checked.ok) {
      const fault = checked.problems[0]?.message ?? "is not valid";
      entries.push({ name: checked.name, masked: "", source: "settings", fault, copyable: false });
      continue;
    }
    const { key: entry } = checked;
    const resolved = resolveGatewayKey(entry, environment);
    if (resolved.ok) accepted.push(resolved.key);
    entries.push(entryOf(entry, resolved, gatewayKeys.copies));
  }
  for (const { name, key } of gatewayKeys.whole) {
    // Taken over a moment ago, by another window perhaps.
    if (accepted.some(({ hash }) => hash !== undefined && fitsHash(key, hash))) continue;
    accepted.push({ name, key });
    entries.push({ name, masked: maskKey(key), source: "stored", copyable: true });
  }
  for (const { name, key, folder } of gatewayKeys.workspaces) {
    accepted.push({ name, key, workspaceFolder: folder });
    entries.push({ name, masked: maskKey(key), source: "workspace", folder, copyable: false });
  }
  return { accepted, entries };
}

function entryOf(
  entry: GatewayKeyConfig,
  resolved: ReturnType<typeof resolveGatewayKey>,
  copies: ReadonlySet<string>,
): GatewayKeyEntry {
  const { name, hash, masked = "", enabled } = entry;
  if (!resolved.ok)
    return { name, masked: "", source: "environment", fault: resolved.fault, copyable: false };
  const { key, expiresAt } = resolved.key;
  return {
    name,
    masked: key === undefined ? masked : maskKey(key),
    source: hash === undefined ? "environment" : "settings",
    copyable: hash === undefined || copies.has(name),
    ...(enabled ? {} : { disabled: true }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    limits: {
      models: entry.models,
      budget: entry.budget,
      requestsPerMinute: entry.requestsPerMinute,
      tokensPerMinute: entry.tokensPerMinute,
      labels: entry.labels,
    },
  };
}
