import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Engine, EngineClient, engineConfig, type Home, newHome, startGateway } from "../support/engine";
import { GATEWAY_KEY } from "../support/gateway";
import { RawConnection } from "../support/rawConnection";
import { recording } from "../support/recordings";
import { json, ReplayProvider } from "../support/replayProvider";
import { eventually, within } from "../support/waiting";

let provider: ReplayProvider;
let home: Home;
let engine: Engine;
let window: EngineClient;
let url: string;
const body = '{"model":"model-a","stream":true}';

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  home = newHome();
  engine = new Engine(home);
  window = await EngineClient.join(home);
  url = await startGateway(window, engineConfig(provider.url));
});

afterAll(async () => {
  window?.close();
  await engine?.end();
  await provider?.stop();
  home?.remove();
});

beforeEach(() => {
  provider.play = async ({ response, body }) => {
    await body;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(recording("chat-text.sse").subarray(0, 400));
  };
});

async function request(text = body): Promise<RawConnection> {
  const { port } = new URL(url);
  const connection = await RawConnection.open(Number(port));
  connection.send(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nx-api-key: ${GATEWAY_KEY}\r\ncontent-length: ${body.length}\r\n\r\n${text}`,
  );
  return connection;
}

/** The status when everything has come to rest. */
async function afterwards() {
  const idle = async () => {
    const status = await window.request("status", {});
    return status.running === 0 ? status : undefined;
  };
  return eventually(idle, "an end of all requests");
}

describe("a client that leaves", () => {
  it.each([
    ["before the first byte", "close"],
    ["before the first byte", "reset"],
    ["in the middle of a stream", "close"],
    ["in the middle of a stream", "reset"],
  ])("%s (%s): the provider is told, and is not thought to be broken", async (when, how) => {
    const early = when === "before the first byte";
    if (early) provider.play = () => {};
    const arrived = provider.next();
    const connection = await request();
    const exchange = await arrived;
    if (!early) await connection.until(/chatcmpl-own1/);
    if (how === "reset") connection.socket.resetAndDestroy();
    else connection.close();
    expect(await within(exchange.closed, "the end of the provider's request")).toEqual({ early: true });
    expect((await afterwards()).providers[0]?.state).toBe("ready");
  });

  it("before its request is whole: no provider is asked", async () => {
    const asked = provider.requests.length;
    const connection = await request(body.slice(0, -5));
    await eventually(async () => (await window.request("status", {})).running === 1, "the running request");
    connection.close();
    await afterwards();
    expect(provider.requests.length).toBe(asked);
  });

  it("while the provider is still asked for its models: it is not asked for more, nor thought to be broken", async () => {
    const config = engineConfig(provider.url);
    const [given] = config.providers;
    if (!given) throw new Error("no provider");
    const { models: _, ...unlisted } = given.config;
    const listing = provider.next();
    provider.play = () => {};
    await window.request("configure", { ...config, providers: [{ ...given, config: unlisted }] });
    const list = await listing;
    const connection = await request();
    await eventually(async () => (await window.request("status", {})).running === 1, "the running request");
    const asked = provider.requests.length;
    connection.close();
    // A turn of the engine, so that it has seen the client go before the list comes.
    await window.request("status", {});
    json({ data: [{ id: "model-a" }] })(list);
    const status = await afterwards();
    expect(status.providers[0]).toMatchObject({ state: "ready", modelsFrom: "provider" });
    expect(provider.requests.length).toBe(asked);
    await window.request("configure", config);
  });

  it("as soon as it has the terminal event has not cut anything", async () => {
    provider.play = async ({ response, body }) => {
      await body;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(recording("chat-text.sse"));
    };
    const before = (await window.request("status", {})).usage;
    const connection = await request();
    await connection.until(/\[DONE\]/);
    connection.close();
    const { usage } = await afterwards();
    expect(usage.inputTokens - before.inputTokens).toBe(11);
    expect(usage.unreported).toBe(before.unreported);
  });
});
