import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../../support/gateway";
import { callTool, httpClient, stdioClient } from "../../support/mcpClient";
import { ReplayProvider } from "../../support/replayProvider";
import { eventually, within } from "../../support/waiting";

const OTHER_KEY = "psk-other-key-of-the-tests-0123456789";

let provider: ReplayProvider;
let gateway: Gateway;

/** A few words, and then nothing more. */
const endless = async ({ body, response }: ReplayProvider["requests"][number]): Promise<void> => {
  await body;
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(
    `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta: { content: "Well, " } }] })}\n\n`,
  );
};

const keys = [
  { name: "test", key: GATEWAY_KEY },
  { name: "other", key: OTHER_KEY },
];
const start = () => Gateway.start({ providers: [providerEntry(provider.url)], gateway: { keys } });

beforeAll(async () => {
  provider = await ReplayProvider.start(endless);
  gateway = await start();
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});
beforeEach(() => {
  provider.requests.length = 0;
});

const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
const list = { jsonrpc: "2.0", id: 1, method: "tools/list" };
const call = (id: string | number) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name: "chat", arguments: { model: "fake/model-a", prompt: "p" } },
});
const cancel = (requestId: string | number) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId },
});
const mcp = (message: unknown, more: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`${gateway.url}/mcp`, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${GATEWAY_KEY}`, ...more },
    body: typeof message === "string" ? message : JSON.stringify(message),
    ...init,
  });
const running = () => eventually(() => provider.requests[0], "the request at the provider");

describe("/mcp", () => {
  it("wants a gateway key", async () => {
    for (const authorization of ["", "Bearer wrong", `Bearer ${GATEWAY_KEY}x`]) {
      const response = await mcp(list, { authorization });
      expect(response.status).toBe(401);
      expect(await response.text()).not.toContain("list_models");
    }
  });

  it("refuses web pages, before it looks at the key", async () => {
    for (const more of [
      { origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site" },
      { origin: "null" },
    ]) {
      expect((await mcp(list, more)).status).toBe(403);
      expect((await mcp(list, { ...more, authorization: "" })).status).toBe(403);
    }
    const asked = await fetch(`${gateway.url}/mcp`, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(asked.status).toBe(403);
    expect(asked.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("is POST only: it keeps no sessions to listen to or to end", async () => {
    for (const method of ["GET", "DELETE"]) {
      const response = await gateway.fetch("/mcp", { method, headers });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe("POST");
    }
  });

  it("refuses a body beyond the gateway's limit, and lives on", async () => {
    const huge = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":"${"x".repeat(65 * 1024 * 1024)}"}}`;
    expect((await mcp(huge)).status).toBe(413);
    expect((await mcp(list)).status).toBe(200);
  });

  it("takes no nonsense", async () => {
    expect((await mcp("{")).status).toBe(400);
    expect((await mcp("[]")).status).toBeGreaterThanOrEqual(202);
    expect((await mcp({ id: 1 })).status).toBe(400);
    expect((await mcp(list, { "mcp-protocol-version": "1999-01-01" })).status).toBe(400);
    const batch = Array.from({ length: 10_000 }, (_, id) => ({ ...list, id }));
    expect((await mcp(batch)).status).toBe(400);
    const response = await mcp({ ...list, method: "resources/list" });
    expect(await response.text()).toContain("-32601");
  });

  it("does not know a session that somebody made up, and gives each client another id", async () => {
    const hello = {
      jsonrpc: "2.0",
      id: 0,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "t", version: "1" } },
    };
    const ids = await Promise.all(
      [1, 2].map(async () => (await mcp(hello, { "mcp-session-id": "mine" })).headers.get("mcp-session-id")),
    );
    expect(new Set([...ids, "mine", null]).size).toBe(4);
  });
});

