import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry } from "../support/gateway";
import { RawConnection } from "../support/rawConnection";
import { json, ReplayProvider } from "../support/replayProvider";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({ id: "fine" }));
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url),
      providerEntry(provider.url, { id: "claude", type: "anthropic", models: [{ id: "model-m" }] }),
      providerEntry(provider.url, {
        id: "extra",
        models: [{ id: "model-x" }],
        headers: { "x-team": "web", Authorization: "Token own" },
        extraBody: { store: false, temperature: 0.5 },
      }),
      providerEntry(provider.url, { id: "both", type: "azure", models: [{ id: "model-b2" }] }),
      providerEntry(provider.url, { id: "bearer", models: [{ id: "model-t" }], bearerToken: "token-1" }),
      providerEntry(provider.url, {
        id: "named",
        models: [{ id: "model-n" }],
        authHeader: "Ocp-Apim-Subscription-Key",
      }),
    ],
  });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

/** What the provider gets for a body. */
async function sent(body: string | Buffer, path = "/v1/chat/completions"): Promise<Buffer> {
  const answer = await gateway.post(path, body);
  expect(answer.status).toBe(200);
  return provider.last.body;
}

describe("a request's body", () => {
  const cases: [string, string][] = [
    [
      "unknown fields and odd spaces",
      '\n { "a" : null ,"model"\t:\r\n "model-a" , "z" : { "model" : "model-a" } }\n ',
    ],
    [
      "numbers that no double can hold",
      '{"n":12345678901234567890123,"e":1e999,"z":-0.0,"d":1.10,"model":"model-a"}',
    ],
    ["escapes as they were written", '{"model":"model-a","t":"\\u00e9\\/\\ud83d\\ude00\\"é"}'],
    ["a key in escapes", '{"\\u006dodel":"model-a","messages":[]}'],
    ["a value that looks like the key", '{"x":"model","y":["model","model-a"],"model":"model-a"}'],
    ["a broken surrogate", '{"t":"\\ud800","model":"model-a"}'],
  ];

  it.each(cases)("travels on to the byte: %s", async (_, body) => {
    expect((await sent(body)).toString()).toBe(body);
  });

  it("changes at the model's value and nowhere else", async () => {
    const body = (model: string) => `{"first":"fake/model-a", "model": "${model}" ,"last":"fake/model-a"}`;
    expect((await sent(body("fake/model-a"))).toString()).toBe(body("model-a"));
    expect((await sent(body("f\\u0061ke/model-a"))).toString()).toBe(body("model-a"));
  });

  it("may begin with a byte order mark", async () => {
    const body = Buffer.from('\ufeff{"model":"model-a"}');
    expect((await sent(body)).equals(body)).toBe(true);
  });

  it("may be large, and have bytes that are no UTF-8", async () => {
    const filler = Buffer.alloc(6 * 1024 * 1024, "QUJD/+");
    const body = (model: string) =>
      Buffer.concat([
        Buffer.from('{"image":"'),
        filler,
        Buffer.from([0xff, 0xfe]),
        Buffer.from(`","model":"${model}","n":1}`),
      ]);
    expect((await sent(body("fake/model-b"))).equals(body("model-b"))).toBe(true);
    expect(provider.last.headers["content-length"]).toBe(String(body("model-b").length));
    expect(provider.last.headers["transfer-encoding"]).toBeUndefined();
  });

  it("is refused with a key that stands twice, since nobody knows which counts", async () => {
    const asked = provider.requests.length;
    for (const body of ['{"model":"model-a","model":"model-b"}', '{"model":"model-a","m\\u006fdel":"x"}']) {
      const answer = await gateway.post("/v1/chat/completions", body);
      expect(answer.status).toBe(400);
      expect(await answer.text()).toMatch(/stands twice at byte \d+/);
    }
    expect(provider.requests.length).toBe(asked);
  });

  it.each([
    [
      '{"model":"model-a","stream":true}',
      '{"model":"model-a","stream":true,"stream_options":{"include_usage":true}}',
    ],
    [
      '{"model":"model-a","stream_options":{"include_usage":false,"x":1},"stream":true}',
      '{"model":"model-a","stream_options":{"include_usage":true,"x":1},"stream":true}',
    ],
    [
      '{"model":"model-a","stream_options":null,"stream":true}',
      '{"model":"model-a","stream_options":{"include_usage":true},"stream":true}',
    ],
    ['{"model":"model-a","stream_options":{"include_usage": true},"stream":true}', undefined],
    ['{"model":"model-a","stream":false}', undefined],
    ['{"model":"model-a","stream":null}', undefined],
  ])("asks for usage in a Chat stream: %s", async (body, expected) => {
    expect((await sent(body)).toString()).toBe(expected ?? body);
  });

  it("of other protocols is not asked for usage", async () => {
    const body = '{"model":"model-m","stream":true}';
    expect((await sent(body, "/v1/messages")).toString()).toBe(body);
  });

  it("gets the provider's extra fields where it has none of its own", async () => {
    expect((await sent('{"model":"model-x","temperature":0}')).toString()).toBe(
      '{"model":"model-x","temperature":0,"store":false}',
    );
  });
});

