import { readFileSync } from "node:fs";
import * as zlib from "node:zlib";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { RawConnection, rawRequest, statusOf } from "../support/rawConnection";
import { json, ReplayProvider } from "../support/replayProvider";
import { eventually, within } from "../support/waiting";

const MB = 1024 * 1024;
let provider: ReplayProvider;
let gateway: Gateway;
const question = JSON.stringify({ model: "model-a", messages: [], note: "ü" });

beforeAll(async () => {
  provider = await ReplayProvider.start(json({ id: "fine" }));
  gateway = await Gateway.start({ providers: [providerEntry(provider.url)] });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const post = (body: Uint8Array, encoding: string) =>
  gateway.post("/v1/chat/completions", body, { "content-encoding": encoding });
const head = (...lines: string[]) => [
  "POST /v1/chat/completions HTTP/1.1",
  `Host: 127.0.0.1:${gateway.port}`,
  `x-api-key: ${GATEWAY_KEY}`,
  ...lines,
];

describe("compressed requests", () => {
  const encodings: [string, (input: string | Buffer) => Buffer][] = [
    ["gzip", zlib.gzipSync],
    ["GZIP", zlib.gzipSync],
    ["x-gzip", zlib.gzipSync],
    ["deflate", zlib.deflateSync],
    ["br", zlib.brotliCompressSync],
    ["zstd", zlib.zstdCompressSync],
    ["identity", (input) => Buffer.from(input)],
  ];

  it.each([...encodings, ["deflate", zlib.deflateRawSync] as const])(
    "in %s reach the provider inflated",
    async (encoding, compress) => {
      expect((await post(compress(question), encoding)).status).toBe(200);
      expect((await provider.last.body).toString()).toBe(question);
      expect(provider.last.headers["content-encoding"]).toBeUndefined();
      expect(provider.last.headers["content-length"]).toBe(String(Buffer.byteLength(question)));
    },
  );

  it.each(encodings.slice(2, 6))("in %s that are broken or cut are a 400", async (encoding, compress) => {
    const whole = compress(JSON.stringify({ model: "model-a", text: "irregular ".repeat(500) }));
    const asked = provider.requests.length;
    for (const body of [Buffer.from("no such thing"), whole.subarray(0, whole.length - 9), Buffer.alloc(0)]) {
      const answer = await post(body, encoding);
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain(`not valid ${encoding}`);
    }
    expect(provider.requests.length).toBe(asked);
  });

  it("in an unknown way are a 415 that names the known ones", async () => {
    for (const encoding of ["compress", "gzip, gzip", "br;q=1"]) {
      const answer = await post(Buffer.from(question), encoding);
      expect(answer.status).toBe(415);
      expect(await answer.text()).toContain("gzip, deflate, br, zstd");
    }
  });

  it.each(encodings.slice(2, 6))(
    "in %s that grow beyond measure are a 413, and take no memory",
    async (encoding, compress) => {
      const bomb = compress(Buffer.alloc(400 * MB, 0x20));
      const answer = await post(bomb, encoding);
      expect(answer.status).toBe(413);
      if (process.platform === "linux") {
        const peak = /VmHWM:\s+(\d+) kB/.exec(
          readFileSync(`/proc/${gateway.process.pid}/status`, "utf8"),
        )?.[1];
        expect(Number(peak) / 1024).toBeLessThan(350);
      }
    },
  );
});

describe("limits", () => {
  it("headers of more than 64 KB are a 431", async () => {
    const answer = await rawRequest(gateway.port, head(`x-filler: ${"x".repeat(70_000)}`));
    expect(statusOf(answer)).toBe(431);
    expect(answer).toContain("64 KB");
    expect(
      statusOf(await rawRequest(gateway.port, head("content-length: 0", `x-filler: ${"x".repeat(50_000)}`))),
    ).toBe(400);
  });

  it("a body that says it has more than 64 MB is a 413 before it is sent", async () => {
    const connection = await RawConnection.open(gateway.port);
    connection.send(`${head(`content-length: ${64 * MB + 1}`).join("\r\n")}\r\n\r\n`);
    await connection.until(/413 Payload Too Large[\s\S]*64 MB/);
    connection.close();
  });

  it("a chunked body is cut at 64 MB", async () => {
    const connection = await RawConnection.open(gateway.port);
    connection.send(`${head("transfer-encoding: chunked").join("\r\n")}\r\n\r\n`);
    const piece = Buffer.alloc(MB, 0x20);
    for (let sent = 0; sent < 66; sent += 1) {
      connection.send(`${MB.toString(16)}\r\n`);
      connection.send(piece);
      connection.send("\r\n");
    }
    await connection.until(/413 Payload Too Large[\s\S]*64 MB/);
    connection.close();
  });

  it("SDK clients read the refusal of a large body, not a broken connection", async () => {
    const ask = (apiKey: string, megabytes: number) =>
      new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 }).chat.completions.create({
        model: "model-a",
        messages: [{ role: "user", content: "x".repeat(megabytes * MB) }],
      });
    for (let round = 0; round < 5; round += 1) {
      await expect(ask("wrong", 20)).rejects.toThrow(OpenAI.AuthenticationError);
      await expect(ask(GATEWAY_KEY, 66)).rejects.toThrow(/413/);
    }
  });

  it("a body of just under 64 MB passes whole", async () => {
    const text = "x".repeat(63 * MB);
    const answer = await gateway.post("/v1/chat/completions", `{"model":"fake/model-b","text":"${text}"}`);
    expect(answer.status).toBe(200);
    const body = await provider.last.body;
    expect(body.equals(Buffer.from(`{"model":"model-b","text":"${text}"}`))).toBe(true);
  });

  it("one request more than may run is a 503 that says when to come again", async () => {
    const small = await Gateway.start({
      providers: [providerEntry(provider.url)],
      gateway: { maxRunning: 2 },
    });
    try {
      const before = provider.requests.length;
      provider.play = () => {};
      const leave = new AbortController();
      const asking = [1, 2].map(() =>
        fetch(`${small.url}/v1/chat/completions`, {
          method: "POST",
          body: question,
          headers: { "x-api-key": GATEWAY_KEY },
          signal: leave.signal,
        }).catch(() => "left"),
      );
      await eventually(() => provider.requests.length === before + 2, "two running requests");
      const refused = await small.post("/v1/chat/completions", question);
      expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
      const left = provider.requests.slice(before).map(({ closed }) => closed);
      leave.abort();
      await Promise.all([...asking, ...left]);
      provider.play = json({ id: "fine" });
      await eventually(
        async () => (await small.post("/v1/chat/completions", question)).status === 200,
        "room for a request",
      );
    } finally {
      provider.play = json({ id: "fine" });
      await small.stop();
    }
  });

  it("slow headers are let go", { timeout: 40_000 }, async () => {
    const connection = await RawConnection.open(gateway.port);
    connection.send("POST /v1/chat/completions HTTP/1.1\r\nHost: 127");
    await within(connection.closed, "the end of the connection", 35_000);
    expect(statusOf(connection.received)).toBe(408);
  });
});
