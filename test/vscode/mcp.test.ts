import { deepEqual, equal, match, ok } from "node:assert/strict";
import * as vscode from "vscode";
import { suite, test } from "../registry";
import { startFakeProvider } from "./support/fakeProvider";
import { clean, postern, statusOf, until } from "./support/postern";

suite("the MCP server in VS Code", () => {
  test("is reached with a gateway key of its own, on a gateway that is started for it", async () => {
    const api = await postern();
    await clean(api);
    const provider = await startFakeProvider("sk-3");
    try {
      await api.registry.add({ id: "fake", type: "openai", baseUrl: provider.baseUrl }, "sk-3");
      const { url, headers } = await api.mcpServer();
      const status = statusOf(api);
      ok(status?.gateway.state === "running");
      equal(url, `${status.gateway.url}/mcp`);
      const own = (await api.gatewayKeys.copies()).find(({ name }) => name === "VS Code MCP");
      equal(headers.Authorization, `Bearer ${own?.key}`);
      deepEqual(await api.mcpServer(), { url, headers });
      const answer = await fetch(url, {
        method: "POST",
        headers: {
          ...headers,
          "content-type": "application/json",
          accept: "application/json, text/event-stream",
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tools/call",
          params: { name: "chat", arguments: { model: "fake/small", prompt: "hi" } },
        }),
      });
      match(await answer.text(), /"content":\[/);
    } finally {
      await provider.close();
    }
  });

  test("gives VS Code's own MCP client its tools while the gateway runs", async () => {
    const api = await postern();
    await clean(api);
    const provider = await startFakeProvider("sk-3");
    const ours = () => vscode.lm.tools.filter(({ name }) => /postern/i.test(name));
    const tool = (name: string) => ours().find((one) => one.name.endsWith(name));
    try {
      await api.registry.add({ id: "fake", type: "openai", baseUrl: provider.baseUrl }, "sk-3");
      equal(ours().length, 0);
      await vscode.commands.executeCommand("postern.startGateway");
      const chat = await until(
        "the tool in VS Code",
        async () => {
          await vscode.commands.executeCommand("workbench.mcp.startServer", "*", { waitForLiveTools: true });
          return tool("chat");
        },
        30_000,
      );
      const call = (name: string, input: object) =>
        vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
      const [said] = (await call(chat.name, { model: "fake/small", prompt: "hi" })).content;
      ok(said instanceof vscode.LanguageModelTextPart);
      equal(said.value, "hello");
      const [listed] = (await call(tool("list_models")?.name ?? "", {})).content;
      ok(listed instanceof vscode.LanguageModelTextPart);
      match(listed.value, /"id":"fake\/large"/);
      // VS Code asked with a gateway key of its own, by which its use can be limited.
      ok((await api.gatewayKeys.copies()).some(({ name }) => name === "VS Code MCP"));
      await vscode.commands.executeCommand("postern.stopGateway");
      await until("an end of the tools with the gateway", () => ours().length === 0);
    } finally {
      await provider.close();
    }
  }, 60_000);

  test("and the agent are contributed, and the agent's commands are there", async () => {
    const api = await postern();
    await clean(api);
    const { contributes } = vscode.extensions.all.find(({ id }) => /\.postern$/i.test(id))?.packageJSON ?? {};
    deepEqual(contributes?.mcpServerDefinitionProviders, [{ id: "postern.mcp", label: "Postern" }]);
    equal(contributes?.chatParticipants?.[0]?.name, "postern");
    const commands = await vscode.commands.getCommands(true);
    for (const name of ["askAgent", "resumeAgent", "compareModels", "openComparison"])
      ok(commands.includes(`postern.${name}`), name);
  });
});
