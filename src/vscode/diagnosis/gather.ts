import os from "node:os";
import * as vscode from "vscode";
import { type EngineConfig, type EngineProvider, networkFrom } from "../../core/config/engineConfig";
import type {
  DiagnosisInputs,
  EngineInput,
  NetworkInput,
  ProviderInput,
} from "../../core/diagnosis/report/inputs";
import type { Private } from "../../core/diagnosis/report/scrub";
import { secretsOf } from "../../core/providers/redact";
import type { ProviderStatus } from "../../core/rpc/contract";
import { messageOf } from "../common/log";
import { EXTENSION_VERSION } from "../common/version";
import type { EngineApi } from "../engine/api";
import type { LocalState, UsableEntry } from "../state";
import type { Storage } from "../wiring/storage";
import { probeGateway } from "./gatewayProbe";

/** What a diagnosis looks at. */
export interface DiagnosisSources {
  readonly storage: Pick<Storage, "desired" | "settings" | "environment" | "boot" | "gatewayKeys">;
  readonly engine: Pick<EngineApi, "diagnose" | "testProvider" | "status">;
}

export interface Gathered {
  readonly inputs: DiagnosisInputs;
  readonly hidden: Private;
}

/**
 * Looks at everything, and asks every provider for its list of models, which costs nothing.
 * @param step called with what is looked at now
 * @throws Error once the signal is aborted
 */
export async function gatherDiagnosis(
  { storage, engine }: DiagnosisSources,
  step: (what: string) => void,
  signal: AbortSignal,
): Promise<Gathered> {
  step("settings");
  const { config, local } = await storage.desired();
  step("the engine");
  const running = await engineInput(engine, signal);
  step("the gateway");
  const gateway = running.kind === "running" ? running.facts.gateway : ({ state: "stopped" } as const);
  const gatewayKeys = await keysToAskWith(storage, config);
  const gatewayInput = await probeGateway(gateway, gatewayKeys[0], config.gateway.keys.length, signal);
  const providers = await testProviders(
    config,
    local,
    running.kind === "running" ? engine : undefined,
    step,
    signal,
  );
  signal.throwIfAborted();
  const inputs: DiagnosisInputs = {
    takenAt: Date.now(),
    surroundings: {
      postern: EXTENSION_VERSION,
      vscode: vscode.version,
      node: process.versions.node,
      system: `${process.platform} ${process.arch} ${os.release()}`,
      host: hostText(),
    },
    engine: running,
    gateway: gatewayInput,
    gatewayKeys: local.gatewayKeys.map(({ name, fault }) => ({
      name,
      ...(fault === undefined ? {} : { fault }),
    })),
    providers,
    settingsProblems: local.problems,
    network: networkInput(storage),
    environment: storage.environment,
  };
  return { inputs, hidden: await privateOf(storage, config, gatewayKeys) };
}

/** Gateway keys that are known here as a whole: of the others there are only hashes. */
async function keysToAskWith(
  { gatewayKeys }: Pick<Storage, "gatewayKeys">,
  config: EngineConfig,
): Promise<readonly string[]> {
  const now = Date.now();
  const accepted = config.gateway.keys.filter(
    ({ enabled = true, expiresAt = Number.POSITIVE_INFINITY }) => enabled && expiresAt > now,
  );
  const names = new Set(accepted.map(({ name }) => name));
  const copies = await gatewayKeys.copies().catch(() => []);
  const copied = copies.filter(({ name }) => names.has(name)).map(({ key }) => key);
  return [...copied, ...accepted.flatMap(({ key }) => key ?? [])];
}

async function engineInput(engine: DiagnosisSources["engine"], signal: AbortSignal): Promise<EngineInput> {
  try {
    return { kind: "running", facts: await engine.diagnose(signal) };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "absent", why: messageOf(error) };
  }
}

