import { connect } from "node:net";
import { afterAll, beforeAll, it } from "vitest";
import { GATEWAY_KEY } from "../support/gateway";
import { InProcessEngine } from "../support/inProcess";
import { ReplayProvider } from "../support/replayProvider";
import { eventually } from "../support/waiting";

let provider: ReplayProvider;
let engine: InProcessEngine;

beforeAll(async () => {
  const frame = `data: {"choices":[{"index":0,"delta":{"content":"${"x".repeat(60_000)}"}}]}\n\n`;
  provider = await ReplayProvider.start(async ({ response, body, closed }) => {
    await body;
    response.writeHead(200, { "content-type": "text/event-stream" });
    let gone = false;
    void closed.then(() => {
      gone = true;
    });
    while (!gone) {
      if (!response.write(frame))
        await Promise.race([new Promise((resolve) => response.once("drain", resolve)), closed]);
    }
  });
  engine = await InProcessEngine.start(provider.url, { stalledMs: 300 });
});
afterAll(async () => {
  await engine?.close();
  await provider?.stop();
});

it("a client that takes nothing does not hold its place for ever", async () => {
  const { hostname, port } = new URL(engine.url);
  const socket = connect(Number(port), hostname);
  socket.pause();
  socket.on("error", () => {});
  const body = '{"model":"chat/model-a","stream":true,"messages":[]}';
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: ${hostname}:${port}\r\nx-api-key: ${GATEWAY_KEY}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await eventually(() => engine.service.running === 1, "the running request");
  await eventually(() => engine.service.running === 0, "the end of the stalled request");
  socket.destroy();
});
