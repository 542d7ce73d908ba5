import type { IncomingMessage, Server, ServerResponse } from "node:http";

const waiting = new WeakSet<IncomingMessage>();

/** Has a server ask nobody for a body (`Expect: 100-continue`) by itself: Node would, before Host and key were seen. */
export function continueLater(server: Server): void {
  server.on("checkContinue", (request, response) => {
    waiting.add(request);
    server.emit("request", request, response);
  });
}

/** The body is wanted: a client that waits to hear so is told. */
export function letContinue(request: IncomingMessage, response: ServerResponse): void {
  if (waiting.delete(request)) response.writeContinue();
}
