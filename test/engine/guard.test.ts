import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { RawConnection, rawRequest, statusOf } from "../support/rawConnection";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;
let port: number;
const key = `x-api-key: ${GATEWAY_KEY}`;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({ id: "fine" }));
  gateway = await Gateway.start({ providers: [providerEntry(provider.url)] });
  port = gateway.port;
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const models = (...lines: string[]) => rawRequest(port, ["GET /v1/models HTTP/1.1", key, ...lines]);
const own = () => `Host: 127.0.0.1:${port}`;

describe("the Host header", () => {
  it.each(["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "[::1]:PORT"])("may be %s", async (host) => {
    expect(statusOf(await models(`Host: ${host.replace("PORT", String(port))}`))).toBe(200);
  });

  it.each([
    "evil.example:PORT",
    "127.0.0.1.evil.example:PORT",
    "localhost.evil.example:PORT",
    "localhost",
    "127.0.0.1:1",
    "127.0.0.1:PORT0",
    "127.0.0.2:PORT",
    "0.0.0.0:PORT",
    "[::]:PORT",
    "127.1:PORT",
    "2130706433:PORT",
    "user@127.0.0.1:PORT",
    "127.0.0.1:PORT, evil.example",
    "localhost.:PORT",
    "",
  ])("must not be %j", async (host) => {
    const answer = await models(`Host: ${host.replace("PORT", String(port))}`);
    expect([400, 403]).toContain(statusOf(answer));
    expect(answer).not.toContain("model-a");
  });

  it("must be there, and only once", async () => {
    expect(statusOf(await models())).toBe(400);
    expect(statusOf(await rawRequest(port, ["GET /v1/models HTTP/1.0", key]))).toBe(403);
    expect(statusOf(await models(own(), "Host: evil.example"))).toBe(403);
    expect(statusOf(await models("Host: evil.example", own()))).toBe(403);
  });

  it("is not overridden by an absolute request line", async () => {
    const answer = await rawRequest(port, [`GET http://evil.example/v1/models HTTP/1.1`, own(), key]);
    expect(statusOf(answer)).toBe(404);
  });

  it("is looked at before anything that is expected of the server", async () => {
    const expecting = ["GET /v1/models HTTP/1.1", "Expect: something"];
    expect(statusOf(await rawRequest(port, [...expecting, "Host: evil.example", key]))).toBe(403);
    const answer = await rawRequest(port, [...expecting, own(), key]);
    expect(statusOf(answer)).toBe(200);
    expect(answer).toMatch(/x-request-id: req_/i);
  });

  it.each([
    ["a foreign Host", 403, ["Host: evil.example", key]],
    ["a web page", 403, ["OWN", key, "Origin: https://evil.example"]],
    ["a wrong key", 401, ["OWN", "x-api-key: pk-wrong"]],
    ["no key", 401, ["OWN"]],
    ["no such path", 404, ["OWN", key], "/v1/nowhere"],
  ])("and the key are looked at before a body is asked for: %s", async (_, status, lines, path?: string) => {
    const connection = await RawConnection.open(port);
    const head = lines.map((line) => (line === "OWN" ? own() : line)).join("\r\n");
    connection.send(
      `POST ${path ?? "/v1/chat/completions"} HTTP/1.1\r\n${head}\r\nExpect: 100-continue\r\ncontent-length: 10000000\r\n\r\n`,
    );
    await connection.until(/"error"/);
    expect(connection.received).not.toContain("100 Continue");
    expect(statusOf(connection.received)).toBe(status);
    connection.close();
  });

  it("lets in who waits to be asked for the body, once, and waits for nobody who does not", async () => {
    const body = '{"model":"model-a"}';
    for (const expected of [["Expect: 100-Continue"], []]) {
      const connection = await RawConnection.open(port);
      const head = [own(), key, ...expected, `content-length: ${body.length}`, "connection: close"];
      connection.send(`POST /v1/chat/completions HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n`);
      if (expected.length > 0) await connection.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
      connection.send(body);
      const answer = await connection.rest();
      expect(answer.match(/100 Continue/g) ?? []).toHaveLength(expected.length);
      expect(answer).toContain("HTTP/1.1 200 OK");
    }
  });

  it("is checked on the health route too", async () => {
    expect(statusOf(await rawRequest(port, ["GET /health HTTP/1.1", "Host: evil.example"]))).toBe(403);
  });
});

describe("web pages", () => {
  it.each([
    "Origin: https://evil.example",
    "Origin: null",
    "Origin: http://localhost:3000",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Site: same-site",
  ])("are refused by %s, without a word to CORS", async (line) => {
    const answer = await models(own(), line);
    expect(statusOf(answer)).toBe(403);
    expect(answer.toLowerCase()).not.toContain("access-control");
  });

  it("are refused behind however many headers, of which some versions of Node read only the first thousand", async () => {
    const many = Array.from({ length: 2_500 }, (_, index) => `x-${index}: 1`);
    expect(statusOf(await models(own(), ...many))).toBe(200);
    expect(statusOf(await models(own(), ...many, "Origin: https://evil.example"))).toBe(403);
    expect(statusOf(await models(own(), ...many, "Sec-Fetch-Site: cross-site"))).toBe(403);
  });

  it("get no preflight", async () => {
    const answer = await rawRequest(port, [
      "OPTIONS /v1/chat/completions HTTP/1.1",
      own(),
      "Origin: https://evil.example",
      "Access-Control-Request-Method: POST",
      "Access-Control-Request-Private-Network: true",
    ]);
    expect(statusOf(answer)).toBe(403);
    expect(answer.toLowerCase()).not.toContain("access-control");
  });

  it("cannot open a WebSocket, and neither can a tool, which is sent to HTTP", async () => {
    const upgrade = [
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: eA==",
    ];
    const ask = async (...lines: string[]) => {
      const connection = await RawConnection.open(port);
      connection.send(`GET /v1/responses HTTP/1.1\r\n${[own(), ...upgrade, ...lines].join("\r\n")}\r\n\r\n`);
      return connection.rest();
    };
    expect(statusOf(await ask(key))).toBe(426);
    expect(statusOf(await ask(key, "Origin: https://evil.example"))).toBeGreaterThanOrEqual(403);
  });
});

