import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { dirname } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Caller } from "../../src/core/governance/caller";
import { callerHeaders } from "../../src/core/rpc/callerHeaders";
import { PrivateHttp, privateHttpPath } from "../../src/engine/pipe/privateHttp";
import { ask, Engine, EngineClient, engineConfig, type Home, newHome, startGateway } from "../support/engine";
import { GATEWAY_KEY } from "../support/gateway";
import { askPrivately } from "../support/privateSocket";
import { recording } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";
import { eventually, within } from "../support/waiting";

let provider: ReplayProvider;
let home: Home;
const engines: Engine[] = [];
const clients: EngineClient[] = [];
const chat = json(recording("chat.json").toString());
const streaming = '{"model":"model-a","stream":true,"stream_options":{"include_usage":true}}';
const frames = recording("chat-text.sse")
  .toString()
  .split(/(?<=\n\n)/);

beforeAll(async () => {
  provider = await ReplayProvider.start(chat);
});
afterAll(() => provider?.stop());
afterEach(async () => {
  provider.play = chat;
  provider.requests.length = 0;
  for (const client of clients.splice(0)) client.close();
  await Promise.all(engines.splice(0).map((engine) => engine.end()));
  home.remove();
});

function start(at: Home = newHome()): Engine {
  home = at;
  const engine = new Engine(home);
  engines.push(engine);
  return engine;
}

/** A window of the engine, which is configured with the provider. */
async function join(): Promise<EngineClient> {
  const client = await EngineClient.join(home);
  clients.push(client);
  await client.request("configure", engineConfig(provider.url));
  return client;
}

/** Plays the first event of a stream and waits with the rest. */
function playHalf(): { goOn: () => void } {
  const half = { goOn: () => {} };
  provider.play = async ({ response, body }) => {
    await body;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(frames[0]);
    await new Promise<void>((resolve) => {
      half.goOn = resolve;
    });
    response.end(frames.slice(1).join(""));
  };
  return half;
}

describe("a window's own requests", () => {
  it("are served while the gateway's port is closed, and counted like any other", async () => {
    start();
    const client = await join();
    const access = await client.request("chatAccess", {});
    const answer = await askPrivately({ ...access, body: streaming });
    expect(answer.status).toBe(200);
    await answer.text();
    expect(answer.headers).toMatchObject({
      "x-postern-provider": "fake",
      "x-postern-model": "model-a",
      "x-request-id": expect.any(String),
    });
    await eventually(() => client.statuses.some(({ usage }) => usage.requests === 1), "the counts");
    expect((await client.request("status", {})).gateway.state).toBe("stopped");
  });

  it("say who asks, which the provider is not told", async () => {
    start();
    const access = await (await join()).request("chatAccess", {});
    const origin = { caller: "github.copilot-chat", workspace: { folder: "/home/me/secret-project" } };
    const headers = callerHeaders({ ...origin, session: "conversation-7" });
    expect((await askPrivately({ ...access, headers })).status).toBe(200);
    expect(provider.last.rawHeaders.join("\n")).not.toMatch(/x-postern|secret-project|conversation-7/i);
    expect(provider.last.rawHeaders.join("\n")).not.toContain(access.token);
  });

  it("stand in the ledger with who asked; at the port nobody can say such a thing", async () => {
    start();
    const client = await join();
    const access = await client.request("chatAccess", {});
    const workspace = { folder: "/home/me/project", remote: "https://example.org/p", branch: "main" };
    const headers = callerHeaders({ caller: "github.copilot-chat", workspace });
    await (await askPrivately({ ...access, headers })).text();
    const url = await startGateway(client, engineConfig(provider.url));
    const forged = { authorization: `Bearer ${GATEWAY_KEY}`, ...headers };
    const request = { method: "POST", headers: forged, body: '{"model":"model-a"}' };
    await (await fetch(`${url}/v1/chat/completions`, request)).text();
    const { requests } = await eventually(async () => {
      const page = await client.request("queryRequests", { limit: 10 });
      return page.requests.length === 2 ? page : undefined;
    }, "both requests in the ledger");
    expect(requests.map(({ caller }) => caller)).toEqual([
      { kind: "gatewayKey", name: "test", labels: {} },
      { kind: "vscode", name: "github.copilot-chat", labels: {}, workspace },
    ]);
  });

  it("need no Host that the gateway would take", async () => {
    start();
    const access = await (await join()).request("chatAccess", {});
    expect((await askPrivately({ ...access, headers: { host: "anything" } })).status).toBe(200);
  });

  it("get errors in the shape of the protocol they are in", async () => {
    start();
    const access = await (await join()).request("chatAccess", {});
    const body = '{"model":"nonsense","max_tokens":5,"messages":[]}';
    const answer = await askPrivately({ ...access, url: "/v1/messages", body });
    expect(answer.status).toBe(404);
    expect(JSON.parse(await answer.text())).toMatchObject({
      type: "error",
      error: { type: "not_found_error", message: expect.stringMatching(/nonsense/) },
    });
  });

  it("are ended at the provider when the window leaves them", async () => {
    start();
    const access = await (await join()).request("chatAccess", {});
    playHalf();
    const answer = await askPrivately({ ...access, body: streaming });
    answer.leave();
    expect(await within(provider.last.closed, "the provider's end")).toEqual({ early: true });
  });
});