describe("a call that runs", () => {
  it("is cancelled by its client, and ends at the provider", async () => {
    const client = await httpClient(gateway.url);
    const controller = new AbortController();
    const asked = callTool(
      client,
      "chat",
      { model: "fake/model-a", prompt: "p" },
      { signal: controller.signal },
    );
    asked.catch(() => {});
    const request = await running();
    controller.abort();
    await expect(asked).rejects.toThrow();
    expect((await within(request.closed, "the end at the provider")).early).toBe(true);
    await client.close();
  });

  it("is cancelled over the standard streams too", async () => {
    const client = await stdioClient(["--url", gateway.url], { POSTERN_KEY: GATEWAY_KEY });
    const controller = new AbortController();
    const asked = callTool(
      client,
      "chat",
      { model: "fake/model-a", prompt: "p" },
      { signal: controller.signal },
    );
    asked.catch(() => {});
    const request = await running();
    controller.abort();
    expect((await within(request.closed, "the end at the provider")).early).toBe(true);
    await client.close();
  });

  it("ends when its client's connection does", async () => {
    const controller = new AbortController();
    const asked = mcp(call(1), {}, { signal: controller.signal }).then((response) => response.text());
    asked.catch(() => {});
    const request = await running();
    controller.abort();
    expect((await within(request.closed, "the end at the provider")).early).toBe(true);
  });

  it("cannot be cancelled with another gateway key, or from another session", async () => {
    const asked = mcp(call(7), { "mcp-session-id": "s" });
    const request = await running();
    await mcp(cancel(7), { "mcp-session-id": "s", authorization: `Bearer ${OTHER_KEY}` });
    await mcp(cancel(7), { "mcp-session-id": "t" });
    await mcp(cancel(7));
    await mcp(cancel("7"), { "mcp-session-id": "s" });
    const end = { id: "c", choices: [{ index: 0, delta: { content: "done" }, finish_reason: "stop" }] };
    request.response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
    expect(await (await asked).text()).toContain("Well, done");
  });

  it("is cancelled by its own session", async () => {
    const asked = mcp(call(7), { "mcp-session-id": "s" }).then((response) => response.text());
    const request = await running();
    expect((await mcp(cancel(7), { "mcp-session-id": "s" })).status).toBe(202);
    expect(await within(asked, "the end of the stream")).not.toContain("result");
    expect((await request.closed).early).toBe(true);
  });

  it("tells how far it is, where the client wants to know", async () => {
    const client = await httpClient(gateway.url);
    const told: number[] = [];
    const asked = callTool(
      client,
      "chat",
      { model: "fake/model-a", prompt: "p" },
      { onprogress: ({ progress }) => told.push(progress) },
    );
    const { response } = await running();
    const more = { id: "c", choices: [{ index: 0, delta: { content: "more, " } }] };
    await eventually(() => {
      response.write(`data: ${JSON.stringify(more)}\n\n`);
      return told.length > 1;
    }, "progress");
    expect(told[1]).toBeGreaterThan(told[0] ?? 0);
    const end = { id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] };
    response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
    expect((await asked).isError).toBe(false);
    await client.close();
  });
});

describe("a gateway that stops", () => {
  it("lets a call end that runs, and takes no other", async () => {
    const own = await start();
    const client = await httpClient(own.url);
    const asked = callTool(client, "chat", { model: "fake/model-a", prompt: "p" });
    const { response } = await running();
    own.process.kill("SIGTERM");
    await eventually(async () => {
      const next = await fetch(`${own.url}/health`).catch(() => undefined);
      return next?.status !== 200;
    }, "the end of listening");
    const end = { id: "c", choices: [{ index: 0, delta: { content: "done" }, finish_reason: "stop" }] };
    response.end(`data: ${JSON.stringify(end)}\n\ndata: [DONE]\n\n`);
    expect((await asked).text).toBe("Well, done");
    expect(await within(own.exited, "the gateway's end")).toBe(0);
  });

  it("that is killed makes the bridge say so, and not hang", async () => {
    const own = await start();
    const client = await stdioClient(["--url", own.url], { POSTERN_KEY: GATEWAY_KEY });
    const asked = callTool(client, "chat", { model: "fake/model-a", prompt: "p" });
    asked.catch(() => {});
    await running();
    own.process.kill("SIGKILL");
    await expect(within(asked, "the failure")).rejects.toThrow(/does not answer/);
    await expect(callTool(client, "list_models")).rejects.toThrow(/does not answer/);
    await client.close();
  });
});