describe("the gateway key", () => {
  it.each([
    ["none", []],
    ["a wrong one", ["x-api-key: wrong"]],
    ["an empty one", ["x-api-key:"]],
    ["one with a letter more", [`x-api-key: ${GATEWAY_KEY}x`]],
    ["one under Basic", [`Authorization: Basic ${GATEWAY_KEY}`]],
    ["one without a scheme", [`Authorization: ${GATEWAY_KEY}`]],
  ])("is asked for: %s is a 401 in the client's protocol", async (_, lines) => {
    const openai = await rawRequest(port, ["GET /v1/models HTTP/1.1", own(), ...lines]);
    expect([statusOf(openai), bodyOf(openai).error.code]).toEqual([401, "unauthorized"]);
    const anthropic = await rawRequest(port, [
      "POST /v1/messages HTTP/1.1",
      own(),
      "Content-Length: 0",
      ...lines,
    ]);
    expect([statusOf(anthropic), bodyOf(anthropic)]).toMatchObject([
      401,
      { type: "error", error: { type: "authentication_error" } },
    ]);
  });

  it("is not taken from the query", async () => {
    const lines = [`GET /v1/models?key=${GATEWAY_KEY}&api_key=${GATEWAY_KEY} HTTP/1.1`, own()];
    const answer = await rawRequest(port, lines);
    expect(statusOf(answer)).toBe(401);
    expect(JSON.stringify(bodyOf(answer))).toMatch(/key in the address/);
    expect(statusOf(await rawRequest(port, [...lines, `x-api-key: ${GATEWAY_KEY}`]))).toBe(401);
    expect(gateway.stderr).not.toContain(GATEWAY_KEY);
  });

  it("is asked for before a path or a method is judged", async () => {
    expect(statusOf(await rawRequest(port, ["GET /v1/secrets HTTP/1.1", own()]))).toBe(401);
    expect(statusOf(await rawRequest(port, ["DELETE /v1/models HTTP/1.1", own()]))).toBe(401);
  });
});

describe("paths and methods", () => {
  it.each([
    "/",
    "/v1",
    "/v1/",
    "/v1/files",
    "/v1/__proto__",
    "/v1/constructor",
    "/v2/models",
    "/v1/chat/completions/",
    "//v1/models",
    "/v1/../v1/models",
  ])("%s is not there", async (path) => {
    const answer = await rawRequest(port, [`GET ${path} HTTP/1.1`, own(), key]);
    expect([statusOf(answer), bodyOf(answer).error.code]).toEqual([404, "not_found"]);
  });

  it.each([
    ["GET", "/v1/chat/completions", "POST"],
    ["PUT", "/v1/messages", "POST"],
    ["DELETE", "/v1/models/model-a", "GET, HEAD"],
    ["OPTIONS", "/v1/models", "GET, HEAD"],
  ])("%s %s says which method it wants", async (method, path, allow) => {
    const answer = await rawRequest(port, [`${method} ${path} HTTP/1.1`, own(), key]);
    expect(statusOf(answer)).toBe(405);
    expect(answer.toLowerCase()).toContain(`allow: ${allow.toLowerCase()}`);
  });

  it("CONNECT makes no tunnel", async () => {
    const answer = await rawRequest(port, [`CONNECT 127.0.0.1:${provider.port} HTTP/1.1`, own(), key]);
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
  });

  it("every answer has a request id", async () => {
    for (const line of ["GET /health", "GET /v1/models", "GET /nowhere", "PUT /v1/messages"])
      expect(await rawRequest(port, [`${line} HTTP/1.1`, own(), key])).toMatch(/x-request-id: req_\w+/i);
  });
});

describe("a gateway opened to the network", () => {
  it("takes any bare address with its port as Host, but no name and no web page", async () => {
    const open = await Gateway.start({ providers: [], args: ["--host", "0.0.0.0"] });
    try {
      expect(open.url).toBe(`http://127.0.0.1:${open.port}`);
      const health = (...lines: string[]) => rawRequest(open.port, ["GET /health HTTP/1.1", ...lines]);
      expect(statusOf(await health(`Host: 192.168.7.7:${open.port}`))).toBe(200);
      expect(statusOf(await health(`Host: localhost:${open.port}`))).toBe(200);
      expect(statusOf(await health(`Host: evil.example:${open.port}`))).toBe(403);
      expect(statusOf(await health("Host: 192.168.7.7"))).toBe(403);
      expect(statusOf(await health(`Host: 127.0.0.1:${open.port}`, "Origin: http://evil.example"))).toBe(403);
      expect(
        statusOf(await rawRequest(open.port, ["GET /v1/models HTTP/1.1", `Host: 127.0.0.1:${open.port}`])),
      ).toBe(401);
    } finally {
      await open.stop();
    }
  });
});

function bodyOf(answer: string) {
  return JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));
}