describe("who is let in", () => {
  it.each([
    ["no token", undefined],
    ["a token of its own making", "f".repeat(64)],
    ["half a token", "half"],
    ["a gateway key", GATEWAY_KEY],
    ["the token of the pipe", "pipe"],
  ])("not one with %s", async (_, given) => {
    start();
    const client = await join();
    const { path, token } = await client.request("chatAccess", {});
    const sent = given === "half" ? token.slice(0, 32) : given === "pipe" ? home.token : given;
    const answer = await askPrivately({ path, ...(sent === undefined ? {} : { token: sent }) });
    expect(answer.status).toBe(401);
    expect(JSON.parse(await answer.text())).toMatchObject({ error: { code: "unauthorized" } });
    expect(provider.requests).toEqual([]);
  });

  it("a window's token is of no use at the gateway's port", async () => {
    start();
    const client = await join();
    const { token } = await client.request("chatAccess", {});
    const url = await startGateway(client, engineConfig(provider.url));
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: '{"model":"model-a"}',
    });
    expect(answer.status).toBe(401);
    // Who says he is a window is still who his gateway key says.
    expect((await ask(url)).status).toBe(200);
  });

  it("each window has a token of its own, and keeps it", async () => {
    start();
    const [one, two] = [await join(), await join()];
    const first = await one.request("chatAccess", {});
    const second = await two.request("chatAccess", {});
    expect(first.token).toMatch(/^[0-9a-f]{64}$/);
    expect(second.token).not.toBe(first.token);
    expect(second.path).toBe(first.path);
    expect(await one.request("chatAccess", {})).toEqual(first);
    expect((await askPrivately(first)).status).toBe(200);
    expect((await askPrivately(second)).status).toBe(200);
  });

  it("a window that has gone takes its token and its requests with it, and nobody else's", async () => {
    start();
    const [gone, staying] = [await join(), await join()];
    const first = await gone.request("chatAccess", {});
    const second = await staying.request("chatAccess", {});
    const others = playHalf();
    const kept = await askPrivately({ ...second, body: streaming });
    playHalf();
    const cut = await askPrivately({ ...first, body: streaming });
    const ended = provider.last.closed;
    gone.close();
    expect(await within(ended, "the provider's end")).toEqual({ early: true });
    await expect(cut.text()).rejects.toThrow();
    expect((await askPrivately(first)).status).toBe(401);
    others.goOn();
    expect(await kept.text()).toBe(frames.join(""));
  });
});

