import os from "node:os";
import * as vscode from "vscode";
import type { LoadAgent } from "../../core/agent/contract";
import type { ActivityStore } from "../activity/activityState";
import type { AgentParts } from "../agent/parts";
import type { ChatProvider } from "../chat/provider";
import type { CommandHandlers } from "../commands/register";
import { messageOf } from "../common/log";
import type { RouteRow } from "../common/target";
import { ReportDocument } from "../diagnosis/reportDocument";
import { GatewayController } from "../gateway/controller";
import { StartFailureNotice } from "../gateway/startFailure";
import { StartFile } from "../gateway/startFile";
import { LedgerNotices } from "../ledger/ledgerNotice";
import { LimitNotices } from "../limits/limitNotice";
import { McpServerSource } from "../mcp/serverSource";
import { CredentialEditor } from "../providers/credentialEditor";
import { CredentialNotice } from "../providers/credentialNotice";
import { LiteralKeyNotice } from "../providers/literalKeyNotice";
import { ProviderRegistry } from "../providers/registry";
import { moveRoute } from "../routes/moveRoute";
import { RouteEditor } from "../routes/routeEditor";
import { RuntimeFollower } from "../runtimes/follower";
import { LocalRuntimes } from "../runtimes/localRuntimes";
import { concernsEngine } from "../secrets/names";
import type { StateStore } from "../state";
import { TerminalEnvironment } from "../terminal/terminalEnvironment";
import type { PosternTestApi } from "../testApi";
import { notify } from "../ui/notify";
import { createActivity } from "./activity";
import { createAgentParts } from "./agent";
import { createChat } from "./chat";
import { createCommands } from "./commands";
import { createCredentials } from "./credentials";
import { createEngine } from "./engine";
import { createStorage } from "./storage";
import { createTestApi } from "./testApi";

/** What comes after activation: everything behind the commands and views. */
export interface Runtime {
  readonly commands: CommandHandlers;
  readonly chat: ChatProvider;
  readonly mcp: McpServerSource;
  readonly agent: AgentParts;
  /** Resolves once the settings and secrets have been read for the first time. */
  readonly settled: Promise<void>;
  /** A view shows, so models are wanted. */
  viewsVisible(): void;
  /** The Activity view comes into sight, or goes out of it. */
  activityVisible(visible: boolean): void;
  /** A provider was dragged to another place; what goes wrong is logged and shown. */
  moveProvider(...move: Parameters<ProviderRegistry["move"]>): void;
  /** The same for a route or one of its targets. */
  moveRoute(row: RouteRow, place: RouteRow | "end"): void;
  testApi(activationMs: number): PosternTestApi;
}

