import type * as vscode from "vscode";
import type { WindowCredentials } from "../credentials/windowCredentials";
import type { GatewayController } from "../gateway/controller";
import type { McpServerSource } from "../mcp/serverSource";
import type { CredentialEditor } from "../providers/credentialEditor";
import type { ProviderRegistry } from "../providers/registry";
import { renderGateway } from "../render/gatewayTree";
import { renderProviders } from "../render/providersTree";
import { renderRoutes } from "../render/routesTree";
import { renderStatusBar } from "../render/statusBar";
import type { RouteEditor } from "../routes/routeEditor";
import type { StateStore } from "../state";
import type { TerminalEnvironment } from "../terminal/terminalEnvironment";
import type { PosternTestApi } from "../testApi";
import type { EngineParts } from "./engine";
import type { Storage } from "./storage";

/** What the tests' view of the extension is made of. */
export interface TestApiParts {
  readonly context: Pick<vscode.ExtensionContext, "secrets" | "globalStorageUri">;
  readonly storage: Storage;
  readonly store: StateStore;
  readonly engine: EngineParts;
  readonly registry: ProviderRegistry;
  readonly editor: CredentialEditor;
  readonly routes: RouteEditor;
  readonly credentials: WindowCredentials;
  readonly gateway: GatewayController;
  readonly terminals: TerminalEnvironment;
  readonly mcp: McpServerSource;
  readonly activationMs: number;
}

/** Builds what tests in the extension host work with. */
export function createTestApi(parts: TestApiParts): PosternTestApi {
  const {
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
    activationMs,
  } = parts;
  return {
    registry,
    editor,
    routes,
    gateway,
    credentials,
    gatewayKeys: storage.gatewayKeys,
    secrets: context.secrets,
    globalStoragePath: context.globalStorageUri.fsPath,
    activationMs,
    state: () => store.value,
    onDidChangeState: (listener) => store.onDidChange(listener),
    providersTree: () => renderProviders(store.value),
    routesTree: () => renderRoutes(store.value),
    gatewayTree: () => renderGateway(store.value, Date.now()),
    statusBar: () => renderStatusBar(store.value),
    terminalVariables: async () => {
      await terminals.settled();
      return terminals.variables();
    },
    engineApi: engine.api,
    secondWindow: async () => {
      const link = await engine.launcher.joinRunning();
      if (typeof link === "string") throw new Error(`The engine is ${link}.`);
      return link;
    },
    mcpServer: () => parts.mcp.open(),
    testProvider: (provider) => engine.api.testProvider(provider, new AbortController().signal),
  };
}
