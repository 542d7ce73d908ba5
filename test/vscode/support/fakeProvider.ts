import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A provider that speaks just enough Chat Completions, on this machine. */
export interface FakeProvider {
  readonly baseUrl: string;
  /** The paths that were asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/**
 * @param key the only key it accepts; without one it accepts everybody
 */
export async function startFakeProvider(key?: string): Promise<FakeProvider> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? "");
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    if (key !== undefined && request.headers.authorization !== `Bearer ${key}`) {
      send(401, { error: { message: "the key is wrong", type: "invalid_request_error" } });
    } else if (request.url === "/v1/models") {
      send(200, {
        object: "list",
        data: [
          { id: "small", object: "model" },
          { id: "large", object: "model" },
        ],
      });
    } else {
      request.resume();
      request.on("end", () =>
        send(200, {
          id: "c1",
          object: "chat.completion",
          created: 1,
          model: "small",
          choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
          usage: { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 },
        }),
      );
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
