import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { RawConnection, rawRequest, statusOf } from "../support/rawConnection";
import { json, ReplayProvider } from "../support/replayProvider";
import { within } from "../support/waiting";

let provider: ReplayProvider;
let gateway: Gateway;
const question = '{"model":"model-a"}';

beforeAll(async () => {
  provider = await ReplayProvider.start(json({ id: "fine" }));
  gateway = await Gateway.start({ providers: [providerEntry(provider.url)] });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const request = (body = question, key = GATEWAY_KEY) =>
  [
    "POST /v1/chat/completions HTTP/1.1",
    `Host: 127.0.0.1:${gateway.port}`,
    `x-api-key: ${key}`,
    `content-length: ${Buffer.byteLength(body)}`,
    "",
    body,
  ].join("\r\n");
const answers = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

describe("one connection", () => {
  it("serves one request after the other", async () => {
    const connection = await RawConnection.open(gateway.port);
    for (const count of [1, 2, 3]) {
      connection.send(request());
      await connection.until(new RegExp(`("fine"[^]*){${count}}`));
    }
    connection.close();
    expect(answers(connection.received)).toEqual([200, 200, 200]);
  });

  it("serves requests that were sent all at once, in their order", async () => {
    provider.play = async (exchange) => {
      const text = (await exchange.body).toString();
      const wait = text.includes("slow") ? 100 : 0;
      setTimeout(() => json(text)(exchange), wait);
    };
    const connection = await RawConnection.open(gateway.port);
    const bodies = ["slow", "quick"].map((note) => `{"model":"model-a","note":"${note}"}`);
    connection.send(bodies.map((body) => request(body)).join(""));
    await connection.until(/slow[\s\S]*quick/);
    connection.close();
    provider.play = json({ id: "fine" });
  });

  it("that goes takes all its requests with it, the waiting ones too", async () => {
    const arrived = [provider.next(), provider.next()];
    provider.play = () => {};
    const connection = await RawConnection.open(gateway.port);
    connection.send(request() + request());
    const exchanges = await Promise.all(arrived);
    connection.close();
    for (const { closed } of exchanges)
      expect(await within(closed, "the end of the provider's request")).toEqual({ early: true });
    provider.play = json({ id: "fine" });
  });

  it("serves no request that hides in the body of a refused one", async () => {
    const asked = provider.requests.length;
    const smuggled = request();
    const connection = await RawConnection.open(gateway.port);
    connection.send(request(smuggled, "wrong"));
    const text = await connection.rest();
    expect(answers(text)).toEqual([401]);
    expect(provider.requests.length).toBe(asked);
  });

  it("is not written into when garbage follows a request that is being answered", async () => {
    const arrived = provider.next();
    let goOn = () => {};
    provider.play = async ({ response }) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.write('{"first":1,');
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      response.end('"last":2}');
    };
    const connection = await RawConnection.open(gateway.port);
    connection.send(request());
    await arrived;
    await connection.until(/"first"/);
    connection.send("\x00\x01 this is no HTTP\r\n\r\n");
    await Promise.race([connection.closed, connection.until(/400 Bad/).catch(() => {})]);
    goOn();
    expect(answers(connection.received)).toEqual([200]);
    provider.play = json({ id: "fine" });
  });
});

describe("HTTP that nobody should send", () => {
  it.each([
    ["no HTTP at all", ["\x16\x03\x01 hello"]],
    ["two lengths", ["POST /v1/messages HTTP/1.1", "content-length: 3", "content-length: 4"]],
    [
      "a length and chunks",
      ["POST /v1/messages HTTP/1.1", "content-length: 3", "transfer-encoding: chunked"],
    ],
    ["a negative length", ["POST /v1/messages HTTP/1.1", "content-length: -3"]],
    ["a broken header", ["GET /health HTTP/1.1", "no colon here"]],
    ["a folded header", ["GET /health HTTP/1.1", "x-a: 1", " 2"]],
    ["another version", ["GET /health HTTP/3.7"]],
  ])("is a 400: %s", async (_, [first = "", ...lines]) => {
    const answer = await rawRequest(
      gateway.port,
      [first, `Host: 127.0.0.1:${gateway.port}`, ...lines],
      "abc",
    );
    expect(statusOf(answer)).toBe(400);
  });

  it("is a 400 too where chunks are broken", async () => {
    const lines = [
      "POST /v1/chat/completions HTTP/1.1",
      `Host: 127.0.0.1:${gateway.port}`,
      `x-api-key: ${GATEWAY_KEY}`,
    ];
    const answer = await rawRequest(gateway.port, [...lines, "transfer-encoding: chunked"], "zz\r\nno\r\n");
    expect(statusOf(answer)).toBe(400);
  });

  it("leaves the gateway serving", async () => {
    expect((await gateway.post("/v1/chat/completions", question)).status).toBe(200);
  });

  it("a body that is cut off reaches no provider", async () => {
    const asked = provider.requests.length;
    const connection = await RawConnection.open(gateway.port);
    connection.send(request().slice(0, -3));
    connection.socket.end();
    await connection.rest();
    expect((await gateway.fetch("/v1/models")).status).toBe(200);
    expect(provider.requests.length).toBe(asked);
  });
});
