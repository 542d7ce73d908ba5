import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cliFile, GATEWAY_KEY, Gateway, providerEntry, temporaryFolder } from "../support/gateway";
import { ScriptedProvider } from "../support/scriptedProvider";
import { runAgent } from "./runAgent";

let provider: ScriptedProvider;
let gateway: Gateway;
let folder: ReturnType<typeof temporaryFolder>;
let sessionFile: string;

beforeAll(async () => {
  provider = await ScriptedProvider.start((seen) => ({ text: `Heard: ${seen.texts.at(-1)?.text}` }));
  const providers = [providerEntry(provider.url, { id: "messages", type: "anthropic" })];
  const keys = [{ name: "inspector", key: GATEWAY_KEY }];
  gateway = await Gateway.start({ providers, gateway: { keys } });
  folder = temporaryFolder();
  const configFile = join(folder.path, "postern.json");
  writeFileSync(configFile, JSON.stringify({ providers, gateway: { keys } }));
  const postern = { command: process.execPath, args: [cliFile, "mcp", "--config", configFile] };
  sessionFile = join(folder.path, "session.json");
  writeFileSync(sessionFile, JSON.stringify({ mcpServers: { postern } }));
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
  folder?.remove();
});

const transports: Record<string, () => readonly string[]> = {
  "streamable HTTP": () => [
    `${gateway.url}/mcp`,
    "--transport",
    "http",
    "--header",
    `Authorization: Bearer ${GATEWAY_KEY}`,
  ],
  // The inspector has a --config of its own, so the command stands in its session file.
  "standard streams": () => ["--config", sessionFile, "--server", "postern"],
};

/** What the official inspector says of the server, as JSON. */
async function inspect(target: readonly string[], ...method: readonly string[]): Promise<unknown> {
  const home = temporaryFolder();
  try {
    const { code, stdout, stderr } = await runAgent({
      script: ["@modelcontextprotocol/inspector", "clients", "launcher", "build", "index.js"],
      args: ["--cli", ...target, "--method", ...method],
      env: {},
      home: home.path,
    });
    expect(code, `${stdout}\n${stderr}`).toBe(0);
    return JSON.parse(stdout);
  } finally {
    home.remove();
  }
}

describe.each(Object.entries(transports))("the MCP inspector over %s", (_, target) => {
  it("finds the tools", async () => {
    const { tools } = (await inspect(target(), "tools/list")) as { tools: { name: string }[] };
    expect(tools.map(({ name }) => name)).toEqual(["chat", "list_models", "get_quota"]);
  });

  it("calls them", async () => {
    const args = ["model=messages/model-a", "prompt=Testing", "max_tokens=64"];
    const chat = await inspect(target(), "tools/call", "--tool-name", "chat", "--tool-arg", ...args);
    expect(chat).toMatchObject({ content: [{ type: "text", text: "Heard: Testing" }] });
    const models = await inspect(target(), "tools/call", "--tool-name", "list_models");
    expect(models).toMatchObject({ structuredContent: { models: [{ id: "messages/model-a" }, {}] } });
    const quota = await inspect(target(), "tools/call", "--tool-name", "get_quota");
    expect(quota).toMatchObject({ structuredContent: { limits: [], rates: [], providers: [] } });
  });
});
