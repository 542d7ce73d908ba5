import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A provider on loopback whose answer takes as long as the test wants. */
export interface SlowProvider {
  readonly baseUrl: string;
  /** Ends every answer that is still being streamed. */
  finish(): void;
  close(): void;
}

/** Streams a word every 100 ms until it is told to finish. */
export async function startSlowProvider(): Promise<SlowProvider> {
  let finished = false;
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === "/v1/models") {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ object: "list", data: [{ id: "slow" }] }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    const chunk = (delta: object, finish_reason: string | null): string =>
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "slow", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    const timer = setInterval(() => {
      response.write(chunk({ content: "tick " }, null));
      if (!finished) return;
      clearInterval(timer);
      response.end(`${chunk({}, "stop")}data: [DONE]\n\n`);
    }, 100);
    response.on("close", () => clearInterval(timer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    finish: () => {
      finished = true;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
