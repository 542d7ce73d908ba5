import { type AddressInfo, createServer, type Server } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { RawConnection } from "../support/rawConnection";
import { within } from "../support/waiting";

const CONTENT = "0123456789".repeat(600_000);
/** An event is held until it is whole: when its end comes, all of it waits for the client at once. */
const BODY = `data: {"choices":[{"index":0,"delta":{"content":"${CONTENT}"},"finish_reason":"stop"}]}\n\n`;
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";
const zipped = gzipSync(BODY);

/** The ways in which an answer can end with its connection. */
const ANSWERS: Record<string, Buffer> = {
  "with a length": Buffer.from(`${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}`),
  "in chunks": Buffer.from(
    `${HEAD}transfer-encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  "by the end of the connection": Buffer.from(`${HEAD}\r\n${BODY}`),
  "of HTTP/1.0": Buffer.from(`HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${BODY}`),
  compressed: Buffer.concat([Buffer.from(`${HEAD}content-encoding: gzip\r\n\r\n`), zipped]),
};
const UNFINISHED = BODY.replace(',"finish_reason":"stop"', "");
const CUT: Record<string, Buffer> = {
  "with a length": Buffer.from(`${HEAD}content-length: ${UNFINISHED.length + 1}\r\n\r\n${UNFINISHED}`),
  "in chunks": Buffer.from(
    `${HEAD}transfer-encoding: chunked\r\n\r\n${(UNFINISHED.length + 1).toString(16)}\r\n${UNFINISHED}`,
  ),
  "by the end of the connection": Buffer.from(`${HEAD}\r\n${UNFINISHED}`),
};

let server: Server;
let gateway: Gateway;
let answer: Buffer = Buffer.alloc(0);

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on("error", () => {});
    // All of it is on its way, the connection's end too, before the gateway has passed on the first of it.
    socket.once("data", () => socket.end(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  gateway = await Gateway.start({
    providers: [providerEntry(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)],
  });
});

afterAll(async () => {
  await gateway?.stop();
  server?.close();
});

const QUESTION = '{"model":"model-a","stream":true,"stream_options":{"include_usage":true}}';
const ask = () => gateway.post("/v1/chat/completions", QUESTION);

it.each(Object.keys(ANSWERS))(
  "a provider that closes while its answer waits for the client does not end the gateway: %s",
  async (name) => {
    answer = ANSWERS[name] ?? answer;
    for (let round = 0; round < 3; round += 1) expect((await (await ask()).text()) === BODY).toBe(true);
  },
);

it.each(Object.keys(ANSWERS))("nor where the client takes nothing for a while: %s", async (name) => {
  answer = ANSWERS[name] ?? answer;
  const slow = await Promise.all([1, 2, 3].map(() => RawConnection.open(gateway.port)));
  for (const connection of slow) {
    connection.socket.pause();
    connection.send(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nx-api-key: ${GATEWAY_KEY}\r\nconnection: close\r\ncontent-length: ${QUESTION.length}\r\n\r\n${QUESTION}`,
    );
  }
  expect((await (await ask()).text()) === BODY).toBe(true);
  for (const connection of slow) connection.socket.resume();
  for (const connection of slow) {
    const whole = (await connection.rest()).replaceAll(/\r\n[0-9a-f]+\r\n/g, "");
    expect(whole.includes(CONTENT)).toBe(true);
  }
});

it.each(Object.keys(CUT))("and an answer that is cut there ends with an error: %s", async (name) => {
  answer = CUT[name] ?? answer;
  for (let round = 0; round < 2; round += 1) {
    const text = await within((await ask()).text(), "the end of the answer");
    expect([text.startsWith(UNFINISHED), text.slice(-400).includes('{"error":')]).toEqual([true, true]);
  }
});
