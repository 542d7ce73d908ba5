import { deepEqual, equal, match, ok } from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as vscode from "vscode";
import type { AskedCredential } from "../../src/core/credentials/resolve";
import type { PosternTestApi } from "../../src/vscode/testApi";
import { suite, test } from "../registry";
import { clean, postern, set, statusOf, until } from "./support/postern";
import { filesWith } from "./support/search";

interface Keyed {
  readonly baseUrl: string;
  /** What was sent to authenticate, in the order of the requests. */
  readonly sent: string[];
  /** What it refuses from now on. */
  readonly refused: Set<string>;
  close(): Promise<void>;
}

/** A provider that notes what authenticates its requests. */
async function startKeyed(): Promise<Keyed> {
  const sent: string[] = [];
  const refused = new Set<string>();
  const server = createServer((request, response) => {
    const { authorization = "", "api-key": key = "", "x-api-key": other = "" } = request.headers;
    const given = String(authorization || key || other);
    sent.push(given);
    const good = !refused.has(given);
    response.writeHead(good ? 200 : 401, { "content-type": "application/json" });
    request.resume();
    request.on("end", () => {
      // The worst that a provider can say: it quotes what it was sent.
      const quoted = { error: { message: `not with ${given}` } };
      response.end(JSON.stringify(good ? { choices: [], usage: {}, data: [{ id: "m" }] } : quoted));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    sent,
    refused,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function ask(api: PosternTestApi, model: string): Promise<Response> {
  const status = statusOf(api);
  ok(status?.gateway.state === "running");
  const [key] = await api.gatewayKeys.copies();
  return fetch(`${status.gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key?.key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, messages: [{ role: "user", content: "hi" }] }),
  });
}

/** A program that prints a variable of its own; the variable's value is in no argument. */
const printing = (variable: string): string[] => [
  process.execPath,
  "-e",
  `console.error(process.env.${variable}); console.log(process.env.${variable})`,
];

async function confirmAll(api: PosternTestApi, id: string): Promise<void> {
  const config = api.registry.config({ kind: "provider", id, index: 0 });
  for (const credential of config?.credentials ?? [])
    if (credential.kind === "command" || credential.kind === "entra" || credential.kind === "github")
      await api.credentials.confirm(config as NonNullable<typeof config>, credential as AskedCredential);
}

suite("credentials", () => {
  test("of every kind are in the secret storage or in memory, and nowhere else", async () => {
    const api = await postern();
    await clean(api);
    const provider = await startKeyed();
    const mark = `canary${Math.random().toString(36).slice(2)}${Date.now()}`;
    process.env.CANARY_VARIABLE = `${mark}-variable`;
    process.env.CANARY_PROGRAM = `${mark}-program`;
    try {
      const entry = {
        id: "all",
        type: "openai",
        baseUrl: provider.baseUrl,
        models: [{ id: "m" }],
        credentials: [
          { kind: "stored" },
          { kind: "env", name: "CANARY_VARIABLE" },
          { kind: "command", command: printing("CANARY_PROGRAM"), label: "program" },
        ],
      };
      await api.registry.add(entry, `${mark}-key`);
      await api.editor.addKey(
        { kind: "provider", id: "all", index: 0 },
        `${mark}-second`,
        provider.baseUrl,
        "second",
      );
      const rows = () =>
        api.providersTree()[0]?.children?.map(({ label, description }) => `${label}: ${description}`) ?? [];
      ok(
        rows().some((row) => row.startsWith("program: ")),
        rows().join("\n"),
      );
      await vscode.commands.executeCommand("postern.startGateway");
      await until("the question", () =>
        rows().includes("program: the command has not been confirmed on this machine"),
      );
      await confirmAll(api, "all");
      await until("the program's token", () =>
        api
          .state()
          .local.providers.some((one) => !one.faulty && one.credentials.every(({ usable }) => usable)),
      );
      const wanted = ["key", "second", "variable", "program"].map((name) => `Bearer ${mark}-${name}`);
      for (let turn = 0; turn < 20 && !wanted.every((value) => provider.sent.includes(value)); turn++)
        equal((await ask(api, "all/m")).status, 200);
      deepEqual(
        wanted.filter((value) => !provider.sent.includes(value)),
        [],
      );
      // Refused, each is quoted by the provider.
      for (const value of wanted) provider.refused.add(value);
      const refusal = await ask(api, "all/m");
      const told = await refusal.text();
      ok(!told.includes(mark), told);
      const status = statusOf(api);
      ok(status);
      ok(!JSON.stringify(vscode.workspace.getConfiguration("postern")).includes(mark), "in the settings");
      ok(!JSON.stringify(api.state()).includes(mark), "in the state");
      ok(!JSON.stringify(api.providersTree()).includes(mark), "in the tree");
      const runFolder = process.env.POSTERN_RUN_FOLDER;
      const folders = [api.globalStoragePath, ...(runFolder ? [runFolder] : [])].filter(existsSync);
      // Settings, state and logs are written with a delay.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      for (const folder of folders) deepEqual(filesWith(mark, folder), [], folder);
      if (process.platform === "linux")
        for (const file of ["cmdline", "environ"])
          ok(
            !readFileSync(`/proc/${status.pid}/${file}`, "latin1").includes(mark),
            `in the engine's ${file}`,
          );
    } finally {
      delete process.env.CANARY_VARIABLE;
      delete process.env.CANARY_PROGRAM;
      await provider.close();
    }
  });

  test("from a command are renewed where the provider refuses them", async () => {
    const api = await postern();
    await clean(api);
    const provider = await startKeyed();
    process.env.CHANGING_TOKEN = "token-before";
    try {
      const credentials = [{ kind: "command", command: printing("CHANGING_TOKEN"), label: "az" }];
      await set("providers", [
        { id: "az", type: "openai", baseUrl: provider.baseUrl, models: [{ id: "m" }], credentials },
      ]);
      await until("the entry", () => api.state().local.providers.length === 1);
      await vscode.commands.executeCommand("postern.startGateway");
      await confirmAll(api, "az");
      await until("the token", () => {
        const [entry] = api.state().local.providers;
        return entry && !entry.faulty && entry.credentials[0]?.usable;
      });
      equal((await ask(api, "az/m")).status, 200);
      equal(provider.sent.at(-1), "Bearer token-before");
      // The window runs programs in its own environment, which has another token by now.
      process.env.CHANGING_TOKEN = "token-after";
      provider.refused.add("Bearer token-before");
      equal((await ask(api, "az/m")).status, 200);
      equal(provider.sent.at(-1), "Bearer token-after");
    } finally {
      delete process.env.CHANGING_TOKEN;
      await provider.close();
    }
  });

  test("of an account that nobody has signed in say so, and nothing pops up", async () => {
    const api = await postern();
    await clean(api);
    await set("providers", [
      {
        id: "models",
        type: "openai",
        baseUrl: "https://models.github.ai/inference",
        models: [{ id: "m" }],
        credentials: [{ kind: "github" }],
      },
    ]);
    await vscode.commands.executeCommand("postern.startGateway");
    const row = await until("the account", () =>
      api
        .providersTree()[0]
        ?.children?.find(({ contextValue }) => contextValue === "credential github named asked signIn"),
    );
    match(
      row.description ?? "",
      /^(nobody is signed in with a GitHub account|VS Code's GitHub account could not be asked)$/,
    );
    match(api.providersTree()[0]?.description ?? "", /^key missing: /);
  });
});