/** Builds and wires the parts. */
export function createRuntime(
  context: vscode.ExtensionContext,
  store: StateStore,
  activityStore: ActivityStore,
  channel: vscode.LogOutputChannel,
  loadAgent: LoadAgent,
): Runtime {
  const { credentials, disposables } = createCredentials(context, channel, () => sync.schedule());
  const storage = createStorage(context, credentials, channel);
  const engine = createEngine(context, storage, store, credentials.asked, channel);
  const { sync, supervisor, session, api } = engine;
  const changed = (): Promise<void> => sync.flush();
  const registry = new ProviderRegistry(
    storage.settings,
    storage.providerKeys,
    storage.environment,
    changed,
    credentials.asked,
  );
  const editor = new CredentialEditor(registry, storage.providerKeys, changed);
  const routes = new RouteEditor(storage.settings, changed);
  const gateway = new GatewayController(api, storage.gatewayKeys, {
    flush: changed,
    local: () => store.value.local,
    starting: () => {
      failure.forget();
      session.wantGateway();
    },
    wanted: () => session.wantGateway(),
  });
  const failure = new StartFailureNotice({
    wanted: () => session.wantsGateway,
    focused: () => vscode.window.state.focused,
    host: () => store.value.local.host,
    usePort: async (port) => {
      await storage.settings.writePort(port);
      await gateway.start();
    },
  });
  const activity = createActivity(activityStore, engine);
  const report = new ReportDocument();
  const literalKeys = new LiteralKeyNotice(editor);
  const notices = new LimitNotices({
    focused: () => vscode.window.state.focused,
    claim: (id) => api.claimNotice(id),
    log: channel,
  });
  const ledgerNotices = new LedgerNotices(
    () => vscode.window.state.focused,
    (id) => api.claimNotice(id),
  );
  const terminals = new TerminalEnvironment(context.environmentVariableCollection, {
    keys: storage.workspaceKeys,
    changed,
    log: channel,
  });
  const waitingCredentials = new CredentialNotice();
  const runtimes = new LocalRuntimes({
    platform: process.platform,
    home: os.homedir(),
    environment: storage.environment,
    variables: process.env,
  });
  const follower = new RuntimeFollower({
    locate: (runtime, signal) => runtimes.locate(runtime, signal),
    addressOf: (target) => registry.raw(target).baseUrl,
    changeAddress: (target, baseUrl) => registry.patch(target, { baseUrl }),
    now: () => performance.now(),
    log: channel,
  });
  const followRuntimes = (): void => follower.follow(store.value, vscode.window.state.focused);
  const startFile = process.env.POSTERN_START_FILE;
  const startFileWriter = startFile ? new StartFile(startFile, channel) : undefined;
  let viewsSeen = false;
  // Only the engine knows models; without a provider there is nothing to show, and none is started.
  const wakeForViews = (): void => {
    const { engine: state, local } = store.value;
    if (viewsSeen && state.kind === "idle" && local.providers.length > 0) supervisor.wake();
  };
  context.subscriptions.push(
    engine.disposables,
    activity,
    report.disposables,
    disposables,
    follower,
    store.onDidChange((state) => {
      literalKeys.follow(state.local);
      waitingCredentials.follow(state.local);
      failure.follow(state.engine);
      notices.follow(state);
      ledgerNotices.follow(state);
      terminals.follow(state);
      wakeForViews();
      activity.feed.engineChanged();
      followRuntimes();
      void startFileWriter?.follow(state);
    }),
    vscode.window.onDidChangeWindowState(() => {
      failure.follow(store.value.engine);
      notices.follow(store.value);
      ledgerNotices.follow(store.value);
      credentials.recheck();
      followRuntimes();
    }),
    terminals,
    vscode.workspace.onDidChangeWorkspaceFolders(() => terminals.follow(store.value)),
    vscode.workspace.onDidGrantWorkspaceTrust(() => terminals.follow(store.value)),
    storage.settings.onDidChange(() => sync.schedule()),
    context.secrets.onDidChange(({ key }) => concernsEngine(key) && sync.schedule()),
  );
  const notMoved = (what: string) => (error: unknown) => {
    channel.error(`A ${what} could not be moved: ${messageOf(error)}`);
    notify("error", `Postern: ${messageOf(error)}`);
  };
  const settled = storage.gatewayKeys
    .takeOver()
    .catch((error: unknown) => channel.error(`Gateway keys could not be taken over: ${String(error)}`))
    .then(changed);
  const chat = createChat(store, engine, settled, context.globalStorageUri.fsPath, channel);
  context.subscriptions.push(chat.provider);
  const agent = createAgentParts(
    loadAgent,
    store,
    storage,
    engine,
    gateway,
    registry,
    context.globalStorageUri.fsPath,
  );
  context.subscriptions.push(agent.documents);
  const mcp = new McpServerSource(gateway, storage.gatewayKeys, changed);
  const begin = async (): Promise<void> => {
    await settled;
    await supervisor.joinIfRunning();
    if (!storage.settings.read().autoStart) return;
    const { engine: state } = store.value;
    // Another window has started it already, or has tried and has said why that did not work.
    if (state.kind === "ready" && state.status.gateway.state !== "stopped") return;
    await gateway.start();
  };
  begin().catch((error: unknown) => channel.error(`The gateway was not started: ${String(error)}`));
  return {
    commands: createCommands({
      store,
      storage,
      engine,
      registry,
      editor,
      routes,
      gateway,
      runtimes,
      credentials,
      activity,
      report,
      channel,
      chat,
      agent,
    }),
    chat: chat.provider,
    agent,
    mcp,
    settled,
    viewsVisible: () => {
      viewsSeen = true;
      wakeForViews();
    },
    activityVisible: (visible) => activity.feed.setVisible(visible),
    moveProvider: (provider, place) => {
      registry.move(provider, place).catch(notMoved("provider"));
    },
    moveRoute: (row, place) => {
      moveRoute(routes, row, place).catch(notMoved("route"));
    },
    testApi: (activationMs) =>
      createTestApi({
        context,
        storage,
        store,
        engine,
        registry,
        editor,
        routes,
        credentials,
        gateway,
        terminals,
        mcp,
        activationMs,
      }),
  };
}
