import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import type { Dispatcher } from "undici";
import { expect, it, vi } from "vitest";
import type { PosternError } from "../../src/core/errors";
import { SecretMask } from "../../src/core/providers/redact";
import { ByteLane } from "../../src/engine/relay/byteLane";
import type { Lane } from "../../src/engine/relay/lane";
import { QuotedKeys } from "../../src/engine/relay/quotedKeys";
import { ResponseRelay } from "../../src/engine/relay/responseRelay";
import { RawConnection } from "../support/rawConnection";
import { within } from "../support/waiting";

const controller = { abort() {}, pause() {}, resume() {} } as unknown as Dispatcher.DispatchController;

it("a request is over when its client has the answer, not when the provider has said it", async () => {
  let relay: ResponseRelay | undefined;
  let state = "open";
  const server = createServer((_, response) => {
    const provider = { id: "fake", baseUrl: "http://127.0.0.1:1" };
    const lane = new ByteLane({
      protocol: "chat",
      quoted: new QuotedKeys(new SecretMask([])),
      providerId: provider.id,
      streaming: false,
      dropUsageChunk: false,
      headers: {},
    });
    relay = new ResponseRelay(response, provider, lane);
    void relay.settled.then(({ end }) => {
      state = end;
    });
    relay.onRequestStart(controller);
    relay.onResponseStart(controller, 200, { "content-type": "application/json" });
    relay.onResponseData(controller, Buffer.alloc(40 * 1024 * 1024, 0x20));
    relay.onResponseEnd();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const connection = await RawConnection.open((server.address() as AddressInfo).port);
  connection.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await connection.until(/200 OK/);
  connection.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(state).toBe("open");
  connection.socket.removeAllListeners("data");
  connection.socket.resume();
  await within(connection.closed, "the end of the connection");
  expect(await within(relay?.settled ?? Promise.reject(), "the relay's end")).toMatchObject({
    end: "complete",
    status: 200,
  });
  server.close();
});

const overflow = (): never => {
  throw new RangeError("Maximum call stack size exceeded");
};
const QUIET: Lane = {
  answeredModel: () => undefined,
  streamedChars: () => 0,
  earlyFailure: () => undefined,
  mayFailEarly: () => false,
  begin() {},
  head: () => ({ status: 200, headers: { "content-type": "text/event-stream" } }),
  push: () => [],
  end: () => ({ pieces: [] }),
  broken: () => undefined,
  silence: () => undefined,
  isTerminated: () => false,
  isOver: () => false,
  failure: () => undefined,
  usage: () => undefined,
};

it.each([
  ["in a read", { push: overflow }, {}],
  ["at the end", { end: overflow }, {}],
  ["in a compressed read", { push: overflow }, { "content-encoding": "gzip" }],
  ["at the end of a compressed answer", { end: overflow }, { "content-encoding": "gzip" }],
  ["in a silence", { silence: overflow }, {}],
  ["in a silence, and in what it was for", { silence: overflow, broken: overflow }, {}],
])("a lane that throws %s fails its request, and nothing else", async (_, lane, headers) => {
  let relay: ResponseRelay | undefined;
  let fault: PosternError | undefined;
  const server = createServer((_request, response) => {
    const provider = { id: "fake", baseUrl: "http://127.0.0.1:1" };
    relay = new ResponseRelay(response, provider, { ...QUIET, ...lane }, { silenceMs: 20 });
    relay.settled.catch((thrown) => {
      fault = thrown;
      response.writeHead(502).end();
    });
    relay.onRequestStart(controller);
    relay.onResponseStart(controller, 200, headers);
    if ("silence" in lane) return;
    const body = Buffer.from("data: x\n\n");
    relay.onResponseData(controller, "content-encoding" in headers ? gzipSync(body) : body);
    relay.onResponseEnd();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const response = await within(fetch(`http://127.0.0.1:${port}/`), "an answer");
  expect(response.status).toBe(502);
  expect(fault).toMatchObject({ code: "provider_incomplete" });
  server.close();
});

it.each([
  ["has ended", (relay: ResponseRelay) => relay.onResponseEnd()],
  ["has broken off", (relay: ResponseRelay) => relay.onResponseError(controller, new Error("reset"))],
])("nothing is kept of a stream once it is over and its provider %s", async (_, leave) => {
  // What a timer would keep is the whole of an answer, for as long as the timer runs.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  try {
    const before = vi.getTimerCount();
    let over: () => void = () => {};
    const left = new Promise<void>((resolve) => {
      over = resolve;
    });
    const server = createServer((_request, response) => {
      const lane: Lane = { ...QUIET, push: (chunk) => [chunk], isTerminated: () => true, isOver: () => true };
      const relay = new ResponseRelay(response, { id: "fake", baseUrl: "http://127.0.0.1:1" }, lane, {
        firstByteMs: 1000,
        totalMs: 1000,
      });
      relay.onRequestStart(controller);
      relay.onResponseStart(controller, 200, {});
      relay.onResponseData(controller, Buffer.from("data: [DONE]\n\n"));
      // The provider has some seconds to end its side.
      expect(vi.getTimerCount()).toBe(before + 1);
      leave(relay);
      void relay.settled.then(over);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const connection = await RawConnection.open(port);
    connection.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await left;
    expect(vi.getTimerCount()).toBe(before);
    connection.close();
    server.close();
  } finally {
    vi.useRealTimers();
  }
});
