import { type AddressInfo, createServer, type Server } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { GATEWAY_KEY, Gateway, providerEntry } from "../support/gateway";
import { RawConnection } from "../support/rawConnection";
import { within } from "../support/waiting";

const BODY = JSON.stringify({ id: "x", choices: [], text: "0123456789".repeat(30_000) });
const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
const zipped = gzipSync(BODY);

/** The ways in which an answer can end with its connection. */
const ANSWERS: Record<string, Buffer> = {
  "with a length": Buffer.from(`${HEAD}content-length: ${BODY.length}\r\n\r\n${BODY}`),
  "in chunks": Buffer.from(
    `${HEAD}transfer-encoding: chunked\r\n\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`,
  ),
  "by the end of the connection": Buffer.from(`${HEAD}\r\n${BODY}`),
  "of HTTP/1.0": Buffer.from(`HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${BODY}`),
  compressed: Buffer.concat([Buffer.from(`${HEAD}content-encoding: gzip\r\n\r\n`), zipped]),
};
const CUT: Record<string, Buffer> = {
  "with a length": Buffer.from(`${HEAD}content-length: ${BODY.length + 1}\r\n\r\n${BODY}`),
  "in chunks": Buffer.from(
    `${HEAD}transfer-encoding: chunked\r\n\r\n${(BODY.length + 1).toString(16)}\r\n${BODY}`,
  ),
};

let server: Server;
let gateway: Gateway;
let answer = Buffer.alloc(0);

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

const ask = () => gateway.post("/v1/chat/completions", '{"model":"model-a"}');

it.each(Object.keys(ANSWERS))(
  "a provider that closes while its answer waits for the client does not end the gateway: %s",
  async (name) => {
    answer = ANSWERS[name] ?? answer;
    for (let round = 0; round < 10; round += 1) expect(await (await ask()).text()).toBe(BODY);
  },
);

it.each(Object.keys(ANSWERS))("nor where the client takes nothing for a while: %s", async (name) => {
  answer = ANSWERS[name] ?? answer;
  const slow = await Promise.all([1, 2, 3].map(() => RawConnection.open(gateway.port)));
  const text = '{"model":"model-a"}';
  for (const connection of slow) {
    connection.socket.pause();
    connection.send(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:${gateway.port}\r\nx-api-key: ${GATEWAY_KEY}\r\nconnection: close\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    );
  }
  expect(await (await ask()).text()).toBe(BODY);
  for (const connection of slow) connection.socket.resume();
  for (const connection of slow) {
    const whole = (await connection.rest()).replaceAll(/\r\n[0-9a-f]+\r\n/g, "");
    expect(whole).toContain("0123456789".repeat(30_000));
  }
});

it.each(Object.keys(CUT))("and one that is cut there is no whole one: %s", async (name) => {
  answer = CUT[name] ?? answer;
  for (let round = 0; round < 5; round += 1) {
    const told = await ask()
      .then(
        (response) => within(response.text(), "the end of the answer").then(() => `whole ${response.status}`),
        () => "broken",
      )
      .catch(() => "broken");
    expect(told).toMatch(/broken|whole 502/);
  }
  expect((await gateway.fetch("/v1/models")).status).toBe(200);
});
