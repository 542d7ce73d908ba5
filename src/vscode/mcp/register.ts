import * as vscode from "vscode";
import { DisposableStore } from "../common/disposables";
import { EXTENSION_VERSION } from "../common/version";
import type { PosternState, StateStore } from "../state";
import { MCP_PROVIDER } from "./providerId";
import type { McpServerSource } from "./serverSource";

/**
 * Offers Postern's MCP server to VS Code. VS Code lists it eagerly, so nothing is started and no key is made until it
 * wants to use it.
 */
export function registerMcp(store: StateStore, source: Promise<McpServerSource>): DisposableStore {
  const disposables = new DisposableStore();
  // Editors that are made from VS Code may lack it.
  if (typeof vscode.lm?.registerMcpServerDefinitionProvider !== "function") return disposables;
  const changed = disposables.add(new vscode.EventEmitter<void>());
  let offered = addressOf(store.value);
  disposables.add(
    store.onDidChange((state) => {
      const address = addressOf(state);
      if (address === offered) return;
      offered = address;
      changed.fire();
    }),
  );
  const provider: vscode.McpServerDefinitionProvider<vscode.McpHttpServerDefinition> = {
    onDidChangeMcpServerDefinitions: changed.event,
    provideMcpServerDefinitions: () => {
      const address = addressOf(store.value);
      return address === undefined ? [] : [definition(address, {})];
    },
    resolveMcpServerDefinition: async () => {
      const { url, headers } = await (await source).open();
      return definition(url, headers);
    },
  };
  disposables.add(vscode.lm.registerMcpServerDefinitionProvider(MCP_PROVIDER, provider));
  return disposables;
}

function definition(url: string, headers: Readonly<Record<string, string>>): vscode.McpHttpServerDefinition {
  return new vscode.McpHttpServerDefinition(
    "Postern",
    vscode.Uri.parse(url, true),
    { ...headers },
    EXTENSION_VERSION,
  );
}

/** Where it is, or will be; undefined while there is no provider, and so nothing to offer. */
function addressOf({ engine, local }: PosternState): string | undefined {
  if (local.providers.length === 0) return undefined;
  const gateway = engine.kind === "ready" ? engine.status.gateway : undefined;
  if (gateway?.state === "running") return `${gateway.url}/mcp`;
  const host = local.host.includes(":") && !local.host.startsWith("[") ? `[${local.host}]` : local.host;
  return `http://${host}:${local.port}/mcp`;
}
