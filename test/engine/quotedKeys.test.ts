import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry, temporaryFolder } from "../support/gateway";
import { PATH, type Protocol } from "../support/recordings";
import { json, type Player, ReplayProvider, stream } from "../support/replayProvider";
import { eventually } from "../support/waiting";

/** With every character that encoders write in a way of their own. */
const ODD_KEY = "sk/odd+key==/0123456789abcdef";
/** Could be an error's code. */
const HEX_KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
/** Hosts have small letters alone. */
const MIXED_KEY = "Sk_Test_MIXED_key_0123456789ABC";
const HEADER_TOKEN = "tok-in-a-header-0123456789";
const POOL_KEY = "sk-second-of-the-pool-0123456789";

let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  const entry = (id: string, more: object) => ({ ...providerEntry(provider.url), id, ...more });
  gateway = await Gateway.start({
    providers: [
      providerEntry(provider.url),
      entry("messages", { type: "anthropic", models: [{ id: "model-m" }] }),
      entry("responses", { wireApi: "responses", models: [{ id: "model-r" }] }),
      entry("odd", { apiKey: ODD_KEY, models: [{ id: "model-odd" }] }),
      entry("listed", { models: undefined }),
      entry("hex", { apiKey: HEX_KEY, models: [{ id: "model-hex" }] }),
      entry("mixed", { apiKey: MIXED_KEY, models: [{ id: "model-x" }] }),
      entry("header", {
        headers: { Authorization: `Custom ${HEADER_TOKEN}` },
        models: [{ id: "model-h" }],
      }),
      entry("pool", {
        apiKey: undefined,
        credentials: [
          { label: "one", kind: "env", name: "POOL_ONE" },
          { label: "two", kind: "env", name: "POOL_TWO" },
        ],
        models: [{ id: "model-p" }],
      }),
    ],
    env: { POOL_ONE: PROVIDER_KEY, POOL_TWO: POOL_KEY },
    config: {
      // One target more makes the gateway hold refusals back.
      routes: [{ name: "held", targets: [{ model: "fake/model-a" }, { model: "messages/model-m" }] }],
    },
  });
});
afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

function ask(model: string, more: object = {}, protocol: Protocol = "chat"): Promise<Response> {
  const content =
    protocol === "responses" ? { input: "hi" } : { messages: [{ role: "user", content: "hi" }] };
  return fetch(`${gateway.url}${PATH[protocol]}`, {
    method: "POST",
    headers: { authorization: `Bearer ${GATEWAY_KEY}` },
    body: JSON.stringify({ model, ...content, max_tokens: 10, ...more }),
  });
}

/** All that a client can see of an answer. */
async function seen(asking: Promise<Response>): Promise<string> {
  const answer = await asking;
  return JSON.stringify([...answer.headers]) + (await answer.text());
}

const told = `Incorrect API key provided: ${PROVIDER_KEY}`;

