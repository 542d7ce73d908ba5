import type { ServerResponse } from "node:http";
import type { PosternError } from "../../core/errors";
import { errorBody } from "../../core/protocols/errorShape";
import type { WireProtocol } from "../../core/protocols/wire";

/** Sends a JSON answer of our own. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    ...headers,
  });
  response.end(body);
}

/**
 * Sends a failure in the shape of the client's protocol. A request whose body was not read to its end cannot share
 * its connection with a next one, so that one is closed.
 */
export function answerError(
  response: ServerResponse,
  protocol: WireProtocol,
  fault: PosternError,
  requestId: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = errorBody(protocol, {
    status: fault.status,
    message: fault.message,
    code: fault.code,
    requestId,
  });
  answerJson(response, fault.status, body, {
    "x-request-id": requestId,
    ...(fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) }),
    ...(response.req.complete ? {} : { connection: "close" }),
    ...headers,
  });
}
