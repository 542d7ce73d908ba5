import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry, temporaryFolder } from "../../support/gateway";
import { callTool, httpClient, stdioClient } from "../../support/mcpClient";
import type { Script } from "../../support/scripted/turn";
import { ScriptedProvider } from "../../support/scriptedProvider";

const OTHER_KEY = "psk-other-key-of-the-tests-0123456789";
const greet: Script = (seen) => ({
  text: `Hello from ${seen.model}: ${seen.texts.at(-1)?.text} / ${seen.system.join(" ")}`,
});

let provider: ScriptedProvider;
let gateway: Gateway;
let folder: ReturnType<typeof temporaryFolder>;
let configFile: string;
let client: Client;

beforeAll(async () => {
  provider = await ScriptedProvider.start(greet);
  const entry = (id: string, more: object) => providerEntry(provider.url, { id, ...more });
  const priced = {
    id: "own-llm",
    price: { input: 0.5, output: 1.5 },
    contextWindow: 32_000,
    maxOutput: 4_096,
  };
  const providers = [
    entry("chat", { models: [priced, { id: "gift", price: { input: 0, output: 0 } }, { id: "mystery" }] }),
    entry("responses", { models: [{ id: "own-llm" }], wireApi: "responses" }),
    entry("messages", { models: [{ id: "own-llm" }, { id: "secret", hidden: true }], type: "anthropic" }),
  ];
  const keys = [
    { name: "test", key: GATEWAY_KEY, budget: { usd: 2, requests: 500, period: "day" } },
    { name: "other", key: OTHER_KEY, models: ["messages/*"], budget: { requests: 1, period: "day" } },
  ];
  const config = { routes: [{ name: "best", targets: [{ model: "chat/own-llm" }] }] };
  gateway = await Gateway.start({ providers, gateway: { keys }, config });
  folder = temporaryFolder();
  configFile = join(folder.path, "postern.json");
  writeFileSync(configFile, JSON.stringify({ providers, gateway: { keys }, ...config }));
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
  folder?.remove();
});

const connections: Record<string, (key?: string) => Promise<Client>> = {
  "streamable HTTP": (key) => httpClient(gateway.url, key),
  "standard streams, by a file": (key) =>
    stdioClient(["--config", configFile, ...(key === OTHER_KEY ? ["--key", "other"] : [])]),
  "standard streams, by a gateway that runs": (key = GATEWAY_KEY) =>
    stdioClient(["--url", gateway.url], { POSTERN_KEY: key }),
};

