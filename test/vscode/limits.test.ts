import { equal, match, ok } from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as vscode from "vscode";
import type { PosternTestApi } from "../../src/vscode/testApi";
import { suite, test } from "../registry";
import { type FakeProvider, startFakeProvider } from "./support/fakeProvider";
import { clean, postern, set, statusOf, until } from "./support/postern";

/** A running gateway before a fake provider. */
async function running(): Promise<{ api: PosternTestApi; provider: FakeProvider; url: string }> {
  const api = await postern();
  await clean(api);
  const provider = await startFakeProvider("sk-3");
  await api.registry.add({ id: "fake", type: "openai", baseUrl: provider.baseUrl }, "sk-3");
  await vscode.commands.executeCommand("postern.startGateway");
  const status = statusOf(api);
  ok(status?.gateway.state === "running");
  return { api, provider, url: status.gateway.url };
}

async function ask(url: string, key: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "fake/small", messages: [{ role: "user", content: "hi" }] }),
  });
}

/** What is so only after the settings' event has come. */
async function comesTo<T>(what: string, find: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited 10 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

suite("limits", () => {
  test("a gateway key that is disabled, changed or deleted is so for the next request", async () => {
    const { api, provider, url } = await running();
    try {
      const { key } = await api.gatewayKeys.create({ name: "tool", keep: false });
      const becomes = (wanted: number) =>
        comesTo(`a ${wanted}`, async () => (await ask(url, key)).status === wanted || undefined);
      await becomes(200);
      await api.gatewayKeys.patch("tool", { enabled: false });
      await becomes(401);
      await api.gatewayKeys.patch("tool", { enabled: undefined, models: ["other/*"] });
      await becomes(403);
      await api.gatewayKeys.patch("tool", { models: undefined });
      await becomes(200);
      const bringBack = await api.gatewayKeys.delete("tool");
      await becomes(401);
      await bringBack();
      await becomes(200);
      const shown = JSON.stringify([api.gatewayTree(), api.state()]);
      ok(!shown.includes(key), "the key shows");
      ok(!JSON.stringify(vscode.workspace.getConfiguration("postern").get("gateway.keys")).includes(key));
    } finally {
      await provider.close();
    }
  });

  test("a budget stops requests, shows in status bar and tree", async () => {
    const { api, provider, url } = await running();
    try {
      const [key] = await api.gatewayKeys.copies();
      await set("budgets", [{ name: "tiny", scope: { key: "default" }, requests: 1000, period: "total" }]);
      const limit = await until("the budget in the engine", () =>
        statusOf(api)?.limits?.limits.find(({ name }) => name === "tiny"),
      );
      const spent = limit.spent + 1;
      await set("budgets", [
        { name: "tiny", scope: { key: "default" }, requests: spent, period: "total", hard: true },
      ]);
      await until("the tight budget", () => statusOf(api)?.limits?.limits[0]?.amount === spent);
      equal((await ask(url, key?.key ?? "")).status, 200);
      const refused = await ask(url, key?.key ?? "");
      equal(refused.status, 429);
      match(await refused.text(), /Budget \\"tiny\\"/);
      await until("the error in the status bar", () => api.statusBar().severity === "error");
      match(api.statusBar().text, /0 requests left$/);
      const row = api.gatewayTree()[4]?.children?.[0];
      equal(row?.label, "tiny");
      match(row?.description ?? "", /100 %/);
    } finally {
      await set("budgets", undefined);
      await provider.close();
    }
  });

  test("terminals of a folder get address and a key of its own, which tells where a request is from", async () => {
    const { api, provider, url } = await running();
    const folder = mkdtempSync(join(tmpdir(), "postern-terminal-"));
    try {
      equal(JSON.stringify(await api.terminalVariables()), "{}");
      await set("terminal.tools", ["openai", "anthropic"]);
      const variables = await comesTo("the variables", async () => {
        const found = await api.terminalVariables();
        return found.OPENAI_API_KEY === undefined ? undefined : found;
      });
      equal(variables.OPENAI_BASE_URL, `${url}/v1`);
      equal(variables.ANTHROPIC_BASE_URL, url);
      equal(variables.ANTHROPIC_AUTH_TOKEN, variables.OPENAI_API_KEY);
      const key = variables.OPENAI_API_KEY ?? "";
      equal((await ask(url, key)).status, 200);
      const file = join(folder, "seen");
      const terminal = vscode.window.createTerminal({ shellPath: "/bin/sh" });
      terminal.sendText(`echo "$OPENAI_BASE_URL $OPENAI_API_KEY" > '${file}'`);
      await until("the terminal's word", () => existsSync(file) && readFileSync(file, "utf8").length > 0);
      equal(readFileSync(file, "utf8").trim(), `${url}/v1 ${key}`);
      terminal.dispose();
      const entry = api.state().local.gatewayKeys.find(({ source }) => source === "workspace");
      equal(entry?.folder, vscode.workspace.workspaceFolders?.[0]?.uri.fsPath);
      await vscode.commands.executeCommand("postern.stopGateway");
      equal(JSON.stringify(await api.terminalVariables()), "{}");
      ok(!JSON.stringify(api.state()).includes(key), "the key shows");
    } finally {
      await set("terminal.tools", undefined);
      rmSync(folder, { recursive: true, force: true });
      await provider.close();
    }
  });
});
