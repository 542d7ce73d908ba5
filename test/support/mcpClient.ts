import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { cleanEnvironment, cliFile, GATEWAY_KEY } from "./gateway";

/** The official client, connected to a gateway's `/mcp`. */
export async function httpClient(gatewayUrl: string, key = GATEWAY_KEY): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" });
  const transport = new StreamableHTTPClientTransport(new URL(`${gatewayUrl}/mcp`), {
    requestInit: { headers: { authorization: `Bearer ${key}` } },
  });
  await client.connect(transport as Parameters<Client["connect"]>[0]);
  return client;
}

/** The same, connected to a `postern mcp` of its own. */
export async function stdioClient(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Client> {
  const client = new Client({ name: "test", version: "1.0.0" });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [cliFile, "mcp", ...args],
    env: cleanEnvironment(env),
    stderr: "ignore",
  });
  await client.connect(transport);
  return client;
}

/** What a tool has answered, its texts put together. */
export interface ToolAnswer {
  readonly text: string;
  readonly isError: boolean;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly structured: unknown;
}

export async function callTool(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
  options: Parameters<Client["callTool"]>[2] = {},
): Promise<ToolAnswer> {
  const result = await client.callTool({ name, arguments: args }, undefined, options);
  const content = result.content as { type: string; text?: string }[];
  return {
    text: content.map(({ text = "" }) => text).join("\n"),
    isError: result.isError === true,
    facts: result._meta ?? {},
    structured: result.structuredContent,
  };
}
