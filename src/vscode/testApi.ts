import type { EngineRequests } from "../core/rpc/contract";
import type { WindowCredentials } from "./credentials/windowCredentials";
import type { EngineApi } from "./engine/api";
import type { EngineLink } from "./engine/link";
import type { GatewayController } from "./gateway/controller";
import type { McpServerAddress } from "./mcp/serverSource";
import type { CredentialEditor } from "./providers/credentialEditor";
import type { ProviderRegistry } from "./providers/registry";
import type { StatusBarView } from "./render/statusBar";
import type { TreeNode } from "./render/treeNode";
import type { RouteEditor } from "./routes/routeEditor";
import type { GatewayKeys } from "./secrets/gatewayKeys";
import type { PosternState } from "./state";

/**
 * What the tests inside the extension host get from `activate`, and nobody else: what a person would see, and what the
 * dialogs would call once they were answered.
 */
export interface PosternTestApi {
  readonly registry: ProviderRegistry;
  readonly editor: CredentialEditor;
  readonly routes: RouteEditor;
  readonly gateway: GatewayController;
  readonly gatewayKeys: GatewayKeys;
  /** What programs and accounts give; `confirm` is what the person does in a dialog. */
  readonly credentials: Pick<WindowCredentials, "confirm" | "asked">;
  readonly secrets: {
    get(name: string): Thenable<string | undefined>;
    delete(name: string): Thenable<void>;
    keys(): Thenable<string[]>;
  };
  readonly globalStoragePath: string;
  readonly activationMs: number;
  state(): PosternState;
  onDidChangeState(listener: (state: PosternState) => void): { dispose(): void };
  providersTree(): readonly TreeNode[];
  routesTree(): readonly TreeNode[];
  gatewayTree(): readonly TreeNode[];
  statusBar(): StatusBarView;
  /** What new terminals of the first workspace folder get. */
  terminalVariables(): Promise<Readonly<Record<string, string>>>;
  readonly engineApi: Pick<EngineApi, "abortRequests" | "claimNotice">;
  /** A second connection to the engine, as another window would have. */
  secondWindow(): Promise<EngineLink>;
  /** What VS Code is told when it starts the MCP server. */
  mcpServer(): Promise<McpServerAddress>;
  testProvider(
    provider: EngineRequests["testProvider"]["params"],
  ): Promise<EngineRequests["testProvider"]["result"]>;
}
