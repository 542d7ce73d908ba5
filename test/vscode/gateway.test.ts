import { equal, match, notEqual, ok } from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import * as vscode from "vscode";
import { note, suite, test } from "../registry";
import { startFakeProvider } from "./support/fakeProvider";
import { clean, postern, set, statusOf, until } from "./support/postern";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

suite("the gateway", () => {
  test("starts and stops, and makes a gateway key for its first start", async () => {
    const api = await postern();
    await clean(api);
    match(api.statusBar().text, /Postern: stopped$/);
    await vscode.commands.executeCommand("postern.startGateway");
    const status = statusOf(api);
    ok(status?.gateway.state === "running");
    match(status.gateway.url, /^http:\/\/127\.0\.0\.1:\d+$/);
    match(api.statusBar().text, /^\$\(shield\) Postern: \d+ req · \S+ tok$/);
    const [key] = await api.gatewayKeys.copies();
    equal(key?.name, "default");
    match(key?.key ?? "", /^pst_[A-Za-z0-9_-]{43}$/);
    const tree = api.gatewayTree();
    equal(tree[0]?.label, "Running");
    equal(tree[1]?.description, status.gateway.url);
    const row = tree[3]?.children?.[0];
    equal(row?.description, `${key?.key.slice(0, 6)}…${key?.key.slice(-4)}`);
    equal((await fetch(`${status.gateway.url}/health`)).status, 200);
    await vscode.commands.executeCommand("postern.stopGateway");
    equal(statusOf(api)?.gateway.state, "stopped");
    equal(api.gatewayTree()[0]?.label, "Stopped");
    match(api.statusBar().text, /Postern: stopped$/);
  });

  test("answers a client, and counts it in the status bar", async () => {
    const api = await postern();
    await clean(api);
    const provider = await startFakeProvider("sk-3");
    try {
      await api.registry.add({ id: "fake", type: "openai", baseUrl: provider.baseUrl }, "sk-3");
      await vscode.commands.executeCommand("postern.startGateway");
      const status = statusOf(api);
      ok(status?.gateway.state === "running");
      const before = status.usage.requests;
      const [key] = await api.gatewayKeys.copies();
      const answer = await fetch(`${status.gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key?.key}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "fake/small", messages: [{ role: "user", content: "hi" }] }),
      });
      equal(answer.status, 200, await answer.text());
      const usage = await until("the count", () => {
        const found = statusOf(api)?.usage;
        return found && found.requests > before && found;
      });
      match(api.statusBar().text, new RegExp(`${usage.requests} req`));
    } finally {
      await provider.close();
    }
  });

  test("says that its port is taken, and starts on another", async () => {
    const api = await postern();
    await clean(api);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as AddressInfo;
    try {
      await set("gateway.port", port);
      const gateway = await api.gateway.start();
      ok(gateway.state === "failed");
      equal(gateway.code, "port_in_use");
      equal(api.gatewayTree()[0]?.label, "Failed");
      equal(api.statusBar().severity, "warning");
      await set("gateway.port", 0);
      await until("the start on another port", () => statusOf(api)?.gateway.state === "running");
    } finally {
      squatter.close();
    }
  });

  test("two windows share one engine", async () => {
    const api = await postern();
    await vscode.commands.executeCommand("postern.startGateway");
    const second = await api.secondWindow();
    try {
      const status = await second.request("status", {});
      equal(status.pid, statusOf(api)?.pid);
      equal(status.gateway.state, "running");
      const told = new Promise<string>((resolve) => {
        second.on("statusChanged", ({ gateway }) => gateway.state === "stopped" && resolve(gateway.state));
      });
      await vscode.commands.executeCommand("postern.stopGateway");
      equal(await told, "stopped");
    } finally {
      second.dispose();
    }
  });

  test("a killed engine is back at once, its gateway on the same port", async () => {
    const api = await postern();
    await clean(api);
    await set("gateway.port", await freePort());
    await vscode.commands.executeCommand("postern.startGateway");
    const before = statusOf(api);
    ok(before?.gateway.state === "running");
    const states: string[] = [];
    const listening = api.onDidChangeState(({ engine }) => states.push(engine.kind));
    const killed = Date.now();
    process.kill(before.pid, "SIGKILL");
    const after = await until("the next engine", () => {
      const status = statusOf(api);
      return status && status.pid !== before.pid && status;
    });
    listening.dispose();
    note(`engine back after ${Date.now() - killed} ms`);
    ok(states.includes("restarting"), states.join(", "));
    ok(after.gateway.state === "running");
    equal(after.gateway.url, before.gateway.url);
    notEqual(after.pid, before.pid);
    equal(api.gatewayTree()[0]?.label, "Running");
    equal((await fetch(`${after.gateway.url}/health`)).status, 200);
    await vscode.commands.executeCommand("postern.stopGateway");
  });

  test("the clipboard gets address and gateway key", async () => {
    const api = await postern();
    await clean(api);
    await vscode.commands.executeCommand("postern.startGateway");
    const status = statusOf(api);
    ok(status?.gateway.state === "running");
    await vscode.commands.executeCommand("postern.copyGatewayUrl");
    equal(await vscode.env.clipboard.readText(), status.gateway.url);
    await vscode.commands.executeCommand("postern.copyGatewayKey");
    equal(await vscode.env.clipboard.readText(), (await api.gatewayKeys.copies())[0]?.key);
    await vscode.commands.executeCommand("postern.stopGateway");
  });
});
