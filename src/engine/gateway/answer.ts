import type { IncomingMessage, ServerResponse } from "node:http";
import type { PosternError } from "../../core/errors";
import { errorBody } from "../../core/protocols/errorShape";
import type { WireProtocol } from "../../core/protocols/wire";

/** A client that is still sending its body is given this long to read that it need not. */
const UNREAD_BODY_MS = 5_000;

/** Sends a JSON answer of our own. */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  if (headers.connection === "close") response.shouldKeepAlive = false;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    ...headers,
  });
  if (response.req.complete || headers.connection !== "close") response.end(body);
  else endAfterBody(response, body);
}

/**
 * Ending now would close the connection while the client still writes, and the reset that follows takes the answer
 * from it before it is read. So the rest of the body is taken in and thrown away first.
 */
function endAfterBody(response: ServerResponse, body: string): void {
  const request = response.req;
  const end = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, UNREAD_BODY_MS);
  request.once("end", end);
  response.once("close", () => clearTimeout(timer));
  response.write(body);
  request.resume();
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
    // Not every protocol's errors have a place for a code, and a client may want to know whose error it is.
    "x-postern-error": fault.code,
    ...(fault.retryAfterSeconds === undefined ? {} : { "retry-after": String(fault.retryAfterSeconds) }),
    ...(isLasting(fault) ? { "x-should-retry": "false" } : {}),
    ...(closesAfter(fault, response.req) ? { connection: "close" } : {}),
    ...headers,
  });
}

/** OpenAI's and Anthropic's SDKs try a 429 again at once, unless they are told not to. */
function isLasting({ code, retryAfterSeconds }: PosternError): boolean {
  return code === "budget_exceeded" && (retryAfterSeconds === undefined || retryAfterSeconds > 60);
}

function closesAfter({ code }: PosternError, { complete, headers }: IncomingMessage): boolean {
  // What a web page sent here deserves no connection to try again on.
  if (code === "forbidden_host" || code === "forbidden_origin") return true;
  const encoding = headers["transfer-encoding"];
  // Where this request ends and a next one begins is not for us to guess.
  if (encoding?.includes(",")) return true;
  const hasBody = encoding !== undefined || Number(headers["content-length"] ?? 0) > 0;
  return hasBody && !complete;
}
