import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Gateway, providerEntry } from "../support/gateway";
import { type Player, ReplayProvider } from "../support/replayProvider";

const ask = { messages: [{ role: "user", content: "hi" }] };
const event = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n';

let provider: ReplayProvider;
let gateway: Gateway | undefined;

const begin = async (timeouts: object, play: Player) => {
  provider.play = play;
  gateway = await Gateway.start({ providers: [providerEntry(provider.url, { timeouts })] });
  return (more: object = {}) =>
    (gateway as Gateway).post("/v1/chat/completions", { model: "model-a", ...ask, ...more });
};

beforeEach(async () => {
  provider = await ReplayProvider.start(() => {});
});
afterEach(async () => {
  await gateway?.stop();
  await provider.stop();
});

it("a provider that does not begin to answer is given up, and the client told so", async () => {
  const post = await begin({ firstByteSeconds: 0.3 }, () => {});
  const response = await post();
  expect(response.status).toBe(504);
  expect(await response.text()).toMatch(/\\"fake\\" did not begin to answer in time|stopped answering/);
  expect(await provider.last.closed).toEqual({ early: true });
});

it("a provider with which no connection comes to stand is given up, and the client told so", async () => {
  // It takes the connection and never says a word of TLS.
  const mute = createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(mute, "listening");
  const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  gateway = await Gateway.start({ providers: [providerEntry(url, { timeouts: { connectSeconds: 0.3 } })] });
  const response = await gateway.post("/v1/chat/completions", { model: "fake/model-a", ...ask });
  expect([response.status, await response.text()]).toEqual([
    502,
    expect.stringContaining("there is no connection"),
  ]);
  mute.close();
});

it("headers alone are no beginning", async () => {
  const post = await begin({ firstByteSeconds: 0.3 }, ({ response }) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
  });
  expect((await post({ stream: true })).status).toBe(504);
});

it("a provider that pauses too long between two pieces is given up, and the stream ends as an error", async () => {
  const post = await begin({ betweenBytesSeconds: 0.3 }, ({ response }) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(event);
  });
  const text = await (await post({ stream: true })).text();
  expect(text).toContain(event);
  expect(text).toMatch(/"error"/);
});

it("an answer that never ends is cut when its time is over, however lively it is", async () => {
  let timer: NodeJS.Timeout | undefined;
  const post = await begin({ totalSeconds: 0.5 }, ({ response, closed }) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    timer = setInterval(() => response.write(event), 20);
    void closed.then(() => clearInterval(timer));
  });
  const text = await (await post({ stream: true })).text();
  expect(text).toContain(event);
  expect(text).toMatch(/took longer than it may/);
  expect(await provider.last.closed).toEqual({ early: true });
});
