import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { PosternError } from "../../core/errors";
import type { ListenAddress } from "../../core/gateway/hostGuard";
import { errorBody } from "../../core/protocols/errorShape";
import { continueLater } from "./continueLater";
import { newRequestId } from "./requestId";

const MAX_HEADER_BYTES = 64 * 1024;
/** A client that has not sent its headers by then is let go. */
const HEADERS_TIMEOUT_MS = 15_000;
/** Longer than SDK clients keep an idle connection, so that they close it and not we into their next request. */
const KEEP_ALIVE_MS = 75_000;

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** The gateway's TCP listener. Closed until it is started; can be started and stopped any number of times. */
export class GatewayServer {
  private server: Server | undefined;
  private bound: ListenAddress | undefined;

  /** The answer that is on its way on a connection. */
  private readonly answering = new WeakMap<Duplex, ServerResponse>();

  constructor(private readonly handle: Handle) {}

  /** Where it listens, with the real port; undefined while it does not. */
  get address(): ListenAddress | undefined {
    return this.bound;
  }

  get url(): string | undefined {
    if (!this.bound) return undefined;
    const { host, port } = this.bound;
    const shown = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
    return `http://${shown.includes(":") && !shown.startsWith("[") ? `[${shown}]` : shown}:${port}`;
  }

  /** @throws PosternError port_in_use, listen_failed */
  async start(host: string, port: number): Promise<void> {
    if (this.server) return;
    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: 5_000,
      // A body may take its time; requestBody watches that it keeps coming.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
    });
    // Node would leave out what stands behind the first thousand, Origin as well; their size is limited.
    server.maxHeadersCount = 0;
    server.on("request", (request, response) => {
      const before = this.answering.get(request.socket);
      // An answer that ends the connection tells its client that nothing behind it was served.
      if (before?.headersSent && !before.shouldKeepAlive) return;
      if (!before) this.answering.set(request.socket, response);
      response.once("close", () => {
        this.answering.delete(request.socket);
        // Kept open, the connection would bring its next request to a gateway that is no more.
        if (this.server !== server) request.socket.destroySoon();
      });
      if (this.server === server) this.handle(request, response);
      else refuseWhileStopping(response);
    });
    continueLater(server);
    // Node would answer by itself whoever expects anything but 100-continue, before anybody has looked at Host.
    server.on("checkExpectation", (request, response) => server.emit("request", request, response));
    // No "upgrade" listener: with one, Node would take the socket away from clients that only offer HTTP/2 (curl
    // --http2, Java's HttpClient) and go on with HTTP/1.1 when the offer is ignored.
    server.on("connect", refuseTunnel);
    server.on("clientError", (error, socket) => {
      // Words of ours would stand in the middle of an answer.
      if (this.answering.get(socket)?.headersSent) socket.destroy();
      else answerClientError(error, socket);
    });
    this.server = server;
    try {
      await listen(server, host.replace(/^\[|\]$/g, ""), port);
    } catch (error) {
      this.server = undefined;
      throw listenFault(error, host, port);
    }
    this.bound = { host, port: (server.address() as AddressInfo).port };
  }

  /** Takes no new connection from now on, and closes the idle ones; running requests go on. */
  stopListening(): void {
    this.bound = undefined;
    this.server?.close();
    this.server?.closeIdleConnections();
    this.server = undefined;
  }

  /** Stops, and cuts what is running. */
  stop(): void {
    const server = this.server;
    this.stopListening();
    server?.closeAllConnections();
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function listenFault(error: unknown, host: string, port: number): PosternError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "EADDRINUSE") {
    return new PosternError(
      "port_in_use",
      `Port ${port} on ${host} is used by another program. Pick another port, or end that program.`,
    );
  }
  if (code === "EACCES") {
    return new PosternError(
      "listen_failed",
      `Port ${port} on ${host} may not be used by this user; ports from 1024 on may.`,
    );
  }
  return new PosternError(
    "listen_failed",
    `The gateway cannot listen on ${host}:${port} (${code || "no reason given"}).`,
  );
}

/** A request that was on its way on an open connection when the gateway stopped. */
function refuseWhileStopping(response: ServerResponse): void {
  const message = "The gateway is stopping; try again in a moment.";
  response.writeHead(503, {
    "content-type": "application/json",
    "x-request-id": newRequestId(),
    "retry-after": "1",
    connection: "close",
  });
  response.end(errorBody("chat", { status: 503, message, code: "not_ready" }));
}

function refuseTunnel(_: IncomingMessage, socket: Duplex): void {
  const message = "Postern is no proxy; send requests to it.";
  endWith(
    socket,
    "405 Method Not Allowed",
    errorBody("chat", { status: 405, message, code: "method_not_allowed" }),
  );
}

/** What Node's parser refuses, answered in words; the protocol is not known yet. */
function answerClientError(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const tooLarge = error.code === "HPE_HEADER_OVERFLOW";
  const slow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = tooLarge
    ? "431 Request Header Fields Too Large"
    : slow
      ? "408 Request Timeout"
      : "400 Bad Request";
  const message = tooLarge
    ? "The request headers are larger than 64 KB."
    : slow
      ? "The request did not arrive in time."
      : "The request is not valid HTTP/1.1.";
  endWith(
    socket,
    status,
    errorBody("chat", { status: Number(status.slice(0, 3)), message, code: "invalid_request" }),
  );
}

function endWith(socket: Duplex, status: string, body: string): void {
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nx-request-id: ${newRequestId()}\r\nconnection: close\r\n\r\n`;
  socket.end(head + body);
  // A peer that does not take its answer must not keep the socket.
  (socket as Socket).setTimeout(2_000, () => socket.destroy());
}
