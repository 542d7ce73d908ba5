import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type EngineProvider, resolveEntry } from "../../src/core/config/engineConfig";
import { type ProviderConfig, providerSchema } from "../../src/core/config/schema";
import type { StoredSecret } from "../../src/core/credentials/stored";
import { ask, Engine, EngineClient, engineConfig, type Home, newHome, startGateway } from "../support/engine";
import { json, ReplayProvider } from "../support/replayProvider";
import { program, windowCredentials } from "../support/windowCredentials";
import { filesWith } from "../vscode/support/search";

let provider: ReplayProvider;
let home: Home;
let engine: Engine;
let client: EngineClient;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({ choices: [], usage: {} }));
  home = newHome();
  engine = new Engine(home);
  client = await EngineClient.join(home);
});

afterAll(async () => {
  client?.close();
  await engine?.end();
  await provider?.stop();
  home?.remove();
});

const entry = (fields: object): ProviderConfig =>
  providerSchema.parse({
    id: "fake",
    type: "openai",
    baseUrl: provider.url,
    models: [{ id: "model-a" }],
    ...fields,
  });
const secret = (kind: StoredSecret["kind"], value: string): StoredSecret => ({
  label: kind,
  kind,
  value,
  origin: provider.url,
});

/** The headers by which the provider is told who asks. */
async function sentWith(resolved: EngineProvider): Promise<Record<string, string>> {
  const url = await startGateway(client, engineConfig(provider.url, { providers: [resolved] }));
  const path = resolved.config.type === "anthropic" ? "/v1/messages" : "/v1/chat/completions";
  const answer = await fetch(url + path, {
    method: "POST",
    headers: { "x-api-key": "pk-test-gateway-key" },
    body: JSON.stringify({ model: "model-a", messages: [], max_tokens: 1 }),
  });
  expect(answer.status, await answer.text()).toBe(200);
  const { headers } = provider.last;
  const found = ["authorization", "x-api-key", "api-key"].flatMap((name) =>
    headers[name] === undefined ? [] : [[name, String(headers[name])]],
  );
  return Object.fromEntries(found);
}

