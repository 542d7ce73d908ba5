import * as zlib from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, PROVIDER_KEY, providerEntry } from "../support/gateway";
import { RawConnection } from "../support/rawConnection";
import { recording } from "../support/recordings";
import { json, ReplayProvider, stream } from "../support/replayProvider";
import { within } from "../support/waiting";

let provider: ReplayProvider;
let gateway: Gateway;
const plain = '{"model":"model-a"}';
const streaming = '{"model":"model-a","stream":true,"stream_options":{"include_usage":true}}';

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({ providers: [providerEntry(provider.url)] });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const ask = (body = plain) => gateway.post("/v1/chat/completions", body);

describe("a provider's answer", () => {
  it.each([200, 201, 400, 401, 402, 403, 404, 408, 413, 422, 429, 500, 502, 503, 504, 529])(
    "keeps its status %i, body and the headers that tools read",
    async (status) => {
      const headers = {
        "retry-after": "7",
        "retry-after-ms": "7000",
        "x-ratelimit-remaining-tokens": "12",
        "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:00Z",
        "request-id": "req_of_provider",
        "x-should-retry": "false",
        "openai-processing-ms": "5",
        date: "Thu, 01 Jan 2026 00:00:00 GMT",
      };
      provider.play = json('{ "error" : {"message":"as it was"} }', status, headers);
      const answer = await ask(status === 429 ? streaming : plain);
      expect(answer.status).toBe(status);
      expect(Object.fromEntries(answer.headers)).toMatchObject(headers);
      expect(answer.headers.get("x-request-id")).toMatch(/^req_[0-9a-f]{24}$/);
      expect(answer.headers.get("x-postern-provider")).toBe("fake");
      expect(answer.headers.get("x-postern-model")).toBe("model-a");
      expect(await answer.text()).toBe('{ "error" : {"message":"as it was"} }');
    },
  );

  it("loses what belongs to the provider's connection and what it says to browsers", async () => {
    provider.play = json("{}", 200, {
      "set-cookie": ["a=1", "b=2"],
      "access-control-allow-origin": "*",
      "access-control-allow-credentials": "true",
      "cross-origin-resource-policy": "cross-origin",
      "alt-svc": 'h3=":443"',
      "strict-transport-security": "max-age=1",
      "proxy-authenticate": "Basic",
      "keep-alive": "timeout=999",
      trailer: "x-sum",
      "x-postern-model": "forged",
      "x-request-id": "the provider's own",
    });
    const { headers } = await ask();
    const names = [...headers.keys()].toSorted();
    expect(names).toEqual([
      "connection",
      "content-type",
      "date",
      "keep-alive",
      "transfer-encoding",
      "x-postern-model",
      "x-postern-provider",
      "x-request-id",
    ]);
    expect(headers.get("keep-alive")).not.toContain("999");
    expect(headers.get("x-postern-model")).toBe("model-a");
    expect(headers.get("x-request-id")).toBe("the provider's own");
  });

  it("never has the provider's key in it, and the key is in no log", async () => {
    provider.play = json({ error: { message: "Incorrect API key" } }, 401);
    const text = await (await ask()).text();
    expect(text + gateway.stderr + gateway.stdout).not.toMatch(new RegExp(`${PROVIDER_KEY}|${GATEWAY_KEY}`));
  });

  it("may have bytes beyond ASCII in a header", async () => {
    const connection = async () => {
      const raw = await RawConnection.open(gateway.port);
      raw.send(
        `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nx-api-key: ${GATEWAY_KEY}\r\ncontent-length: ${plain.length}\r\nconnection: close\r\n\r\n${plain}`,
      );
      return raw.rest();
    };
    const encoded = Buffer.from("Zürich 日本").toString("latin1");
    provider.play = json("{}", 200, { "x-title": encoded });
    expect(await connection()).toContain(`x-title: ${encoded}`);
    provider.play = stream([recording("chat-text.sse")], { "x-title": encoded });
    expect(await connection()).toContain(`x-title: ${encoded}`);
  });

  it("may be a 204, come after an early hint, and have trailers", async () => {
    provider.play = ({ response }) => response.writeHead(204).end();
    expect((await ask()).status).toBe(204);
    provider.play = async ({ response, body }) => {
      await body;
      response.writeEarlyHints({ link: "</x>; rel=preload" });
      response.writeHead(200, { "content-type": "application/json", trailer: "x-sum" });
      response.write('{"id":');
      response.addTrailers({ "x-sum": "1" });
      response.end('"fine"}');
    };
    expect(await (await ask()).json()).toEqual({ id: "fine" });
  });

  it("comes before the request's body was read to its end", async () => {
    provider.play = ({ response }) => {
      response.writeHead(401, { "content-type": "application/json" });
      response.end('{"error":{"message":"early"}}');
    };
    for (let round = 0; round < 5; round += 1) {
      const answer = await ask(`{"model":"model-a","text":"${"x".repeat(8_000_000)}"}`);
      expect([answer.status, await answer.text()]).toEqual([401, '{"error":{"message":"early"}}']);
    }
  });
});

