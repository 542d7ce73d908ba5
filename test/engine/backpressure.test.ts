import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { RawConnection } from "../support/rawConnection";
import { json, type Player, ReplayProvider } from "../support/replayProvider";
import { eventually, within } from "../support/waiting";

const MB = 1024 * 1024;
const WHOLE = 200 * MB;
let provider: ReplayProvider;
let gateway: Gateway;

beforeAll(async () => {
  provider = await ReplayProvider.start(json({}));
  gateway = await Gateway.start({ providers: [providerEntry(provider.url)] });
});

afterAll(async () => {
  await gateway?.stop();
  await provider?.stop();
});

const frame = `data: {"choices":[{"index":0,"delta":{"content":"${"x".repeat(1000)}"}}]}\n\n`;
const END = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
const piece = Buffer.from(frame.repeat(64));
/** The same size in text that hardly compresses; members of gzip may follow each other, so it can be repeated. */
const dense = Buffer.from(
  Array.from({ length: 64 }, () => frame.replace(/x+/, randomBytes(750).toString("base64"))).join(""),
);

/** Writes 200 MB as fast as they are taken, and counts. */
function flood(
  headers: Record<string, string>,
  chunk: Buffer,
  written: { bytes: number; ended: boolean },
): Player {
  return async ({ response, body, closed }) => {
    await body;
    response.writeHead(200, headers);
    let gone = false;
    void closed.then(() => {
      gone = true;
    });
    while (written.bytes < WHOLE && !gone) {
      if (!response.write(chunk))
        await Promise.race([new Promise((resolve) => response.once("drain", resolve)), closed]);
      written.bytes += chunk.length;
    }
    written.ended = true;
    response.end("content-encoding" in headers ? gzipSync(END) : END);
  };
}

/** Opens a request and reads nothing of the answer until told. */
async function slowClient(stream: boolean) {
  const body = `{"model":"model-a","stream":${stream}}`;
  const connection = await RawConnection.open(gateway.port);
  connection.socket.pause();
  connection.send(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nx-api-key: ${GATEWAY_KEY}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  return connection;
}

/** Waits until a number has not grown for a while: what is in flight has come to rest. */
async function atRest(value: () => number): Promise<number> {
  return within(
    (async () => {
      for (let before = -1, calm = 0; ; ) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        calm = value() === before && before > 0 ? calm + 1 : 0;
        before = value();
        if (calm >= 10) return before;
      }
    })(),
    "an end of the provider's writing",
    30_000,
  );
}

describe("a client that reads nothing stops the provider", () => {
  it.each([
    ["a stream", { "content-type": "text/event-stream" }, piece, WHOLE],
    ["a JSON answer", { "content-type": "application/json" }, piece, WHOLE],
    [
      "a compressed stream",
      { "content-type": "text/event-stream", "content-encoding": "gzip" },
      gzipSync(dense),
      (WHOLE / gzipSync(dense).length) * dense.length,
    ],
  ])("of %s, and starts it again when it reads", { timeout: 90_000 }, async (_, headers, chunk, size) => {
    const written = { bytes: 0, ended: false };
    provider.play = flood(headers, chunk, written);
    const client = await slowClient(headers["content-type"] === "text/event-stream");
    expect(await atRest(() => written.bytes)).toBeLessThan(WHOLE / 4);
    expect(written.ended).toBe(false);
    client.socket.removeAllListeners("data");
    let got = 0;
    client.socket.on("data", (text: string) => {
      got += text.length;
    });
    client.socket.resume();
    await eventually(() => got > size, "all of it", 60_000);
    client.close();
    expect(gateway.stderr).not.toContain("MaxListenersExceeded");
  });
});
