import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** Has a server ask nobody for a body (`Expect: 100-continue`) by itself: Node would, before Host and key were seen. */
export function continueLater(server: Server): void {
  server.on("checkContinue", (request, response) => server.emit("request", request, response));
}

/** The body is wanted: a client that waits to hear so is told. */
export function letContinue({ headers, httpVersion }: IncomingMessage, response: ServerResponse): void {
  if (httpVersion === "1.1" && /\b100-continue\b/i.test(headers.expect ?? "")) response.writeContinue();
}