/** All at once: the slowest decides how long it takes. */
async function testProviders(
  config: EngineConfig,
  local: LocalState,
  engine: DiagnosisSources["engine"] | undefined,
  step: (what: string) => void,
  signal: AbortSignal,
): Promise<readonly ProviderInput[]> {
  const asked = config.providers.filter((provider) => provider.config.enabled).length;
  let done = 0;
  const told = (): void => step(asked === 0 ? "providers" : `providers, ${done} of ${asked}`);
  told();
  const statuses = engine ? (await engine.status()).providers : [];
  return Promise.all(
    local.providers.map(async (entry): Promise<ProviderInput> => {
      const { id, index } = entry;
      if (entry.faulty) return { kind: "faulty", id, index, problems: entry.problems };
      const provider = config.providers.find((other) => other.config.id === id);
      const shown = usableInput(
        entry,
        provider,
        statuses.find((status) => status.id === id),
      );
      if (!engine || !provider || !entry.enabled) return shown;
      const test = await engine.testProvider(provider, signal).catch((error: unknown) => {
        signal.throwIfAborted();
        return { ok: false, verdict: messageOf(error), latencyMs: 0, models: [] };
      });
      done += 1;
      told();
      return { ...shown, test };
    }),
  );
}

function usableInput(
  entry: UsableEntry,
  provider: EngineProvider | undefined,
  status: ProviderStatus | undefined,
): Extract<ProviderInput, { kind: "usable" }> {
  const { id, index, type, baseUrl, enabled } = entry;
  const wireApi = provider?.config.wireApi ?? "completions";
  const models = status?.models.length ?? 0;
  return { kind: "usable", id, index, type, wireApi, baseUrl, enabled, credential: keyText(entry), models };
}

function keyText({ key }: UsableEntry): string {
  switch (key.kind) {
    case "stored":
      return "key in the secret storage";
    case "environment":
      return "key from the environment";
    case "command":
      return "key from a command";
    case "entra":
      return "Microsoft Entra ID";
    case "github":
      return "GitHub account";
    case "notNeeded":
      return "no key";
    case "missing":
      return "key missing";
  }
}

function networkInput({ settings, environment }: Pick<Storage, "settings" | "environment">): NetworkInput {
  const { off, network } = settings.proxy();
  const inherited = networkFrom(environment);
  const from = network.httpsProxy
    ? "settings"
    : inherited.httpsProxy || inherited.httpProxy
      ? "environment"
      : undefined;
  const bypassed = (network.noProxy ?? inherited.noProxy ?? "").split(/[,\s]+/).filter(Boolean).length;
  const strictSsl = vscode.workspace.getConfiguration("http").get("proxyStrictSSL") !== false;
  return { proxyOff: off, strictSsl, bypassed, ...(from && !off ? { proxyFrom: from } : {}) };
}

/** Everything secret that this window knows of, so that none of it gets into the report by whatever way. */
async function privateOf(
  storage: Pick<Storage, "boot" | "settings" | "environment">,
  config: EngineConfig,
  gatewayKeys: readonly string[],
): Promise<Private> {
  const token = await storage.boot().then(
    (boot) => boot.token,
    () => "",
  );
  const proxies = [storage.settings.proxy().network, networkFrom(storage.environment)].flatMap(
    ({ httpProxy, httpsProxy }) => [httpProxy, httpsProxy].flatMap(passwordIn),
  );
  const pools = config.providers.flatMap(({ pool = [] }) => pool.map(({ credential }) => credential.value));
  const secrets = [
    token,
    ...config.providers.flatMap(secretsOf),
    ...pools,
    ...gatewayKeys,
    ...config.gateway.keys.flatMap(({ key, hash }) => [key ?? [], hash ?? []].flat()),
    ...proxies,
  ];
  return { secrets, home: os.homedir() };
}

function passwordIn(address: string | undefined): string[] {
  if (address === undefined || !URL.canParse(address)) return [];
  const { password } = new URL(address);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

function hostText(): string {
  const kind = vscode.env.uiKind === vscode.UIKind.Web ? "web" : "desktop";
  return vscode.env.remoteName === undefined ? kind : `${kind}, remote: ${vscode.env.remoteName}`;
}