describe.each(Object.entries(connections))("MCP over %s", (_, connect) => {
  beforeEach(async () => {
    provider.play(greet);
    client = await connect();
  });
  afterEach(() => client.close());

  it("has the three tools", async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(["chat", "list_models", "get_quota"]);
    expect(client.getServerVersion()?.name).toBe("postern");
    // Clients call what only reads without asking the person; a question to a model costs.
    expect(tools.map(({ annotations }) => annotations?.readOnlyHint)).toEqual([false, true, true]);
  });

  it.each(["chat", "responses", "messages"])("asks a model of a %s provider", async (id) => {
    const answer = await callTool(client, "chat", {
      model: `${id}/own-llm`,
      prompt: "What is it?",
      system: "Be brief.",
      temperature: 0.25,
      max_tokens: 321,
    });
    expect(answer.text).toBe("Hello from own-llm: What is it? / Be brief.");
    expect(answer.isError).toBe(false);
    expect(answer.facts).toMatchObject({
      "postern/provider": id,
      "postern/model": "own-llm",
      "postern/input_tokens": 100,
      "postern/output_tokens": 25,
    });
    expect(provider.refusals).toEqual([]);
    expect([...provider.asked]).toEqual([id]);
    const { body } = provider.last;
    expect(body.temperature).toBe(0.25);
    expect(body.max_tokens ?? body.max_output_tokens).toBe(321);
  });

  it("lists models with limits, prices and whether they are free", async () => {
    const { structured, text } = await callTool(client, "list_models");
    expect(JSON.parse(text)).toEqual(structured);
    const { models } = structured as { models: Record<string, unknown>[] };
    expect(models.map(({ id }) => id)).toEqual([
      "best",
      "chat/own-llm",
      "chat/gift",
      "chat/mystery",
      "responses/own-llm",
      "messages/own-llm",
    ]);
    expect(models[1]).toEqual({
      id: "chat/own-llm",
      provider: "chat",
      context_window: 32_000,
      max_output_tokens: 4_096,
      billing: "paid",
      usd_per_million_tokens: { input: 0.5, output: 1.5 },
      price_source: "config",
    });
    expect(models[2]).toMatchObject({ billing: "free" });
    expect(models[3]).toEqual({ id: "chat/mystery", provider: "chat", billing: "unknown" });
  });

  it("tells the gateway key's own limits, and no other's", async () => {
    await callTool(client, "chat", { model: "chat/own-llm", prompt: "Count me." });
    const { structured } = await callTool(client, "get_quota");
    const { limits } = structured as {
      limits: { name: string; unit: string; used: number; limit: number }[];
    };
    expect(limits.map(({ name, unit, limit }) => ({ name, unit, limit }))).toEqual([
      { name: "test", unit: "USD", limit: 2 },
      { name: "test", unit: "requests", limit: 500 },
    ]);
    expect(limits[0]?.used).toBeGreaterThan(0);
    expect(JSON.stringify(structured)).not.toContain("other");
  });

  it("says what is wrong with a call", async () => {
    const bad = (name: string, args: Record<string, unknown>) => callTool(client, name, args);
    await expect(bad("shell", { command: "id" })).rejects.toThrow(/no tool "shell"/);
    await expect(bad("chat", { model: "chat/own-llm" })).rejects.toThrow(/prompt/);
    await expect(bad("chat", { model: "m", prompt: "p", tools: [] })).rejects.toThrow(/Wrong arguments/);
    const unknown = await bad("chat", { model: "chat/own-lllm", prompt: "p" });
    expect(unknown.isError).toBe(true);
    expect(unknown.text).toContain("own-llm");
    expect(provider.seen).toEqual([]);
  });

  it("says so when an answer is cut", async () => {
    provider.play(() => ({ text: "A long answer that does not come to its end.", cut: true }));
    const answer = await callTool(client, "chat", { model: "messages/own-llm", prompt: "p" });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/^A long/);
    expect(answer.text).toContain("not whole");
  });

  it("says so when an answer is as long as it may be", async () => {
    provider.play(() => ({ text: "Only so mu", length: true }));
    const answer = await callTool(client, "chat", { model: "chat/own-llm", prompt: "p", max_tokens: 3 });
    expect(answer.isError).toBe(false);
    expect(answer.text).toContain("as long as it may be");
  });

  it("holds a gateway key to its models", async () => {
    const other = await connect(OTHER_KEY);
    try {
      const refused = await callTool(other, "chat", { model: "chat/own-llm", prompt: "p" });
      expect(refused.isError).toBe(true);
      expect(refused.text).toContain('"other" may not use chat/own-llm');
      const { structured } = await callTool(other, "list_models");
      expect((structured as { models: { id: string }[] }).models.map(({ id }) => id)).toEqual([
        "messages/own-llm",
      ]);
    } finally {
      await other.close();
    }
  });
});

describe("a gateway key's budget", () => {
  it("counts calls over MCP with all others, and refuses what is beyond", async () => {
    provider.play(greet);
    const other = await httpClient(gateway.url, OTHER_KEY);
    try {
      const ask = () => callTool(other, "chat", { model: "messages/own-llm", prompt: "p" });
      expect((await ask()).isError).toBe(false);
      const second = await ask();
      expect(second.isError).toBe(true);
      expect(second.text).toMatch(/request/i);
      const headers = { "x-api-key": OTHER_KEY, authorization: "" };
      const direct = await gateway.post("/v1/messages", { model: "messages/own-llm" }, headers);
      expect(direct.status).toBe(429);
    } finally {
      await other.close();
    }
  });
});