describe("a provider that quotes the key it refuses", () => {
  const quoting = { error: { message: told, type: "invalid_request_error" } };

  it.each([
    ["in the same protocol", "model-a", {}],
    ["to a stream", "model-a", { stream: true }],
    ["in another protocol", "model-m", {}],
    ["in another protocol to a stream", "model-m", { stream: true }],
    ["on a route, where refusals are held back", "held", {}],
    ["on a route, to a stream", "held", { stream: true }],
  ])("%s does not tell it to the client", async (_, model, more) => {
    provider.play = json(quoting, 401);
    const answer = await ask(model, more);
    const text = await answer.text();
    expect(answer.status).toBe(401);
    expect(text).not.toContain(PROVIDER_KEY);
    expect(JSON.parse(text).error.message).toContain("Incorrect API key provided: [redacted]");
  });

  it("is passed on to the byte where it does not", async () => {
    const body = '{ "error" : {"message":"no such model ü", "code":null}}';
    provider.play = json(body, 404, { "content-length": Buffer.byteLength(body) });
    const answer = await ask("model-a");
    expect(await answer.text()).toBe(body);
    expect(answer.headers.get("content-length")).toBe(String(Buffer.byteLength(body)));
  });

  it.each([200, 400, 401])("in a header of a %i does not tell it either", async (status) => {
    provider.play = json({ error: { message: "no" } }, status, {
      "www-authenticate": `Bearer realm="${PROVIDER_KEY}"`,
      "x-ratelimit-of": [`a ${PROVIDER_KEY}`, "b"],
    });
    for (const model of ["model-a", "model-m", "held"]) {
      const shown = await seen(ask(model));
      expect(shown).not.toContain(PROVIDER_KEY);
      if (model === "model-a") expect(shown).toContain('realm=\\"[redacted]\\"');
    }
  });

  it("in more than a megabyte does not either", async () => {
    const filler = "x".repeat(700_000);
    provider.play = json({ error: { message: `${told} ${filler} ${told} ${filler} ${told}` } }, 401);
    const text = await (await ask("model-a")).text();
    expect(text.length).toBeGreaterThan(1_400_000);
    expect(text).not.toContain(PROVIDER_KEY);
    expect(await seen(ask("held"))).not.toContain(PROVIDER_KEY);
  });

  it("quotes the other key of its pool in vain", async () => {
    provider.play = json({ error: { message: `${PROVIDER_KEY} and ${POOL_KEY}` } }, 400);
    expect(await seen(ask("model-p"))).toContain("[redacted] and [redacted]");
  });

  it.each([
    ["as JSON does", (key: string) => key],
    ["with slashes escaped", (key: string) => key.replaceAll("/", "\\/")],
    ["as .NET does", (key: string) => key.replaceAll("+", "\\u002B").replaceAll("=", "\\u003d")],
    ["in JSON within JSON", (key: string) => key.replaceAll("/", "\\\\\\/")],
    ["as in an address", encodeURIComponent],
  ])("writes it %s", async (_, written) => {
    for (const status of [401, 200]) {
      provider.play = json(`{"error":{"message":"bad key ${written(ODD_KEY)}."}}`, status);
      const shown = await seen(ask("model-odd"));
      expect(shown).toContain("bad key ");
      expect(shown).not.toMatch(/0123456789abcdef|odd\+key/);
    }
  });

  it.each(["model-a", "model-m", "model-r"])("writes every letter of it as a number: %s", async (model) => {
    const written = [...PROVIDER_KEY].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
    provider.play = json(`{"error":{"message":"bad key ${written.join("")}."}}`, 400);
    const { error } = (await (await ask(model)).json()) as { error: { message: string } };
    expect(error.message).toBe("bad key [redacted].");
  });

  it.each([
    ["by itself", (key: string) => key],
    ["as Basic sends it without a user", (key: string) => `:${key}`],
    ["as Basic sends it", (key: string) => `user:${key}`],
    ["as Basic sends it with another user", (key: string) => `token:${key}`],
    ["with what follows", (key: string) => `${key}:x`],
  ])("has it in base64, %s", async (_, written) => {
    for (const [model, key] of [
      ["model-a", PROVIDER_KEY],
      ["model-m", PROVIDER_KEY],
      ["held", PROVIDER_KEY],
      ["model-odd", ODD_KEY],
    ] as const) {
      for (const encoding of ["base64", "base64url"] as const) {
        const told = Buffer.from(written(key)).toString(encoding);
        provider.play = json({ error: { message: `bad: Basic ${told}.` } }, 401, {
          "x-said": `Basic ${told}`,
        });
        const shown = await seen(ask(model));
        expect(shown).toContain("bad: Basic ");
        expect(shown).not.toContain(told.slice(12, -12));
      }
    }
  });

  it.each(["utf16le", "utf16be"])("has it in %s", async (order) => {
    const bytes = Buffer.from(`{"error":{"message":"\ufeffbad key ${PROVIDER_KEY}.\u00fc"}}`, "utf16le");
    const body = order === "utf16le" ? bytes : Buffer.from(bytes).swap16();
    provider.play = ({ response }) =>
      response
        .writeHead(401, { "content-type": "application/json", "content-length": body.length })
        .end(body);
    const got = Buffer.from(await (await ask("model-a")).arrayBuffer());
    const text = (order === "utf16le" ? got : got.swap16()).toString("utf16le");
    expect(text).toBe('{"error":{"message":"\ufeffbad key [redacted].\u00fc"}}');
    expect((await seen(ask("model-m"))).replaceAll("\\u0000", "")).not.toContain(PROVIDER_KEY);
  });

  it("may know it from a configured header, and leave the scheme out", async () => {
    provider.play = json({ error: { message: `bad token ${HEADER_TOKEN}.` } }, 401);
    expect(await seen(ask("model-h"))).toContain("bad token [redacted].");
  });
});

