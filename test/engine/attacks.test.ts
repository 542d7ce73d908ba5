import { createServer, type Server } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry } from "../support/gateway";
import { RawConnection, rawRequest, statusOf } from "../support/rawConnection";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
/** Where an attacker would like requests to go. Nobody must ever call. */
let trap: ReplayProvider;
let gateway: Gateway;
let port: number;
const key = `x-api-key: ${GATEWAY_KEY}`;
const question = '{"model":"model-a","messages":[{"role":"user","content":"hi"}]}';
const secret = "a policy's name\r\nx-injected: policy";

beforeAll(async () => {
  provider = await ReplayProvider.start(listing);
  trap = await ReplayProvider.start(json({ stolen: true }));
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url),
      // Whatever is asked of these is sent on: their lists are their own, and lists lack aliases.
      providerEntry(provider.url, { id: "open", models: undefined }),
      providerEntry(provider.url, {
        id: "azure",
        type: "azure",
        models: undefined,
        azure: { apiVersion: "2024-10-21" },
      }),
      providerEntry(provider.url, { id: "claude", type: "anthropic", models: [{ id: "model-c" }] }),
    ],
    gateway: {
      keys: [
        { name: "test", key: GATEWAY_KEY },
        { name: "off", key: "pk-disabled-gateway-key", enabled: false },
        { name: "old", key: "pk-expired-gateway-key", expires: "2020-01-01" },
      ],
    },
    config: { policy: { rules: [{ name: secret, warn: "be careful" }] } },
  });
  port = gateway.port;
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
  await trap?.stop();
});

const own = () => `Host: 127.0.0.1:${port}`;
const post = (...lines: string[]) => [
  "POST /v1/chat/completions HTTP/1.1",
  own(),
  key,
  "content-type: application/json",
  ...lines,
];
const headOf = (answer: string) => answer.slice(0, answer.indexOf("\r\n\r\n")).toLowerCase();
const answersIn = (text: string) =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

const listing = async (exchange: Parameters<ReturnType<typeof json>>[0]) =>
  json(exchange.path.includes("/models") ? { data: [{ id: "listed" }] } : { id: "fine", choices: [] })(
    exchange,
  );

describe("DNS rebinding", () => {
  it.each([
    "0x7f000001:PORT",
    "0177.0.0.1:PORT",
    "017700000001:PORT",
    "127.000.000.001:PORT",
    "127.0.1:PORT",
    "[::ffff:127.0.0.1]:PORT",
    "[::ffff:7f00:1]:PORT",
    "[0:0:0:0:0:0:0:1]:PORT",
    "[::1%25lo]:PORT",
    "::1:PORT",
    "127.0.0.1.:PORT",
    "[::1].:PORT",
    "localhost.:PORT",
    "localhost.evil.tld:PORT",
    "evil.tld.localhost:PORT",
    "localhost.localdomain:PORT",
    "127.0.0.1.nip.io:PORT",
    "localhost%00.evil.tld:PORT",
    "127.0.0.1:0PORT",
    "127.0.0.1:PORT:PORT",
    "127.0.0.1:PORT/",
    "127.0.0.1:PORT#",
    "127.0.0.1:PORT@evil.tld",
    "evil.tld#127.0.0.1:PORT",
    "http://127.0.0.1:PORT",
    "127.0.0.1:+PORT",
    "127.0.0.1:",
    "127.0.0.1",
    ":PORT",
  ])("is refused as Host %j", async (host) => {
    const answer = await rawRequest(port, [
      "GET /v1/models HTTP/1.1",
      `Host: ${host.replaceAll("PORT", String(port))}`,
      key,
    ]);
    expect([400, 403]).toContain(statusOf(answer));
    expect(answer).not.toContain("model-a");
  });

  it.each([
    "GET http://evil.tld/v1/models HTTP/1.1",
    "GET http://127.0.0.1:PORT/v1/models HTTP/1.1",
    "GET //evil.tld/v1/models HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "PRI * HTTP/2.0",
  ])("has no way around it in the request line: %s", async (line) => {
    const answer = await rawRequest(port, [line.replace("PORT", String(port)), own(), key]);
    expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
    expect(answer).not.toContain("model-a");
    const foreign = await rawRequest(port, [line.replace("PORT", String(port)), "Host: evil.tld", key]);
    expect([400, 403]).toContain(statusOf(foreign));
  });
});

