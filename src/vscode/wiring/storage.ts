import os from "node:os";
import path from "node:path";
import * as vscode from "vscode";
import type { Environment } from "../../core/config/reference";
import type { EngineBoot } from "../../core/rpc/contract";
import { type Log, messageOf } from "../common/log";
import type { WindowCredentials } from "../credentials/windowCredentials";
import { type Desired, desiredState } from "../engine/desired";
import { NO_STORED_GATEWAY_KEYS, type StoredGatewayKeys } from "../engine/desiredKeys";
import { notedPipePath, type PipeHost, preparePipePath } from "../engine/pipePath";
import { engineToken, machineEngineToken, secretStoreId } from "../secrets/engineToken";
import { GatewayKeys } from "../secrets/gatewayKeys";
import { ProviderKeys } from "../secrets/providerKeys";
import { WorkspaceKeys } from "../secrets/workspaceKeys";
import { SettingsStore } from "../settings/store";

/** Where everything is kept. */
export interface Storage {
  readonly settings: SettingsStore;
  readonly providerKeys: ProviderKeys;
  readonly gatewayKeys: GatewayKeys;
  readonly workspaceKeys: WorkspaceKeys;
  readonly environment: Environment;
  /** VS Code's folder of the user's settings. */
  readonly userFolder: string;
  /** What an engine needs to be found and started. */
  boot(): Promise<EngineBoot>;
  /** Where the running engine says its pipe is. */
  notedPipe(): Promise<string | undefined>;
  /**
   * Settings, secrets and environment as they are now.
   * @param asking whether programs and accounts are asked for what is not known yet
   */
  desired(asking?: boolean): Promise<Desired>;
}

/** How long settings and secrets wait for credentials that are being asked for. */
const ASKED_MS = 2_000;

/** Builds what reads and writes settings and secrets. */
export function createStorage(
  context: vscode.ExtensionContext,
  credentials: WindowCredentials,
  log: Log,
): Storage {
  const settings = new SettingsStore();
  const providerKeys = new ProviderKeys(context.secrets);
  const gatewayKeys = new GatewayKeys(settings, context.secrets);
  const workspaceKeys = new WorkspaceKeys(context.secrets);
  const environment: Environment = (name) => process.env[name];
  const storagePath = context.globalStorageUri.fsPath;
  const dataDir = path.join(storagePath, "engine");
  const host: PipeHost = {
    platform: process.platform,
    environment,
    tmpdir: os.tmpdir(),
    // Not os.userInfo(): it throws for a user whom the system has no entry for, as in many containers.
    uid: process.getuid?.() ?? 0,
    userName: process.env.USERNAME ?? "",
  };
  return {
    settings,
    providerKeys,
    gatewayKeys,
    workspaceKeys,
    environment,
    // <user folder>/globalStorage/<extension>
    userFolder: path.dirname(path.dirname(storagePath)),
    boot: async () => ({
      token: await (secretsAreTheMachines() ? engineToken(context.secrets) : machineEngineToken(storagePath)),
      pipePath: await preparePipePath(storagePath, host),
      dataDir,
    }),
    notedPipe: () => notedPipePath(dataDir, host),
    desired: async (asking = false) => {
      const read = settings.read();
      const providers = read.providers.flatMap((checked) => (checked.ok ? [checked.provider] : []));
      const stored = await Promise.all(
        providers.map(async ({ id }) => [id, await readable(providerKeys.list(id), [], log)] as const),
      );
      const inputs = {
        settings: read,
        proxy: settings.proxy(),
        environment,
        credentials: new Map(stored),
        asked: asking ? credentials.asked.asked : credentials.asked.known,
        gatewayKeys: await readable(
          storedGatewayKeys(gatewayKeys, workspaceKeys, read.terminalTools.length > 0),
          NO_STORED_GATEWAY_KEYS,
          log,
        ),
        secretStore: await readable(secretStoreId(context.secrets), "unreadable", log),
      };
      credentials.asked.keepOnly(providers);
      credentials.recheck();
      const known = desiredState(inputs);
      if (!asking || !credentials.asked.isAsking) return known;
      // Most programs and accounts answer by then; what comes later is another change.
      await credentials.asked.settled(ASKED_MS);
      return desiredState(inputs);
    },
  };
}

async function storedGatewayKeys(
  gatewayKeys: GatewayKeys,
  workspaceKeys: WorkspaceKeys,
  forTerminals: boolean,
): Promise<StoredGatewayKeys> {
  const copies = await gatewayKeys.copies();
  return {
    whole: await gatewayKeys.notTakenOver(),
    copies: new Set(copies.map(({ name }) => name)),
    workspaces: forTerminals ? await workspaceKeys.list() : [],
  };
}

/** Whether all windows that share this machine's engine share one secret storage too. */
function secretsAreTheMachines(): boolean {
  return vscode.env.uiKind === vscode.UIKind.Desktop && vscode.env.remoteName === undefined;
}

/** A keyring that is locked or broken must not hide the providers: they show as without a key. */
async function readable<T>(reading: Promise<T>, fallback: T, log: Log): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    log.error(`The secret storage cannot be read: ${messageOf(error)}`);
    return fallback;
  }
}