describe("a provider that says something of the key where we say it in words of our own", () => {
  it.each([
    ["the host of a redirect", 302, (key: string) => ({ location: `https://${key}.example.com/login` })],
    ["a part of such a host", 307, (key: string) => ({ location: `//a.${key}.example.com:8443` })],
    ["an encoding", 200, (key: string) => ({ "content-encoding": key })],
    [
      "an encoding, cut off with it",
      200,
      (key: string) => ({ "content-encoding": `${"x".repeat(20)}${key}` }),
    ],
    ["a type", 403, (key: string) => ({ "content-type": `text/html; charset=${key}` })],
  ])("%s does not tell it", async (_, status, headers) => {
    for (const [model, key] of [
      ["model-a", PROVIDER_KEY],
      ["model-m", PROVIDER_KEY],
      ["held", PROVIDER_KEY],
      ["model-x", MIXED_KEY],
    ] as const) {
      provider.play = json({}, status, headers(key));
      const answer = await ask(model);
      expect(answer.headers.get("x-postern-error")).toBe("provider_not_api");
      const told = JSON.stringify([...answer.headers]) + (await answer.text());
      expect(told.toLowerCase()).not.toContain(key.slice(0, 12).toLowerCase());
    }
    expect(gateway.stderr.toLowerCase()).not.toContain(MIXED_KEY.slice(0, 12).toLowerCase());
  });

  it("a redirect of its models list does not tell it", async () => {
    provider.play = json({}, 302, { location: `https://${PROVIDER_KEY}.example.com/` });
    await (await ask("listed/anything")).text();
    await eventually(() => gateway.stderr.includes("redirects to [redacted].example.com"), "the log's line");
  });

  it("an error's code does not tell it to the log", async () => {
    const failure = { type: "error", error: { type: HEX_KEY, code: HEX_KEY, message: "no" } };
    for (const path of ["chat", "messages"] as const) {
      provider.play = stream([
        'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hello"}}]}\n\n',
        `event: error\ndata: ${JSON.stringify(failure)}\n\n`,
      ]);
      await (await ask("model-hex", { stream: true }, path)).text();
    }
    await eventually(() => gateway.stderr.includes('"hex" failed within its answer'), "the log's line");
    expect(gateway.stderr).not.toContain(HEX_KEY);
  });
});

it("a provider that names its key as the model that has answered does not get it into the data folder", async () => {
  const folder = temporaryFolder();
  const other = await Gateway.start({ providers: [providerEntry(provider.url)], dataDir: folder.path });
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  provider.play = json({ id: "c", model: `m-${PROVIDER_KEY}`, choices: [], usage });
  expect((await other.post("/v1/chat/completions", { model: "model-a", messages: [] })).status).toBe(200);
  await other.stop();
  const kept = readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name), "latin1"));
  expect(kept.some((text) => text.includes("m-[redacted]"))).toBe(true);
  expect(kept.some((text) => text.includes(PROVIDER_KEY))).toBe(false);
  folder.remove();
});

