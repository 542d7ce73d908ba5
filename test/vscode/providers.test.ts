import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as vscode from "vscode";
import type { PosternTestApi } from "../../src/vscode/testApi";
import { note, suite, test } from "../registry";
import { startFakeProvider } from "./support/fakeProvider";
import { clean, postern, set, statusOf, until } from "./support/postern";
import { filesWith } from "./support/search";

async function storedKey(api: PosternTestApi, id: string): Promise<unknown> {
  const secret = await api.secrets.get(`postern.provider.${id}.credential`);
  return secret === undefined ? undefined : JSON.parse(secret);
}

const oneKey = (value: string, origin: string) => ({
  credentials: [{ label: "key", kind: "apiKey", value, origin }],
});

suite("providers", () => {
  test("activation costs little", async () => {
    const { activationMs } = await postern();
    note(`activation: ${activationMs.toFixed(1)} ms of own code`);
    ok(activationMs > 0);
  });

  test("every command is registered", async () => {
    const manifest = vscode.extensions.getExtension("postern.postern")?.packageJSON as {
      contributes: { commands: { command: string }[] };
    };
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = manifest.contributes.commands.filter(({ command }) => !registered.has(command));
    deepEqual(missing, []);
  });

  test("an added provider's key is in the secret storage and nowhere else", async () => {
    const api = await postern();
    await clean(api);
    const key = `sk-canary-${Math.random().toString(36).slice(2)}${Date.now()}`;
    const provider = await startFakeProvider(key);
    try {
      const id = await api.registry.add({ id: "fake", type: "openai", baseUrl: provider.baseUrl }, key);
      equal(id, "fake");
      const origin = new URL(provider.baseUrl).origin;
      deepEqual(await storedKey(api, "fake"), oneKey(key, origin));
      await vscode.commands.executeCommand("postern.startGateway");
      await until("the models", () => statusOf(api)?.providers[0]?.models.length === 2);
      const status = statusOf(api);
      ok(status);
      ok(!JSON.stringify(vscode.workspace.getConfiguration("postern")).includes(key), "in the settings");
      ok(!JSON.stringify(api.state()).includes(key), "in the state");
      const runFolder = process.env.POSTERN_RUN_FOLDER;
      const folders = [api.globalStoragePath, ...(runFolder ? [runFolder] : [])].filter(existsSync);
      // Settings and logs are written with a delay.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      for (const folder of folders) deepEqual(filesWith(key, folder), [], folder);
      if (process.platform === "linux") {
        for (const file of ["cmdline", "environ"]) {
          const text = readFileSync(`/proc/${status.pid}/${file}`, "latin1");
          ok(!text.includes(key), `in the engine's ${file}`);
          const token = await api.secrets.get("postern.engineToken");
          ok(token && !text.includes(token), `the token in the engine's ${file}`);
        }
      }
    } finally {
      await provider.close();
    }
  });

  test("the tree shows each provider with its state and its models", async () => {
    const api = await postern();
    await clean(api);
    const provider = await startFakeProvider();
    try {
      await set("providers", [
        { id: "works", type: "openai", baseUrl: provider.baseUrl },
        { id: "keyless", type: "openai", baseUrl: "https://provider.invalid/v1" },
        { id: "off", type: "openai", baseUrl: provider.baseUrl, enabled: false },
        { id: "broken", type: "openai", baseUrl: "ftp://example.com" },
        {
          id: "named",
          type: "openai",
          baseUrl: provider.baseUrl,
          models: [{ id: "m", contextWindow: 128000 }],
        },
      ]);
      await vscode.commands.executeCommand("postern.startGateway");
      const rows = await until("the models", () => {
        const tree = api.providersTree();
        return tree[0]?.children?.[0]?.label === "small" && tree;
      });
      deepEqual(
        rows.map(({ label, description }) => `${label}: ${description}`),
        [
          "works: no key needed",
          "keyless: key missing",
          "off: disabled",
          "broken: faulty: must begin with https:// or http://",
          "named: no key needed",
        ],
      );
      deepEqual(
        rows[4]?.children?.map(({ label, description }) => `${label} ${description}`),
        ["m 128k"],
      );
    } finally {
      await provider.close();
    }
  });

  test("a key in the settings is refused, and moves to the secret storage", async () => {
    const api = await postern();
    await clean(api);
    // With models of its own, so that nobody asks the address for them meanwhile.
    const entry = {
      id: "lit",
      type: "openai",
      baseUrl: "https://provider.invalid/v1",
      models: [{ id: "m" }],
    };
    await set("providers", [{ ...entry, apiKey: "sk-literal-1" }]);
    const [row] = await until(
      "the fault",
      () => api.providersTree()[0]?.description?.startsWith("faulty") && api.providersTree(),
    );
    match(row?.description ?? "", /secret storage/);
    await api.editor.moveKeyToSecretStorage({ kind: "provider", id: "lit", index: 0 });
    deepEqual(await storedKey(api, "lit"), oneKey("sk-literal-1", "https://provider.invalid"));
    deepEqual(vscode.workspace.getConfiguration("postern").get("providers"), [entry]);
    equal(api.providersTree()[0]?.description, "key set");
  });

  test("a provider whose address was changed by hand is without its key, and nothing goes there", async () => {
    const api = await postern();
    await clean(api);
    const before = await startFakeProvider("sk-4");
    const after = await startFakeProvider();
    try {
      await api.registry.add({ id: "moved", type: "openai", baseUrl: before.baseUrl }, "sk-4");
      await vscode.commands.executeCommand("postern.startGateway");
      await until("the models", () => statusOf(api)?.providers[0]?.models.length === 2);
      await set("providers", [{ id: "moved", type: "openai", baseUrl: after.baseUrl }]);
      await until("the engine to know", () => statusOf(api)?.providers[0]?.state === "keyMissing");
      const text = api.providersTree()[0]?.description ?? "";
      match(text, /^key missing: the key was entered for http:\/\/127\.0\.0\.1:\d+; set it again for /);
      deepEqual(after.requests, []);
    } finally {
      await before.close();
      await after.close();
    }
  });

  test("a key deleted behind our back shows as missing", async () => {
    const api = await postern();
    await clean(api);
    await api.registry.add({ id: "gone", type: "openai", baseUrl: "https://provider.invalid/v1" }, "sk-1");
    equal(api.providersTree()[0]?.description, "key set");
    await api.secrets.delete("postern.provider.gone.credential");
    await until("the missing key", () => api.providersTree()[0]?.description === "key missing");
    await until("the engine to know", () => {
      const status = statusOf(api);
      return !status || status.providers[0]?.state === "keyMissing";
    });
  });

  test("removing takes entry and key, and can be undone", async () => {
    const api = await postern();
    await clean(api);
    const entry = { id: "back", type: "openai", baseUrl: "https://provider.invalid/v1" };
    await api.registry.add(entry, "sk-2");
    const undo = await api.registry.remove({ kind: "provider", id: "back", index: 0 });
    equal(await storedKey(api, "back"), undefined);
    deepEqual(api.providersTree(), []);
    await undo();
    deepEqual(await storedKey(api, "back"), oneKey("sk-2", "https://provider.invalid"));
    deepEqual(vscode.workspace.getConfiguration("postern").get("providers"), [entry]);
  });
});
