import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js";
import { isInitializeRequest, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import { asArray, asObject } from "../../core/json/access";
import { firstValue } from "../../core/text/firstValue";
import type { McpBackend } from "./backend";
import { createMcpServer } from "./mcpServer";

/** Headers that the transport looks at. */
const LOOKED_AT = ["accept", "content-type", "mcp-protocol-version"];

export interface McpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** Parsed JSON. */
  readonly message: unknown;
  readonly backend: McpBackend;
  /** Whose calls may be cancelled by this one's; another caller's never. */
  readonly callerId: string;
}

/**
 * MCP's streamable HTTP (https://modelcontextprotocol.io/specification/2025-06-18/basic/transports), a server of its own
 * for each request. Nothing is kept between requests but how to cancel those that run, so there is no session that
 * could be taken over: the session id that a client is given is but a name that tells its request ids from another's.
 */
export class HttpMcp {
  private readonly running = new Map<string, (message: unknown) => void>();

  /** @param newSessionId by which a client's requests are told apart */
  constructor(private readonly newSessionId: () => string) {}

  async answer({ request, response, requestId, message, backend, callerId }: McpExchange): Promise<void> {
    const session = firstValue(request.headers["mcp-session-id"]);
    if (session !== undefined) this.cancelWhatIsCancelled(message, [callerId, session]);
    const server = createMcpServer(backend);
    const transport = new WebStandardStreamableHTTPServerTransport({});
    const close = (): void => void server.close().catch(() => {});
    const ids = session === undefined ? [] : requestIds(message).map((id) => keyOf(callerId, session, id));
    for (const id of ids) {
      this.running.set(id, (cancelled) => {
        const known = JSONRPCMessageSchema.safeParse(cancelled);
        if (known.success) transport.onmessage?.(known.data);
        // No answer follows to a request that was cancelled, which would leave its stream open.
        close();
      });
    }
    try {
      await server.connect(transport);
      const answer = await transport.handleRequest(new Request("http://localhost/mcp", webInit(request)), {
        parsedBody: message,
      });
      const begins = isInitializeRequest(message) && answer.ok;
      response.writeHead(answer.status, {
        ...Object.fromEntries(answer.headers),
        // The listener decides about connections, not the transport.
        connection: "keep-alive",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-request-id": requestId,
        ...(begins ? { "mcp-session-id": this.newSessionId() } : {}),
      });
      if (answer.body === null) response.end();
      else await pipeline(Readable.fromWeb(answer.body as ReadableStream), response);
    } catch (error) {
      // A client that leaves in the middle is nobody's fault.
      if (!response.destroyed) throw error;
    } finally {
      for (const id of ids) this.running.delete(id);
      close();
    }
  }

  private cancelWhatIsCancelled(message: unknown, [callerId, session]: readonly [string, string]): void {
    const { method, params } = asObject(message);
    if (method !== "notifications/cancelled") return;
    const { requestId } = asObject(params);
    if (typeof requestId !== "string" && typeof requestId !== "number") return;
    this.running.get(keyOf(callerId, session, requestId))?.(message);
  }
}

function keyOf(callerId: string, session: string, id: string | number): string {
  return JSON.stringify([callerId, session, id]);
}

function requestIds(message: unknown): (string | number)[] {
  return (Array.isArray(message) ? asArray(message) : [message]).flatMap((one) => {
    const { id, method } = asObject(one);
    return method !== undefined && (typeof id === "string" || typeof id === "number") ? [id] : [];
  });
}

function webInit(request: IncomingMessage): RequestInit {
  const headers = LOOKED_AT.flatMap((name): [string, string][] => {
    const value = firstValue(request.headers[name]);
    return value === undefined ? [] : [[name, value]];
  });
  return { method: "POST", headers };
}