describe("the socket", () => {
  it.skipIf(process.platform === "win32")("is not one that was put there before", async () => {
    const planted = newHome();
    const path = privateHttpPath(planted.pipePath);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const heard: Buffer[] = [];
    const server = await listening(path, heard);
    start(planted);
    const access = await (await join()).request("chatAccess", {});
    expect((await askPrivately(access)).status).toBe(200);
    expect(heard).toEqual([]);
    server.close();
  });

  it.skipIf(process.platform === "win32")("takes the place of what a killed engine has left", async () => {
    const first = start();
    const before = await (await join()).request("chatAccess", {});
    await first.end("SIGKILL");
    await expect(askPrivately(before)).rejects.toThrow(/ECONNREFUSED/);
    writeFileSync(`${before.path}.bystander`, "");
    start(home);
    const after = await (await join()).request("chatAccess", {});
    expect((await askPrivately(after)).status).toBe(200);
    expect((await askPrivately({ ...after, token: before.token })).status).toBe(401);
  });
});

describe("an engine that is replaced", () => {
  it("finishes what its windows run, though they have gone over, and frees the socket's place", async () => {
    const old = start();
    const [asking, client] = [await join(), await join()];
    const access = await client.request("chatAccess", {});
    const half = playHalf();
    const answer = await askPrivately({ ...access, body: streaming });
    await asking.request("drain", {});
    await eventually(() => client.draining > 0, "word to the window");
    // As a window does: it goes over to the successor at once.
    client.close();
    start(home);
    const successor = await (await join()).request("chatAccess", {});
    expect(successor.token).not.toBe(access.token);
    half.goOn();
    expect(await answer.text()).toBe(frames.join(""));
    provider.play = chat;
    expect((await askPrivately(successor)).status).toBe(200);
    expect((await within(old.exited, "the old engine's end")).code).toBe(0);
    // The old one has not taken the new one's socket with it.
    expect((await askPrivately(successor)).status).toBe(200);
  });

  it("takes nothing new while it finishes", async () => {
    start();
    const [asking, client] = [await join(), await join()];
    const access = await client.request("chatAccess", {});
    const half = playHalf();
    const running = await askPrivately({ ...access, body: streaming });
    await asking.request("drain", {});
    await expect(client.request("chatAccess", {})).rejects.toThrow(/takes no chat requests/);
    await expect(askPrivately(access)).rejects.toThrow(/ENOENT|ECONNREFUSED/);
    half.goOn();
    await running.text();
  });
});

describe("the caller", () => {
  it("is read from the headers of this socket, once the token was right", async () => {
    home = newHome();
    mkdirSync(dirname(home.pipePath), { recursive: true });
    const callers: (Caller | string)[] = [];
    const http = new PrivateHttp(privateHttpPath(home.pipePath), (request, response, identify) => {
      try {
        callers.push(identify(request));
      } catch (error) {
        callers.push(String(error));
      }
      response.end();
    });
    await http.listen();
    const { path, token } = http.grant({});
    const workspace = { folder: "/проект/ä b", remote: "https://example.org/x", branch: "m", trusted: true };
    const headers = callerHeaders({ caller: "me.my-extension", workspace });
    await askPrivately({ path, token, headers });
    await askPrivately({ path, token, headers: { "x-postern-workspace": "%7Bnonsense" } });
    await askPrivately({ path, headers });
    expect(callers).toEqual([
      { kind: "vscode", name: "me.my-extension", labels: {}, workspace },
      { kind: "vscode", name: "vscode", labels: {} },
      expect.stringMatching(/Only a window/),
    ]);
    http.close();
  });
});

function listening(path: string, heard: Buffer[]): Promise<Server> {
  const server = createServer((socket) => {
    socket.on("data", (chunk) => heard.push(chunk));
    socket.on("error", () => {});
  });
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}