describe("a web page", () => {
  const asked = () => provider.requests.length;

  it.each([
    ["a form", "application/x-www-form-urlencoded", "Origin: https://evil.tld"],
    ["a simple POST", "text/plain", "Origin: https://evil.tld"],
    ["a sandboxed frame", "text/plain", "Origin: null"],
    ["a fetch without an origin", "text/plain", "Sec-Fetch-Site: cross-site"],
    ["a page on another port", "text/plain", "Origin: http://127.0.0.1:1"],
    ["an https page of the same name", "text/plain", "Origin: https://127.0.0.1:PORT"],
    ["an extension", "application/json", "Origin: chrome-extension://abc"],
    ["a file", "text/plain", "Origin: file://"],
  ])("gets nothing by %s, even with a right key", async (_, type, line) => {
    const before = asked();
    const answer = await rawRequest(
      port,
      [
        "POST /v1/chat/completions HTTP/1.1",
        own(),
        key,
        `content-type: ${type}`,
        line.replace("PORT", String(port)),
        `content-length: ${question.length}`,
      ],
      question,
    );
    expect(statusOf(answer)).toBe(403);
    expect(headOf(answer)).not.toContain("access-control");
    expect(asked()).toBe(before);
  });

  it.each(["/health", "/v1/models", "/v1/chat/completions", "/nowhere"])(
    "gets no preflight of %s",
    async (path) => {
      const answer = await rawRequest(port, [
        `OPTIONS ${path} HTTP/1.1`,
        own(),
        "Origin: https://evil.tld",
        "Access-Control-Request-Method: POST",
        "Access-Control-Request-Headers: authorization",
        "Access-Control-Request-Private-Network: true",
      ]);
      expect(statusOf(answer)).toBe(403);
      expect(headOf(answer)).not.toContain("access-control");
    },
  );

  it("opens no WebSocket, with or without a key", async () => {
    for (const more of [[], [key]]) {
      const connection = await RawConnection.open(port);
      const lines = [
        own(),
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: eA==",
        "Origin: https://evil.tld",
        ...more,
      ];
      connection.send(`GET /v1/responses HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      expect(statusOf(await connection.rest())).toBe(403);
    }
  });

  it("is not made welcome by an answer to a tool", async () => {
    const answer = await gateway.post("/v1/chat/completions", question);
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("a request that two readers would read differently", () => {
  /** What would be served if it stood alone. */
  const inner = () =>
    `POST /v1/chat/completions HTTP/1.1\r\n${own()}\r\n${key}\r\ncontent-length: ${question.length}\r\n\r\n${question}`;

  it.each([
    ["two lengths", ["content-length: 0", "content-length: LENGTH"]],
    ["two lengths in one", ["content-length: 0, LENGTH"]],
    ["two equal lengths", ["content-length: LENGTH", "content-length: LENGTH"]],
    ["a length and chunks", ["content-length: 4", "transfer-encoding: chunked"]],
    ["chunks and a length", ["transfer-encoding: chunked", "content-length: 4"]],
    ["a length with a sign", ["content-length: +4"]],
    ["a length in hex", ["content-length: 0x4"]],
    ["a length with a space in it", ["content-length: 1 0"]],
    ["a space before the colon", ["content-length : LENGTH"]],
    ["a space before the colon of chunks", ["transfer-encoding : chunked"]],
    ["a folded length", ["content-length:", " LENGTH"]],
    ["a folded encoding", ["transfer-encoding:", " chunked"]],
    ["an encoding that is none", ["transfer-encoding: xchunked"]],
    ["chunks that are not the last encoding", ["transfer-encoding: chunked, identity"]],
    ["two encodings", ["transfer-encoding: identity", "transfer-encoding: chunked"]],
    ["a vertical tab before chunks", ["transfer-encoding: \x0bchunked"]],
    ["a NUL in a name", ["content\x00-length: 4"]],
    ["a line that ends with a carriage return alone", ["x-a: b\rcontent-length: 4"]],
    ["lines that end with a line feed alone", ["x-a: b\ncontent-length: 4"]],
  ])("is refused, and what hides in it is not served: %s", async (_, lines) => {
    const before = provider.requests.length;
    const connection = await RawConnection.open(port);
    const head = post(...lines)
      .join("\r\n")
      .replaceAll("LENGTH", String(inner().length));
    connection.send(`${head}\r\n\r\n0\r\n\r\n${inner()}`);
    connection.socket.end();
    expect(answersIn(await connection.rest())).toEqual([400]);
    expect(provider.requests.length).toBe(before);
  });

  it("is served where it stands alone", async () => {
    const before = provider.requests.length;
    const connection = await RawConnection.open(port);
    connection.send(inner().replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"));
    expect(answersIn(await connection.rest())).toEqual([200]);
    expect(provider.requests.length).toBe(before + 1);
  });

  it.each(["\n", "\r"])("is refused with lines that all end with %j", async (end) => {
    const connection = await RawConnection.open(port);
    connection.send(`${post(`content-length: ${question.length}`).join(end)}${end}${end}${question}`);
    connection.socket.end();
    expect(answersIn(await connection.rest())).toEqual([400]);
  });

  it.each([
    "2;a=\nb\r\n{}\r\n0\r\n\r\n",
    "2\n{}\r\n0\r\n\r\n",
    "-2\r\n{}\r\n0\r\n\r\n",
    "0x2\r\n{}\r\n0\r\n\r\n",
  ])("is refused in its chunks: %j", async (body) => {
    const connection = await RawConnection.open(port);
    connection.send(`${post("transfer-encoding: chunked").join("\r\n")}\r\n\r\n${body}${inner()}`);
    connection.socket.end();
    expect(answersIn(await connection.rest())).toEqual([400]);
  });
});

describe("a line break in what becomes a header", () => {
  const evil = "a\r\nx-injected: 1\r\n\r\n<script>";
  const injected = async (answer: Promise<Response>) => {
    const { headers } = await answer;
    return [headers.get("x-injected"), Object.fromEntries(headers)] as const;
  };

  it.each(["\r\nx-injected: 1", "\nx-injected: 1", "\u2028x", "é\u0000", "\ud800"])(
    "stays within it: a model's id, %j",
    async (text) => {
      const body = { model: `open/m${text}`, messages: [] };
      const [found, headers] = await injected(gateway.post("/v1/chat/completions", body));
      expect(found).toBeNull();
      expect(headers["x-postern-model"]).toMatch(/^[\x21-\x7e]+$/);
    },
  );

  it("stays within it: names of what a translation dropped", async () => {
    const body = { model: "model-c", messages: [{ role: "user", content: "hi" }], [evil]: 1, max_tokens: 5 };
    const [found, headers] = await injected(gateway.post("/v1/chat/completions", body));
    expect(found).toBeNull();
    expect(headers["x-postern-dropped"]).toContain("a%0D%0Ax-injected");
  });

  it("stays within it: a policy rule's name", async () => {
    const [found, headers] = await injected(gateway.post("/v1/chat/completions", question));
    expect(found).toBeNull();
    expect(headers["x-postern-policy"]).toContain("a policy's name??x-injected: policy");
  });

  it("does not get into the log as a line of its own", () => {
    expect(gateway.stderr).not.toMatch(/^x-injected/m);
  });

  it.each(["x-a: b\rx-injected: 1", "x-a: b\x00c", "x a: b", "x-a: b\x7f\x01"])(
    "is refused where a provider sends it: %j",
    async (line) => {
      const server = await rawProvider(
        `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n${line}\r\ncontent-length: 2\r\n\r\n{}`,
      );
      const other = await Gateway.start({ providers: [providerEntry(server.url)] });
      try {
        const answer = await other.post("/v1/chat/completions", question);
        expect([answer.status, answer.headers.get("x-injected")]).toEqual([502, null]);
        expect((await other.fetch("/v1/models")).status).toBe(200);
      } finally {
        await other.stop();
        server.close();
      }
    },
  );
});

describe("a path that pretends to be another", () => {
  it.each([
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/./chat/completions",
    "/v1/x/../chat/completions",
    "/v1/%2e%2e/v1/chat/completions",
    "/v1/chat%2fcompletions",
    "/v1/chat/%63ompletions",
    "/%761/chat/completions",
    "/v1\\chat\\completions",
    "/v1/chat/completions%00",
    "/v1/chat/completions;x",
    "/V1/chat/completions",
    "/v1/responses/%2e%2e",
    "/v1/responses/..%2f..%2fadmin",
    "/v1/responses/..",
    "/v1/responses/r/%2e%2e/cancel",
    "/openai/deployments//chat/completions",
  ])("%s is not there, and no provider hears of it", async (path) => {
    const before = provider.requests.length;
    for (const method of ["POST", "GET"]) {
      const lines = [`${method} ${path} HTTP/1.1`, own(), key, `content-length: ${question.length}`];
      expect([400, 404]).toContain(statusOf(await rawRequest(port, lines, question)));
    }
    expect(provider.requests.length).toBe(before);
  });

  it.each(["../../admin", "..%2f..%2fadmin", "x?y=1#z", "x\\..\\y", "."])(
    "does not lead out of a provider's address by a model's name: %s",
    async (name) => {
      for (const id of ["open", "azure"]) {
        const before = provider.requests.length;
        await gateway.post("/v1/chat/completions", { model: `${id}/${name}`, messages: [] });
        for (const { path } of provider.requests.slice(before)) {
          expect(new URL(path, "http://h").pathname).toMatch(
            id === "open" ? /^\/v1\/chat\/completions$/ : /^\/openai\/deployments\/[^/]+\/chat\/completions$/,
          );
        }
        const encoded = encodeURIComponent(`${id}/${name}`);
        await gateway.post(`/openai/deployments/${encoded}/chat/completions`, { messages: [] });
        for (const { path } of provider.requests.slice(before)) expect(path).not.toMatch(/admin$|\/y\//);
      }
    },
  );
});

describe("a gateway key that is not let in", () => {
  it("is told the same, be it unknown, disabled or expired", async () => {
    const told = await Promise.all(
      ["pk-unknown-gateway-key", "pk-disabled-gateway-key", "pk-expired-gateway-key"].flatMap((wrong) =>
        ["/v1/models", "/nowhere", "/v1/models/model-a"].map(async (path) => {
          const answer = await fetch(`${gateway.url}${path}`, { headers: { "x-api-key": wrong } });
          const headers = [...answer.headers].filter(([name]) => name !== "x-request-id" && name !== "date");
          const text = (await answer.text()).replaceAll(/req_\w+/g, "req");
          return JSON.stringify([answer.status, headers, text]);
        }),
      ),
    );
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toMatch(/^\[401,/);
  });

  it.each(["key", "Key", "api_key", "API-KEY", "access_token", "token", "x-goog-api-key"])(
    "is not taken from the address, under %s",
    async (name) => {
      const before = provider.requests.length;
      const answer = await fetch(`${gateway.url}/v1/chat/completions?a=1&${name}=${GATEWAY_KEY}`, {
        method: "POST",
        headers: { "x-api-key": GATEWAY_KEY },
        body: question,
      });
      expect(answer.status).toBe(401);
      expect(await answer.text()).not.toContain(GATEWAY_KEY);
      expect(provider.requests.length).toBe(before);
    },
  );
});

describe("a key in the address of the only route that needs none", () => {
  it.each(["key", "Api_Key", "access_token"])("is refused there too, under %s", async (name) => {
    const answer = await fetch(`${gateway.url}/health?${name}=${GATEWAY_KEY}`);
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain(GATEWAY_KEY);
    expect((await fetch(`${gateway.url}/health?probe=1`)).status).toBe(200);
  });
});

describe("a request that wants to go elsewhere, or with other credentials", () => {
  it("goes where the configuration says, with the configured key", async () => {
    const target = trap.url;
    const body = {
      model: "model-a",
      messages: [],
      api_base: target,
      base_url: target,
      baseUrl: target,
      api_key: "sk-chosen-by-client",
      extra_headers: { authorization: "Bearer sk-chosen-by-client" },
      provider: { baseUrl: target },
      custom_llm_provider: "openai",
    };
    const lines = [
      `x-base-url: ${target}`,
      `x-api-base: ${target}`,
      `openai-base-url: ${target}`,
      `x-portkey-custom-host: ${target}`,
      `x-forwarded-host: ${new URL(target).host}`,
      `forwarded: host=${new URL(target).host}`,
      `x-original-url: ${target}`,
      "connection: authorization, x-api-key, content-type",
      "x-goog-api-key: sk-chosen-by-client",
      "api-key: sk-chosen-by-client",
      "proxy-authorization: Basic c2s=",
    ];
    const text = JSON.stringify(body);
    for (const query of ["", `?api_base=${target}&base_url=${target}&host=evil.tld`]) {
      const arrived = provider.next();
      const answer = await rawRequest(
        port,
        [
          `POST /v1/chat/completions${query} HTTP/1.1`,
          own(),
          key,
          ...lines,
          `content-length: ${text.length}`,
        ],
        text,
      );
      expect(statusOf(answer)).toBe(200);
      const { headers } = await arrived;
      expect(headers.host).toBe(new URL(provider.url).host);
      expect(headers.authorization).toBe(`Bearer ${PROVIDER_KEY}`);
      expect(JSON.stringify(headers)).not.toMatch(/sk-chosen-by-client|pk-test|c2s=/);
    }
    expect(trap.connections).toBe(0);
  });

  it.each([
    ["x-portkey-custom-host", "X-Portkey-Custom-Host"],
    ["x-portkey-api-key", "x-portkey-api-key"],
    ["x-portkey-config", "x-portkey-config"],
    ["helicone-target-url", "Helicone-Target-URL"],
    ["helicone-auth", "helicone-auth"],
    ["helicone-openai-api-base", "helicone-openai-api-base"],
    ["x-litellm-api-key", "x-litellm-api-key"],
    ["cf-aig-authorization", "cf-aig-authorization"],
    ["openai-base-url", "openai-base-url"],
    ["x_target_url", "x_target_url"],
    ["x-original-url", "X-Original-URL"],
    ["x-http-method-override", "x-http-method-override"],
  ])("steers no gateway behind the gateway: %s", async (name, written) => {
    const answer = await gateway.post("/v1/chat/completions", question, { [written]: "https://evil.tld" });
    expect(answer.headers.get("x-postern-dropped")).toBe(name);
    expect(Object.keys(provider.last.headers)).not.toContain(name);
    expect(JSON.stringify(provider.last.rawHeaders)).not.toContain("evil.tld");
  });

  it("keeps what gateways are told besides", async () => {
    const told = {
      "x-portkey-trace-id": "t",
      "x-portkey-metadata": "{}",
      "helicone-session-id": "s",
      "helicone-property-app": "a",
      "cf-aig-cache-ttl": "3",
      "openai-organization": "o",
      "anthropic-beta": "b",
      "idempotency-key": "k",
      "x-stainless-lang": "js",
    };
    const answer = await gateway.post("/v1/chat/completions", question, told);
    expect(answer.headers.get("x-postern-dropped")).toBeNull();
    expect(provider.last.headers).toMatchObject(told);
  });

  it.each([
    ['{"api_base":"http://evil.tld","model":"model-a"}', '{"model":"model-a"}'],
    ['{ "model":"model-a" , "base_url" : "http://evil.tld" }', '{ "model":"model-a" }'],
    ['{"model":"model-a","api_key":{"a":["sk"]}, "x":1e0}', '{"model":"model-a", "x":1e0}'],
    ['{"api\\u005fbase":1,"api_key":2 , "model":"model-a"}', '{ "model":"model-a"}'],
    [
      '{"api_key":1,"model":"model-a","api_base":2,"extra_headers":{"authorization":"b"}}',
      '{"model":"model-a"}',
    ],
  ])("nor by a member of the body, and all others stay to the byte: %s", async (body, passed) => {
    const answer = await gateway.post("/v1/chat/completions", body);
    expect(answer.status).toBe(200);
    expect((await provider.last.body).toString()).toBe(passed);
    const dropped = answer.headers.get("x-postern-dropped")?.split(", ") ?? [];
    expect(dropped.toSorted()).toEqual(
      [...Object.keys(JSON.parse(body))].filter((n) => !/^(model|x)$/.test(n)).toSorted(),
    );
  });

  it("nor where nothing else stands in the body", async () => {
    const path = "/openai/deployments/model-a/chat/completions";
    const answer = await gateway.post(path, '{ "api_key": 1, "base_url": 2 }');
    expect(answer.status).toBe(200);
    expect(JSON.parse((await provider.last.body).toString())).toEqual({ model: "model-a" });
  });

  it("nor by the query, and what a tool or a model has deeper within is nobody's business", async () => {
    const body =
      '{"model":"model-a","tools":[{"type":"mcp","server_url":"http://x","headers":{"api_key":"k"}}],"metadata":{"base_url":"u"}}';
    const answer = await gateway.post("/v1/chat/completions?beta=true&api_base=http://evil.tld", body);
    expect(provider.last.path).toBe("/v1/chat/completions?beta=true");
    expect((await provider.last.body).toString()).toBe(body);
    expect(answer.headers.get("x-postern-dropped")).toBe("api_base");
  });

  it("may not name an address as its model", async () => {
    for (const model of [`${trap.url}/v1/model`, `//${new URL(trap.url).host}/x`, `open/${trap.url}/x`]) {
      const before = provider.requests.length;
      await gateway.post("/v1/chat/completions", { model, messages: [] });
      for (const { path } of provider.requests.slice(before)) expect(path).toBe("/v1/chat/completions");
    }
    expect(trap.connections).toBe(0);
  });

  it.each([301, 302, 303, 307, 308])(
    "is not led on by a %i, neither a request nor a models list",
    async (status) => {
      const leading = await ReplayProvider.start(({ response }) => {
        response.writeHead(status, { location: `${trap.url}/v1/models` }).end();
      });
      const other = await Gateway.start({
        providers: [
          providerEntry(leading.url),
          providerEntry(leading.url, { id: "lists", models: undefined }),
        ],
      });
      try {
        expect((await other.post("/v1/chat/completions", question)).status).toBe(502);
        await other.fetch("/v1/models");
        expect(leading.requests.some(({ path }) => path.endsWith("/models"))).toBe(true);
        expect(trap.connections).toBe(0);
      } finally {
        await other.stop();
        await leading.stop();
      }
    },
  );
});

/** Answers every request with the same bytes. */
async function rawProvider(answer: string): Promise<{ url: string; close(): void }> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.end(Buffer.from(answer, "latin1")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const at = typeof address === "object" && address ? address.port : 0;
  return { url: `http://127.0.0.1:${at}`, close: () => server.close() };
}
