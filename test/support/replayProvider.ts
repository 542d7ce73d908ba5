import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { within } from "./waiting";

/** A request as the fake provider got it, and the means to answer it. */
export interface Exchange {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as they stood on the wire. */
  readonly rawHeaders: readonly string[];
  /** The whole body; rejects if it is cut off. */
  readonly body: Promise<Buffer>;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Resolves when the response is over, with whether the gateway had left before its end. */
  readonly closed: Promise<{ early: boolean }>;
}

export type Player = (exchange: Exchange) => unknown;

/** A fake provider on loopback. What it plays can be changed between requests. */
export class ReplayProvider {
  readonly requests: Exchange[] = [];
  private readonly waiters: ((exchange: Exchange) => void)[] = [];
  /** Connections that were ever opened. */
  connections = 0;

  private constructor(
    private readonly server: Server,
    private readonly scheme: string,
    public play: Player,
  ) {
    server.on("connection", () => {
      this.connections += 1;
    });
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      const body = new Promise<Buffer>((resolve, reject) => {
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => resolve(Buffer.concat(chunks)));
        request.on("error", reject);
      });
      body.catch(() => {});
      const exchange: Exchange = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        rawHeaders: request.rawHeaders,
        body,
        response,
        socket: request.socket,
        closed: new Promise((resolve) =>
          response.once("close", () => resolve({ early: !response.writableFinished })),
        ),
      };
      this.requests.push(exchange);
      this.waiters.shift()?.(exchange);
      Promise.resolve(this.play(exchange)).catch(() => response.destroy());
    });
  }

  /** @param tls key and certificate in PEM, for https */
  static async start(play: Player, tls?: { key: string; cert: string }, port = 0): Promise<ReplayProvider> {
    const options = { keepAliveTimeout: 60_000 };
    const server = tls ? createTlsServer({ ...options, ...tls }) : createServer(options);
    const provider = new ReplayProvider(server as Server, tls ? "https" : "http", play);
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return provider;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}`;
  }

  get last(): Exchange {
    const last = this.requests.at(-1);
    if (!last) throw new Error("the provider was not asked");
    return last;
  }

  /** The next request to come; ask for it before it is caused. */
  next(): Promise<Exchange> {
    return within(
      new Promise<Exchange>((resolve) => this.waiters.push(resolve)),
      "a request to the provider",
    );
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Answers with a JSON text. */
export function json(body: string | object, status = 200, headers: OutgoingHttpHeaders = {}): Player {
  return async ({ response, body: request }) => {
    await request;
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

/** Answers with a stream, each chunk a write of its own that is on its way before the next. */
export function stream(chunks: readonly (string | Uint8Array)[], headers: OutgoingHttpHeaders = {}): Player {
  return async ({ response, body: request }) => {
    await request;
    response.writeHead(200, { "content-type": "text/event-stream", ...headers });
    await writeAll(response, chunks);
    response.end();
  };
}

/** Plays chunks and then cuts: a TCP end in the middle of the HTTP body, or a reset. */
export function cutStream(chunks: readonly (string | Uint8Array)[], how: "fin" | "reset"): Player {
  return async ({ response, socket, body: request }) => {
    await request;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.flushHeaders();
    await writeAll(response, chunks);
    // What was written must have left before a reset, which throws away what has not.
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (how === "reset") socket.resetAndDestroy();
    else socket.end();
  };
}

export async function writeAll(
  response: ServerResponse,
  chunks: readonly (string | Uint8Array)[],
): Promise<void> {
  for (const chunk of chunks) {
    await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
    // Keeps the writes apart, so that the chunk boundaries are the ones asked for.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
