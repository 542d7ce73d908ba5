import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const CHUNK = 'data: {"id":"c","choices":[{"index":0,"delta":{"content":"some words of an answer"}}]}\n\n';
const LAST =
  'data: {"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\ndata: [DONE]\n\n';
const ANSWER = JSON.stringify({
  id: "c",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "fine" } }],
  usage: { prompt_tokens: 3, completion_tokens: 2 },
});

/** The gateway keeps a connection as long as its provider says that it does, less 2 s: here for one request alone. */
const KEEP_ALIVE_MS = 2_500;

/** What a request wants of the provider, told in its body. */
export type Wish = "answer" | "stream" | "silence" | "half";

/** A provider for many requests at once, which keeps nothing of them. */
export class BusyProvider {
  /** Requests that came. */
  asked = 0;
  /** Requests that the other side left before their end. */
  left = 0;
  private readonly open = new Set<ServerResponse>();
  private readonly arrived = new Map<string, () => void>();

  private constructor(private readonly server: Server) {
    server.on("request", (request, response) => void this.serve(request, response));
  }

  static async start(keepAliveTimeout = KEEP_ALIVE_MS): Promise<BusyProvider> {
    const server = createServer({ keepAliveTimeout, connectionsCheckingInterval: 600_000 });
    server.requestTimeout = 0;
    const provider = new BusyProvider(server);
    await new Promise<void>((resolve) =>
      server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, resolve),
    );
    return provider;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Streams that have begun and not ended. */
  get streams(): number {
    return this.open.size;
  }

  /** Resolves when the request with this note has come. */
  arrival(note: string): Promise<void> {
    return new Promise((resolve) => this.arrived.set(note, resolve));
  }

  /** Connections that are open. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) =>
      this.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  }

  /** One more event to every open stream. */
  speak(): void {
    for (const response of this.open) response.write(CHUNK);
  }

  /** Brings every open stream to its end. */
  finish(): void {
    for (const response of this.open) response.end(LAST);
    this.open.clear();
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked += 1;
    response.once("close", () => {
      this.open.delete(response);
      if (!response.writableFinished) this.left += 1;
    });
    let text = "";
    for await (const chunk of request) text += chunk;
    const { wish, note } = JSON.parse(text) as { wish: Wish; note?: string };
    if (wish === "answer") {
      response.writeHead(200, { "content-type": "application/json", "content-length": ANSWER.length });
      response.end(ANSWER);
    } else if (wish !== "silence") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(CHUNK);
      if (wish === "stream") this.open.add(response);
    }
    if (note !== undefined) this.arrived.get(note)?.();
  }
}
