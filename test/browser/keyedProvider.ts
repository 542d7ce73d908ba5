import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A provider on loopback that wants a key, lists two models and streams one answer. */
export interface KeyedProvider {
  readonly baseUrl: string;
  /** The Authorization header of every request it got. */
  readonly authorizations: string[];
  close(): void;
}

const words = ["Gates ", "open ", "both ", "ways."];

export async function startKeyedProvider(key: string): Promise<KeyedProvider> {
  const authorizations: string[] = [];
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization ?? "");
    request.resume();
    request.on("end", () => answer(request, response, key));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    authorizations,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, key: string): void {
  if (request.headers.authorization !== `Bearer ${key}`) {
    response.writeHead(401, { "content-type": "application/json" });
    response.end('{"error":{"message":"wrong key","type":"invalid_request_error"}}');
  } else if (request.url === "/v1/models") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ object: "list", data: [{ id: "gatehouse-large" }, { id: "gatehouse-small" }] }),
    );
  } else {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const chunk = (fields: object) =>
      `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", ...fields })}\n\n`;
    for (const content of words)
      response.write(chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] }));
    response.write(chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }));
    response.write(
      chunk({ choices: [], usage: { prompt_tokens: 1200, completion_tokens: 34, total_tokens: 1234 } }),
    );
    response.end("data: [DONE]\n\n");
  }
}

export const KEYED_ANSWER = words.join("");
