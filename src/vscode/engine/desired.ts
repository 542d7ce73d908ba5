import {
  type EngineConfig,
  type EngineProvider,
  networkFrom,
  type ResolvedProvider,
  resolveEntry,
} from "../../core/config/engineConfig";
import type { Environment } from "../../core/config/reference";
import type { AskedFor, ResolvedCredential } from "../../core/credentials/resolve";
import type { StoredSecret } from "../../core/credentials/stored";
import { protocolsOf } from "../../core/providers/spoken";
import type { ProxySettings } from "../settings/proxy";
import type { Settings } from "../settings/snapshot";
import type { CredentialEntry, KeyPresence, LocalState, ProviderEntry } from "../state";
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
  readonly credentials: ReadonlyMap<string, readonly StoredSecret[]>;
  /** What is known of the credentials that have to be asked for. */
  readonly asked: AskedFor;
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
    const stored = credentials.get(provider.id) ?? [];
    const resolved = resolveEntry(provider, { environment, stored, asked: inputs.asked });
    providers.push(resolved.provider);
    entries.push({
      index,
      id: provider.id,
      faulty: false,
      name: provider.name ?? provider.id,
      type: provider.type,
      baseUrl: provider.baseUrl,
      protocols: protocolsOf(provider),
      enabled: provider.enabled,
      key: presence(resolved),
      stored: stored.length > 0,
      credentials: resolved.credentials.map(credentialEntry),
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
      ledger: settings.ledger,
      audit: settings.audit,
      policy: settings.policy,
      network: { ...(inputs.proxy.off ? {} : networkFrom(environment)), ...inputs.proxy.network },
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

function presence({ provider: { credential }, credentials }: ResolvedProvider): KeyPresence {
  if (credential.kind === "missing") {
    const waiting = credentials.find(({ outcome }) => outcome.kind === "missing" && outcome.why === "idle");
    if (waiting && isAskedKind(waiting.source)) return { kind: waiting.source };
    return { kind: "missing", reason: credential.reason };
  }
  if (credential.kind === "none") return { kind: "notNeeded" };
  const used = credentials.find(({ outcome }) => outcome.kind === credential.kind);
  if (used && isAskedKind(used.source)) return { kind: used.source };
  return { kind: used?.source === "env" ? "environment" : "stored" };
}

function isAskedKind(source: ResolvedCredential["source"]): source is "command" | "entra" | "github" {
  return source === "command" || source === "entra" || source === "github";
}

function credentialEntry({ label, source, place, outcome }: ResolvedCredential): CredentialEntry {
  const base = { label, source, ...(place === undefined ? {} : { place }) };
  if (outcome.kind === "missing") {
    const { reason, why } = outcome;
    return { ...base, usable: false, reason, ...(why === undefined ? {} : { why }) };
  }
  const expiresAt = outcome.kind === "none" ? undefined : outcome.expiresAt;
  return { ...base, usable: true, ...(expiresAt === undefined ? {} : { expiresAt }) };
}