describe("an answer that is compressed although it was asked not to be", () => {
  const encodings = [
    ["gzip", zlib.gzipSync, () => zlib.createGzip()],
    ["deflate", zlib.deflateSync, () => zlib.createDeflate()],
    ["br", zlib.brotliCompressSync, () => zlib.createBrotliCompress()],
    ["zstd", zlib.zstdCompressSync, () => zlib.createZstdCompress()],
  ] as const;

  it.each(encodings)("reaches the client plain: %s", async (encoding, compress) => {
    const bytes = compress(recording("chat.json"));
    provider.play = async ({ response, body }) => {
      expect((await body).length).toBeGreaterThan(0);
      response.writeHead(200, {
        "content-type": "application/json",
        "content-encoding": encoding,
        "content-length": bytes.length,
      });
      response.end(bytes);
    };
    const answer = await ask();
    expect(answer.headers.get("content-encoding")).toBeNull();
    expect(Buffer.from(await answer.arrayBuffer()).equals(recording("chat.json"))).toBe(true);
  });

  it.each(encodings)(
    "reaches the client plain and event by event as a stream: %s",
    async (encoding, _, create) => {
      const events = recording("chat-text.sse")
        .toString()
        .split(/(?<=\n\n)/);
      const gates: (() => void)[] = [];
      provider.play = async ({ response, body }) => {
        await body;
        response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": encoding });
        const compressor = create();
        compressor.pipe(response);
        for (const event of events) {
          compressor.write(event);
          compressor.flush();
          await new Promise<void>((resolve) => gates.push(resolve));
        }
        compressor.end();
      };
      const answer = await ask(streaming);
      let text = "";
      for await (const chunk of answer.body ?? []) {
        text += Buffer.from(chunk).toString();
        while (gates.length > 0) gates.shift()?.();
        if (text.endsWith("[DONE]\n\n")) break;
        await within(new Promise((resolve) => setImmediate(resolve)), "a turn");
        while (gates.length > 0) gates.shift()?.();
      }
      expect(text).toBe(events.join(""));
    },
  );

  it("and in a way that nobody knows is a clear error, not rubbish", async () => {
    provider.play = json("rubbish", 200, { "content-encoding": "compress" });
    const answer = await ask();
    expect(answer.status).toBe(502);
    expect(await answer.text()).toMatch(/compressed as \\"compress/);
  });

  it("and is broken or cut ends as such", async () => {
    const bytes = zlib.gzipSync(recording("chat.json"));
    for (const wrong of [Buffer.from("rubbish"), bytes.subarray(0, bytes.length - 12)]) {
      provider.play = ({ response }) => {
        response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
        response.end(wrong);
      };
      const answer = await ask();
      const text = await answer.text().catch(() => "broken off");
      expect(answer.status === 502 ? "an error" : text).toMatch(/^(broken off|an error)$/);
    }
  });
});
