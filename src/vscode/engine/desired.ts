import {
  type EngineConfig,
  type EngineGatewayKey,
  type EngineProvider,
  networkFrom,
  type ResolvedProvider,
  resolveEntry,
} from "../../core/config/engineConfig";
import { type Environment, resolveReference } from "../../core/config/reference";
import type { AskedFor, ResolvedCredential } from "../../core/credentials/resolve";
import type { StoredSecret } from "../../core/credentials/stored";
import { protocolsOf } from "../../core/providers/spoken";
import { maskKey } from "../secrets/gatewayKeys";
import type { ProxySettings } from "../settings/proxy";
import type { Settings } from "../settings/snapshot";
import type { CredentialEntry, GatewayKeyEntry, KeyPresence, LocalState, ProviderEntry } from "../state";

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
  readonly gatewayKeys: readonly EngineGatewayKey[];
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
  const keys = gatewayKeys(inputs);
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
      ledger: settings.ledger,
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
      problems: settings.problems,
    },
  };
}

function presence({ provider: { credential }, credentials }: ResolvedProvider): KeyPresence {
  if (credential.kind === "missing") return { kind: "missing", reason: credential.reason };
  if (credential.kind === "none") return { kind: "notNeeded" };
  const used = credentials.find(({ outcome }) => outcome.kind === credential.kind);
  switch (used?.source) {
    case "env":
      return { kind: "environment" };
    case "command":
    case "entra":
    case "github":
      return { kind: used.source };
    default:
      return { kind: "stored" };
  }
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

function gatewayKeys({ settings, environment, gatewayKeys }: DesiredInputs): {
  readonly accepted: readonly EngineGatewayKey[];
  readonly entries: readonly GatewayKeyEntry[];
} {
  const accepted = [...gatewayKeys];
  const entries: GatewayKeyEntry[] = gatewayKeys.map(({ name, key }) => ({
    name,
    masked: maskKey(key),
    source: "stored",
  }));
  const refuse = (name: string, fault: string): void => {
    entries.push({ name, masked: "", source: "settings", fault });
  };
  for (const checked of settings.keys) {
    if (!checked.ok) {
      refuse(checked.name, checked.problems[0]?.message ?? "is not valid");
      continue;
    }
    const { name, key, enabled } = checked.key;
    const resolved = resolveReference(key, environment);
    if (!enabled) refuse(name, "disabled");
    else if (accepted.some((other) => other.name === name)) refuse(name, `"${name}" is taken`);
    else if (resolved.kind === "unset")
      refuse(name, `the environment variable ${resolved.variable} is not set`);
    else if (/\s/.test(resolved.value)) refuse(name, "must not have spaces in it");
    else {
      accepted.push({ name, key: resolved.value });
      entries.push({ name, masked: maskKey(resolved.value), source: "settings" });
    }
  }
  return { accepted, entries };
}