describe("each kind of credential reaches the provider in the header it looks at", () => {
  const open: ReturnType<typeof windowCredentials>[] = [];
  afterEach(() => {
    for (const { credentials } of open.splice(0)) credentials.asked.dispose();
  });

  /** @param mark stands before what the accounts and the variable give */
  async function resolve(fields: object, stored: readonly StoredSecret[] = [], mark = "") {
    const parts = windowCredentials();
    open.push(parts);
    parts.accounts.tokens.set("microsoft https://cognitiveservices.azure.com/.default", `${mark}entra-token`);
    parts.accounts.tokens.set("github read:user", `${mark}gho_token`);
    const config = entry(fields);
    const environment = (name: string) => ({ MY_KEY: `${mark}env-key-1` })[name];
    const { credentials, consents } = parts;
    for (const credential of config.credentials ?? [])
      if (credential.kind === "command" || credential.kind === "entra" || credential.kind === "github")
        await consents.give(config, credential);
    const inputs = { environment, stored, asked: credentials.asked.asked };
    resolveEntry(config, inputs);
    await credentials.asked.settled(10_000);
    return resolveEntry(config, inputs).provider;
  }

  const bearer = (value: string) => ({ authorization: `Bearer ${value}` });
  const command = (as?: string) => [
    { kind: "command", command: program("console.log('from-a-program')"), ...(as ? { as } : {}) },
  ];

  it.each<[string, object, () => StoredSecret[], Record<string, string>]>([
    ["a stored key", {}, () => [secret("apiKey", "sk-1")], bearer("sk-1")],
    ["a stored key at Azure", { type: "azure" }, () => [secret("apiKey", "sk-1")], { "api-key": "sk-1" }],
    [
      "a stored key at Anthropic",
      { type: "anthropic" },
      () => [secret("apiKey", "sk-1")],
      { "x-api-key": "sk-1" },
    ],
    [
      "a bearer token before a key",
      { type: "anthropic" },
      () => [secret("apiKey", "sk-1"), secret("bearerToken", "tok-1")],
      bearer("tok-1"),
    ],
    ["a variable", { type: "azure", apiKey: "${env:MY_KEY}" }, () => [], { "api-key": "env-key-1" }],
    [
      "a variable of the list",
      { type: "azure", credentials: [{ kind: "env", name: "MY_KEY", as: "bearerToken" }] },
      () => [],
      bearer("env-key-1"),
    ],
    ["a program's token", { type: "azure", credentials: command() }, () => [], bearer("from-a-program")],
    [
      "a program's key",
      { type: "anthropic", credentials: command("apiKey") },
      () => [],
      { "x-api-key": "from-a-program" },
    ],
    ["Entra's token", { type: "azure", credentials: [{ kind: "entra" }] }, () => [], bearer("entra-token")],
    ["GitHub's token", { credentials: [{ kind: "github" }] }, () => [], bearer("gho_token")],
    ["none", { credentials: [{ kind: "none" }] }, () => [secret("apiKey", "sk-1")], {}],
  ])("%s", async (_, fields, stored, headers) => {
    expect(await sentWith(await resolve(fields, stored()))).toEqual(headers);
  });

  it("and none of them is in the engine's log, files, arguments or environment", async () => {
    const canary = `canary-${Math.random().toString(36).slice(2)}`;
    const script = `console.error('${canary}-stderr'); console.log('${canary}-token')`;
    const credentials = [
      { kind: "stored" },
      { kind: "env", name: "MY_KEY" },
      { kind: "command", command: program(script), label: "program" },
      { kind: "entra" },
      { kind: "github" },
    ];
    const keys = [secret("apiKey", `${canary}-key`), secret("bearerToken", `${canary}-stored-token`)];
    const resolved = await resolve({ credentials }, keys, `${canary}-`);
    const values = resolved.pool?.map(({ credential }) => credential.value) ?? [];
    expect(values.map((value) => value.replace(`${canary}-`, ""))).toEqual([
      ...["key", "stored-token", "env-key-1", "token", "entra-token", "gho_token"],
    ]);
    const sent = new Set<string | undefined>();
    for (let turn = 0; turn < 30 && sent.size < values.length; turn++)
      sent.add((await sentWith(resolved)).authorization);
    expect([...sent].sort()).toEqual(values.map((value) => `Bearer ${value}`).sort());
    // Also where the provider quotes what it was sent.
    provider.play = async (exchange) =>
      json({ error: { message: exchange.headers.authorization } }, 401)(exchange);
    const url = await startGateway(client, engineConfig(provider.url, { providers: [resolved] }));
    expect(await (await ask(url)).text()).not.toContain(canary);
    provider.play = json({ choices: [], usage: {} });
    expect(filesWith(canary, home.dataDir)).toEqual([]);
    expect(`${client.log.join("\n")}${engine.stderr}`).not.toContain(canary);
    expect(JSON.stringify([client.statuses, await client.request("status", {})])).not.toContain(canary);
    expect(open.at(-1)?.log.join("\n")).not.toContain(canary);
    expect(JSON.stringify([...(open.at(-1)?.state.values ?? [])])).not.toContain(canary);
    if (process.platform === "linux")
      for (const file of ["cmdline", "environ"])
        expect(readFileSync(`/proc/${engine.process.pid}/${file}`, "latin1")).not.toContain(canary);
  });
});

describe("a key that changes while a stream runs", () => {
  it("is used by what comes next, and the stream goes on to its end", async () => {
    const before = entry({});
    const withKey = (value: string) =>
      engineConfig(provider.url, {
        providers: [
          resolveEntry(before, {
            environment: () => undefined,
            stored: [secret("apiKey", value)],
            asked: () => ({ kind: "none" }),
          }).provider,
        ],
      });
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const chunk = (text: string) =>
      `data: {"choices":[{"index":0,"delta":{"content":${JSON.stringify(text)}}}]}\n\n`;
    provider.play = async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chunk("before"));
      await released;
      response.end(`${chunk("after")}data: [DONE]\n\n`);
    };
    const url = await startGateway(client, withKey("sk-old"));
    const running = await ask(url, '{"model":"model-a","stream":true}');
    const streamed = provider.last;
    provider.play = json({ choices: [], usage: {} });
    await client.request("configure", withKey("sk-new"));
    expect((await ask(url)).status).toBe(200);
    expect(provider.last.headers.authorization).toBe("Bearer sk-new");
    release();
    const text = await running.text();
    expect(text).toContain("before");
    expect(text).toContain("after");
    expect(text.trimEnd().endsWith("[DONE]")).toBe(true);
    expect(streamed.headers.authorization).toBe("Bearer sk-old");
  });
});
