import * as vscode from "vscode";
import { LOAD_START } from "./loadStart";
import { registerCommands } from "./vscode/commands/register";
import { GatewayController } from "./vscode/gateway/controller";
import { StartFailureNotice } from "./vscode/gateway/startFailure";
import { StartFile } from "./vscode/gateway/startFile";
import { LiteralKeyNotice } from "./vscode/providers/literalKeyNotice";
import { ProviderRegistry } from "./vscode/providers/registry";
import { concernsEngine } from "./vscode/secrets/names";
import { StateStore } from "./vscode/state";
import type { PosternTestApi } from "./vscode/testApi";
import { createViews } from "./vscode/views/views";
import { createCommands } from "./vscode/wiring/commands";
import { createEngine } from "./vscode/wiring/engine";
import { createStorage } from "./vscode/wiring/storage";
import { createTestApi } from "./vscode/wiring/testApi";

/** Builds the extension and wires its parts; nothing in here waits for anything. */
export function activate(context: vscode.ExtensionContext): PosternTestApi | undefined {
  const channel = vscode.window.createOutputChannel("Postern", { log: true });
  const storage = createStorage(context);
  const store = new StateStore({ local: storage.withoutSecrets().local, engine: { kind: "idle" } });
  const engine = createEngine(context, storage, store, channel);
  const { sync, supervisor, session, api } = engine;
  const changed = (): Promise<void> => sync.flush();
  const registry = new ProviderRegistry(storage.settings, storage.providerKeys, storage.environment, changed);
  const gateway = new GatewayController(api, storage.gatewayKeys, {
    flush: changed,
    local: () => store.value.local,
    wanted: () => session.wantGateway(),
  });
  const failure = new StartFailureNotice({
    host: () => store.value.local.host,
    usePort: async (port) => {
      await storage.settings.writePort(port);
      failure.report(await gateway.start());
    },
  });
  const literalKeys = new LiteralKeyNotice(registry);
  const startFile = process.env.POSTERN_START_FILE;
  const startFileWriter = startFile ? new StartFile(startFile, storage.gatewayKeys, channel) : undefined;
  // Models can only be shown by an engine; without a provider there is nothing to show.
  let viewsSeen = false;
  const wakeForViews = (): void => {
    if (viewsSeen && store.value.engine.kind === "idle" && store.value.local.providers.length > 0) {
      supervisor.wake();
    }
  };
  context.subscriptions.push(
    channel,
    store,
    engine.disposables,
    registerCommands(
      createCommands({ store, storage, engine, registry, gateway, failure, channel }),
      channel,
    ),
    createViews(store, () => {
      viewsSeen = true;
      wakeForViews();
    }),
    store.onDidChange((state) => {
      literalKeys.follow(state.local);
      wakeForViews();
      void startFileWriter?.follow(state);
    }),
    storage.settings.onDidChange(() => sync.schedule()),
    context.secrets.onDidChange(({ key }) => concernsEngine(key) && sync.schedule()),
  );
  const begin = async (): Promise<void> => {
    await changed();
    await supervisor.joinIfRunning();
    if (!storage.settings.read().autoStart) return;
    // Another window has tried already, and has said why it did not work.
    if (store.value.engine.kind === "ready" && store.value.engine.status.gateway.state !== "stopped") return;
    failure.report(await gateway.start());
  };
  begin().catch((error: unknown) => channel.error(`Start failed: ${String(error)}`));
  const activationMs = performance.now() - LOAD_START;
  channel.debug(`Activated in ${activationMs.toFixed(1)} ms of own code.`);
  if (context.extensionMode !== vscode.ExtensionMode.Test) return undefined;
  return createTestApi({ context, storage, store, engine, registry, gateway, activationMs });
}
