import * as vscode from "vscode";
import { DisposableStore } from "../common/disposables";
import { EXTENSION_VERSION } from "../common/version";
import type { PosternState, StateStore } from "../state";
import { MCP_PROVIDER } from "./providerId";
import type { McpServerSource } from "./serverSource";

/**
 * Offers Postern's MCP server to VS Code while the gateway runs. VS Code lists and opens servers by itself, and what a
 * person has not started must not be opened to the machine by that; no key is made until it is used.
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
      if (addressOf(store.value) === undefined) return undefined;
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

/** Where it is; undefined while the gateway does not run. */
function addressOf({ engine }: PosternState): string | undefined {
  const gateway = engine.kind === "ready" ? engine.status.gateway : undefined;
  return gateway?.state === "running" ? `${gateway.url}/mcp` : undefined;
}
