import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import os from "node:os";
import * as vscode from "vscode";
import type { PosternTestApi } from "../../src/vscode/testApi";
import { suite, test } from "../registry";
import { startFakeProvider } from "./support/fakeProvider";
import { clean, postern, set, statusOf, until } from "./support/postern";

/** Runs the command and reads the report that it opens. */
async function report(): Promise<string> {
  await vscode.commands.executeCommand("postern.diagnose");
  const { document } = await until("the report", () => {
    const editor = vscode.window.activeTextEditor;
    return editor?.document.uri.scheme === "postern-diagnosis" && editor;
  });
  equal(document.languageId, "markdown");
  equal(document.isDirty, false);
  const text = document.getText();
  match(text, /^# Postern: Diagnosis\n/);
  await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  return text;
}

const canary = (name: string): string => `canary-${name}-${Math.random().toString(36).slice(2)}`;

suite("diagnose", () => {
  test("finds nothing wrong where nothing is, asking the gateway over HTTP", async () => {
    const api = await postern();
    await clean(api);
    const provider = await startFakeProvider("sk-5");
    try {
      await api.registry.add({ id: "fine", type: "openai", baseUrl: provider.baseUrl }, "sk-5");
      await vscode.commands.executeCommand("postern.startGateway");
      await until("the models", () => statusOf(api)?.providers[0]?.models.length === 2);
      const text = await report();
      match(text, /- ok: Runs for \d+ min as process \d+ on Node 24/);
      match(text, /- ok: Answers on http:\/\/127\.0\.0\.1:\d+ to a gateway key, over real HTTP/);
      match(
        text,
        /- ok: fine \(openai, http:\/\/127\.0\.0\.1:\d+\/v1, .*works, 2 models listed \(\d+ ms\); 2 models/,
      );
      match(text, /- ok: This machine's clock agrees/);
      match(text, /- ok: Trusted are Node's own CAs and the \d+ of the system's store/);
      ok(!text.includes("**problem**"), text);
    } finally {
      await provider.close();
    }
  });

  test("says what is wrong with each provider, and holds no secret", async () => {
    const api = await postern();
    await clean(api);
    const secrets = {
      key: canary("key"),
      header: canary("header"),
      proxy: canary("proxy"),
      foreign: canary("foreign"),
    };
    const provider = await startFakeProvider("another key");
    const http = vscode.workspace.getConfiguration("http");
    try {
      process.env.DIAGNOSE_CANARY = secrets.header;
      const baseUrl = provider.baseUrl;
      await api.registry.add({ id: "refused", type: "openai", baseUrl }, secrets.key);
      await set("providers", [
        { id: "refused", type: "openai", baseUrl, headers: { "x-team": "${env:DIAGNOSE_CANARY}" } },
        { id: "gone", type: "openai", baseUrl: "http://127.0.0.1:9/v1" },
        { id: "odd", type: "openai", baseUrl: `https://me:${secrets.foreign}@provider.invalid/v1` },
      ]);
      await http.update("proxy", `http://me:${secrets.proxy}@127.0.0.1:9`, vscode.ConfigurationTarget.Global);
      await vscode.commands.executeCommand("postern.startGateway");
      await until("the entries", () => statusOf(api)?.providers.length === 3);
      const gatewayKey = (await api.gatewayKeys.copies())[0]?.key ?? "";
      const text = await report();
      match(text, /\*\*problem\*\*: refused .*The key was refused \(HTTP 401\)/);
      match(text, /\*\*problem\*\*: gone .*Nothing answers at 127\.0\.0\.1:9/);
      match(text, /\*\*problem\*\*: odd: .*user name or password/);
      match(text, /through the proxy of VS Code's http\.proxy/);
      const token = (await api.secrets.get("postern.engineToken")) ?? "";
      const private_ = [...Object.values(secrets), gatewayKey, token].filter((secret) => secret !== "");
      deepEqual(
        private_.filter((secret) => text.includes(secret)),
        [],
      );
      ok(os.homedir().length < 2 || !text.includes(os.homedir()));
    } finally {
      delete process.env.DIAGNOSE_CANARY;
      await http.update("proxy", undefined, vscode.ConfigurationTarget.Global);
      await provider.close();
    }
  });

  test("names who has the gateway's port", async () => {
    const api = await postern();
    await clean(api);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    const { port } = squatter.address() as AddressInfo;
    try {
      await set("gateway.port", port);
      await api.gateway.start();
      const text = await report();
      const who = process.platform === "linux" ? `, process ${process.pid}` : "";
      match(text, new RegExp(`\\*\\*problem\\*\\*: Port ${port} is taken by [^.]*${who}\\.`));
    } finally {
      squatter.close();
      await set("gateway.port", 0);
    }
  });
});

suite("test connection", () => {
  test("hands the window a finding with the button that mends it", async () => {
    const api = await postern();
    await clean(api);
    const provider = await startFakeProvider("right");
    try {
      const result = await testWith(api, provider.baseUrl, "wrong");
      equal(result.ok, false);
      equal(result.finding?.code, "key_wrong");
      deepEqual(result.finding?.remedies[0], { kind: "setKey" });
      equal((await testWith(api, provider.baseUrl, "right")).ok, true);
    } finally {
      await provider.close();
    }
  });
});

function testWith(api: PosternTestApi, baseUrl: string, key: string) {
  return api.testProvider({
    config: { id: "x", type: "openai", wireApi: "completions", baseUrl, enabled: true },
    credential: { kind: "apiKey", value: key },
  });
}
