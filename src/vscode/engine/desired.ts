import { type EngineConfig, type EngineProvider, networkFrom } from "../../core/config/engineConfig";
import type { Environment } from "../../core/config/reference";
import { protocolsOf } from "../../core/providers/spoken";
import { resolveWithStored, type StoredKey } from "../secrets/storedKey";
import type { ProxySettings } from "../settings/proxy";
import type { Settings } from "../settings/snapshot";
import type { KeyPresence, LocalState, ProviderEntry } from "../state";
import { desiredGatewayKeys, type StoredGatewayKeys } from "./desiredKeys";

/** What the engine is to run on, and what of it may be shown. */
export interface Desired {
  readonly config: EngineConfig;
  readonly local: LocalState;
}

export interface DesiredInputs {
  readonly settings: Settings;
  readonly proxy: ProxySettings;
  readonly environment: Environment;
  /** What the secret storage holds, by provider id. */
  readonly credentials: ReadonlyMap<string, StoredKey>;
  readonly gatewayKeys: StoredGatewayKeys;
  /** Which secret storage these are from. */
  readonly secretStore: string;
}

/** Puts settings, secrets and environment together. */
export function desiredState(inputs: DesiredInputs): Desired {
  const { settings, environment, credentials } = inputs;
  const entries: ProviderEntry[] = [];
  const providers: EngineProvider[] = [];
  const faulty: EngineConfig["faulty"][number][] = [];
  settings.providers.forEach((checked, index) => {
    if (!checked.ok) {
      faulty.push({ id: checked.id, problems: checked.problems });
      entries.push({ index, id: checked.id, faulty: true, problems: checked.problems });
      return;
    }
    const { provider } = checked;
    const stored = credentials.get(provider.id);
    const resolved = resolveWithStored(provider, environment, stored);
    providers.push(resolved);
    entries.push({
      index,
      id: provider.id,
      faulty: false,
      name: provider.name ?? provider.id,
      type: provider.type,
      baseUrl: provider.baseUrl,
      protocols: protocolsOf(provider),
      enabled: provider.enabled,
      key: presence(resolved, provider.apiKey ?? provider.bearerToken),
      stored: stored !== undefined,
      ...(provider.runtime === undefined ? {} : { runtime: provider.runtime }),
    });
  });
  const keys = desiredGatewayKeys(inputs);
  return {
    config: {
      providers,
      faulty,
      gateway: {
        host: settings.host,
        port: settings.port,
        maxRunning: settings.maxRunning,
        keys: keys.accepted,
      },
      routes: settings.routes.flatMap((checked) => (checked.ok ? [checked.route] : [])),
      routing: settings.routing,
      budgets: settings.budgets.flatMap((checked) => (checked.ok ? [checked.budget] : [])),
      balances: settings.balances,
      network: inputs.proxy === "off" ? {} : { ...networkFrom(environment), ...inputs.proxy },
      lingerSeconds: settings.lingerSeconds,
      keepRunning: settings.keepRunning,
      secretStore: inputs.secretStore,
    },
    local: {
      providers: entries,
      gatewayKeys: keys.entries,
      host: settings.host,
      port: settings.port,
      routes: settings.routes,
      budgets: settings.budgets,
      statusBarLimit: settings.statusBarLimit,
      statusBarForm: settings.statusBarForm,
      terminalTools: settings.terminalTools,
      problems: settings.problems,
    },
  };
}

function presence({ credential }: EngineProvider, inSettings: string | undefined): KeyPresence {
  if (credential.kind === "missing") return { kind: "missing", reason: credential.reason };
  if (credential.kind === "none") return { kind: "notNeeded" };
  return { kind: inSettings === undefined ? "stored" : "environment" };
}
