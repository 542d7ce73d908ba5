import type { GatewayController } from "../gateway/controller";
import type { GatewayKeys } from "../secrets/gatewayKeys";

/** The gateway key that VS Code's MCP client uses; it may be given limits as any other. */
const KEY_NAME = "VS Code MCP";

/** Where the MCP server is and what is to be sent along. */
export interface McpServerAddress {
  /** With `/mcp`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Brings up what VS Code needs when it starts the MCP server. */
export class McpServerSource {
  constructor(
    private readonly gateway: Pick<GatewayController, "start">,
    private readonly keys: Pick<GatewayKeys, "own">,
    /** Lets the engine know of a new key. */
    private readonly changed: () => Promise<void>,
  ) {}

  /** Starts the gateway if need be. @throws Error with a reason for the person */
  async open(): Promise<McpServerAddress> {
    const { key } = await this.keys.own(KEY_NAME);
    await this.changed();
    const state = await this.gateway.start();
    if (state.state !== "running")
      throw new Error(
        state.state === "failed" ? state.message : "The gateway, which serves MCP, does not run.",
      );
    return { url: `${state.url}/mcp`, headers: { Authorization: `Bearer ${key}` } };
  }
}