describe("an error within a good answer that quotes the key", () => {
  const chunk = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"hello"}}]}\n\n';
  const errors: Record<Protocol, string> = {
    chat: `data: {"error":{"message":"${told}","code":401}}\n\n`,
    messages: `event: error\ndata: {"type":"error","error":{"type":"authentication_error","message":"${told}"}}\n\n`,
    responses: `event: response.failed\ndata: {"type":"response.failed","sequence_number":1,"response":{"id":"r","object":"response","status":"failed","output":[],"error":{"code":"invalid_api_key","message":"${told}"}}}\n\n`,
  };
  const at: [Protocol, string][] = [
    ["chat", "model-a"],
    ["messages", "model-m"],
    ["responses", "model-r"],
  ];
  const pairs = at.flatMap(([spoken, model]) => at.map(([client]) => [client, spoken, model] as const));

  const shows = async (play: Player, asking: () => Promise<Response>): Promise<void> => {
    provider.play = play;
    const shown = await seen(asking());
    expect(shown).toMatch(/error|failed/);
    expect(shown).toContain("Incorrect API key provided");
    expect(shown).not.toContain(PROVIDER_KEY);
  };

  it.each(pairs)("%s at %s: in place of a stream", async (client, spoken, model) => {
    await shows(stream([errors[spoken]]), () => ask(model, { stream: true }, client));
  });

  it.each(pairs)("%s at %s: cut into single bytes", async (client, spoken, model) => {
    await shows(stream([...errors[spoken]]), () => ask(model, { stream: true }, client));
  });

  it.each(['{"detail":"TOLD"}', "TOLD"])("that an event's name alone tells of: %s", async (data) => {
    const event = `event: error\ndata: ${data.replace("TOLD", told)}\n\n`;
    await shows(stream([event]), () => ask("model-a", { stream: true }));
  });

  it("on a route, where the beginning is held back", async () => {
    await shows(stream([errors.chat]), () => ask("held", { stream: true }));
  });

  it("behind content changes nothing else of the stream", async () => {
    provider.play = stream([chunk, errors.chat]);
    const text = await (
      await ask("model-a", { stream: true, stream_options: { include_usage: true } })
    ).text();
    expect(text).toBe(chunk + errors.chat.replace(PROVIDER_KEY, "*".repeat(PROVIDER_KEY.length)));
  });

  it.each(["chat", "messages"] as const)("%s: behind content of another protocol", async (client) => {
    const model = client === "chat" ? "model-m" : "model-a";
    const messages = [
      'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"x","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}\n\n',
      'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
      'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}\n\n',
      errors.messages,
    ];
    await shows(stream(client === "chat" ? messages : [chunk, errors.chat]), () =>
      ask(model, { stream: true }, client),
    );
  });

  it.each(["model-a", "model-m", "held"])("%s: in a plain answer with a 200", async (model) => {
    const body = JSON.stringify({ error: { message: told, type: "authentication_error", code: 401 } });
    await shows(json(body, 200, { "content-length": Buffer.byteLength(body) }), () => ask(model));
  });

  it.each([
    ["before it", told.indexOf(PROVIDER_KEY)],
    ["within it", told.indexOf(PROVIDER_KEY) + 6],
  ])("in a plain answer with a 200 that comes in two pieces, cut %s", async (_, at) => {
    const error = { message: told, type: "authentication_error", code: 401 };
    for (const body of [{ error }, { type: "error", error }, { code: 401, error }].map((one) =>
      JSON.stringify(one),
    )) {
      const cut = body.indexOf(told) + at;
      const inTwo: Player = ({ response }) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": body.length });
        response.write(body.slice(0, cut));
        setTimeout(() => response.end(body.slice(cut)), 50);
      };
      await shows(inTwo, () => ask("model-a"));
    }
  });

  it.each([
    ["FastAPI", { detail: told }],
    ["a list of FastAPI's", { detail: [{ loc: ["header"], msg: told }] }],
    ["a message", { message: told, code: 401 }],
    ["another name", { code: 1004, msg: told, success: false }],
  ])("with a 200 and no content, as of %s", async (_, body) => {
    for (const model of ["model-a", "model-m", "model-r", "held"]) {
      provider.play = json(body);
      const shown = await seen(ask(model));
      expect(shown).not.toContain(PROVIDER_KEY);
      if (model === "model-a") expect(shown).toContain("Incorrect API key provided: ***");
    }
    provider.play = stream([`data: ${JSON.stringify(body)}\n\n`]);
    if ("detail" in body) expect(await seen(ask("model-a", { stream: true }))).not.toContain(PROVIDER_KEY);
  });

  it("leaves a plain answer alone in which a model says the key", async () => {
    const body = JSON.stringify({ id: "c", object: "x", choices: [{ message: { content: told } }] });
    provider.play = json(body);
    expect(await (await ask("model-a")).text()).toBe(body);
  });

  it("in a plain answer with a 200 that comes in single bytes", async () => {
    const inBytes: Player = async ({ response }) => {
      response.writeHead(200, { "content-type": "application/json" });
      for (const byte of ` { "error": {"message":"${told}"}}`) {
        response.write(byte);
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    };
    await shows(inBytes, () => ask("model-a"));
  });

  it("leaves a key alone that stands in what a model says", async () => {
    const said = chunk.replace("hello", `as you said: ${PROVIDER_KEY}`);
    provider.play = stream([said, "data: [DONE]\n\n"]);
    expect(await (await ask("model-a", { stream: true })).text()).toContain(said);
  });
});

it("and none of it is in the log", () => {
  expect(gateway.stderr).toContain("provider");
  expect(gateway.stderr).not.toMatch(
    new RegExp([PROVIDER_KEY, POOL_KEY, HEADER_TOKEN, HEX_KEY, "0123456789abcdef"].join("|")),
  );
});