describe("a request's headers", () => {
  /** Sends a request as raw lines, so that nothing adds headers of its own. */
  async function exchange(path: string, model: string, ...lines: string[]) {
    const body = `{"model":"${model}"}`;
    const arrived = provider.next();
    const connection = await RawConnection.open(gateway.port);
    connection.send(
      [
        `POST ${path} HTTP/1.1`,
        `Host: 127.0.0.1:${gateway.port}`,
        ...lines,
        `Content-Length: ${body.length}`,
        "",
        body,
      ].join("\r\n"),
    );
    await connection.until(/"fine"/);
    connection.close();
    return arrived;
  }

  it("travel on with their names and values, but for what belongs to this connection and who is asking", async () => {
    const { rawHeaders } = await exchange(
      "/v1/messages?beta=true",
      "model-m",
      `X-Api-Key: ${GATEWAY_KEY}`,
      `Authorization: Bearer ${GATEWAY_KEY}`,
      "anthropic-version: 2029-01-01",
      "anthropic-beta: own-1,own-2",
      "User-Agent: own-tool/1.0",
      "X-Stainless-Lang: js",
      "Accept: text/event-stream",
      "Accept-Encoding: gzip, br",
      "Connection: keep-alive, X-Private",
      "X-Private: for the next hop",
      "Keep-Alive: timeout=5",
      "TE: trailers",
      "Cookie: session=1",
      "Referer: http://127.0.0.1/",
      "X-Forwarded-For: 10.0.0.1",
      "Forwarded: for=10.0.0.1",
      "Proxy-Authorization: Basic x",
      "X-Postern-Note: ours",
      "Sec-Fetch-Site: none",
    );
    const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
    expect(names.toSorted()).toEqual(
      [
        "accept",
        "accept-encoding",
        "anthropic-beta",
        "anthropic-version",
        "connection",
        "content-length",
        "host",
        "user-agent",
        "x-api-key",
        "x-stainless-lang",
      ].toSorted(),
    );
    const text = rawHeaders.join("\n");
    expect(text).not.toContain(GATEWAY_KEY);
    expect(text).toContain("X-Stainless-Lang");
    expect(provider.last.headers).toMatchObject({
      "accept-encoding": "identity",
      "anthropic-version": "2029-01-01",
      "anthropic-beta": "own-1,own-2",
      "x-api-key": PROVIDER_KEY,
      host: `127.0.0.1:${provider.port}`,
    });
  });

  it("get a version of Anthropic's where the client sent none", async () => {
    const { headers } = await exchange("/v1/messages", "model-m", `x-api-key: ${GATEWAY_KEY}`);
    expect(headers["anthropic-version"]).toBe("2023-06-01");
  });

  it("get the provider's own, which win", async () => {
    const { headers, rawHeaders } = await exchange(
      "/v1/chat/completions",
      "model-x",
      `x-api-key: ${GATEWAY_KEY}`,
      "X-Team: intruders",
    );
    expect(headers).toMatchObject({ "x-team": "web", authorization: "Token own" });
    expect(rawHeaders.join("\n")).not.toContain(PROVIDER_KEY);
  });

  it("carry a bearer token instead of the key", async () => {
    const { headers } = await exchange("/v1/chat/completions", "model-t", `x-api-key: ${GATEWAY_KEY}`);
    expect(headers.authorization).toBe("Bearer token-1");
  });

  it("carry the key in the header that the configuration names, and nowhere else", async () => {
    await sent('{"model":"model-n"}');
    const { headers } = provider.last;
    expect(headers["ocp-apim-subscription-key"]).toBe(PROVIDER_KEY);
    expect(headers.authorization).toBeUndefined();
  });

  it("may have values beyond ASCII", async () => {
    const { headers } = await exchange(
      "/v1/chat/completions",
      "model-a",
      `x-api-key: ${GATEWAY_KEY}`,
      "X-Title: Zürich 日本",
    );
    expect(Buffer.from(String(headers["x-title"]), "latin1").toString()).toBe("Zürich 日本");
  });
});

describe("a request's query", () => {
  it.each([
    ["?beta=true", "?beta=true"],
    ["?a=1&a=2&empty=", "?a=1&a=2&empty="],
    ["?api-version=2020-01-01&x=y", "?x=y"],
  ])("%s arrives as %j", async (query, expected) => {
    await gateway.post(`/v1/chat/completions${query}`, '{"model":"model-a"}');
    expect(provider.last.path).toBe(`/v1/chat/completions${expected}`);
  });
});

it("goes untouched to a provider that serves both of OpenAI's APIs, in whichever the client speaks", async () => {
  for (const [path, operation] of [
    ["/v1/chat/completions", "chat/completions"],
    ["/v1/responses", "responses"],
  ] as const) {
    const body = '{ "unknown" : 1e400, "model":"model-b2" }';
    expect((await sent(body, path)).toString()).toBe(body);
    expect(provider.last.path).toBe(`/openai/v1/${operation}`);
  }
});
