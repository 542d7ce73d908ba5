import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { LEAVING_HEADER } from "../../core/rpc/callerHeaders";
import type { ChatAccess } from "../../core/rpc/contract";
import { messageOf } from "../common/log";

/** How often an engine is looked for that is just being replaced, and how long is waited between. */
const TRIES = 8;
const AGAIN_MS = 250;

export interface PrivateRequest {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer that has begun. */
export interface PrivateResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Ends with the answer; throws where it is cut off. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Sends requests to the engine's private socket. */
export class PrivateClient {
  constructor(
    private readonly access: () => Promise<ChatAccess>,
    private readonly wait: (milliseconds: number) => Promise<unknown> = (milliseconds) =>
      new Promise((resolve) => setTimeout(resolve, milliseconds)),
  ) {}

  /**
   * Sends a request. Where the engine is just being replaced, the successor gets it; one that may have reached an
   * engine is never sent again.
   * @param signal cuts the connection, whereupon the engine ends the request at the provider
   * @throws Error with a sentence for the person
   */
  async send(asked: PrivateRequest, signal: AbortSignal): Promise<PrivateResponse> {
    for (let tries = 1; ; tries++) {
      const last = tries >= TRIES;
      try {
        const response = await post(await this.access(), asked, signal);
        if (last || !isLeaving(response)) return { ...head(response), body: response };
        response.destroy();
      } catch (error) {
        if (signal.aborted || last || !isAbsent(error)) throw new Error(reasonOf(error));
      }
      await this.wait(AGAIN_MS);
    }
  }
}

function head({ statusCode = 0, headers }: IncomingMessage): Omit<PrivateResponse, "body"> {
  return { status: statusCode, headers };
}

function post(access: ChatAccess, asked: PrivateRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = Buffer.from(asked.body);
    const sent = request({
      socketPath: access.path,
      path: asked.path,
      method: "POST",
      // A connection each: on this machine it costs nothing, and none is ever found closed.
      agent: false,
      signal,
      headers: {
        ...asked.headers,
        authorization: `Bearer ${access.token}`,
        "content-type": "application/json",
        "content-length": body.length,
      },
    });
    sent.once("response", resolve);
    sent.on("error", reject);
    sent.end(body);
  });
}

/**
 * An engine that is on its way out, or that came after the one which had given the token: nothing was done. What a
 * provider answers says which provider.
 */
function isLeaving({ statusCode, headers }: IncomingMessage): boolean {
  if (headers["x-postern-provider"] !== undefined) return false;
  return headers[LEAVING_HEADER] !== undefined || statusCode === 401;
}

/** Nobody listens there. The engine says so, too, in the moment in which it leaves. */
function isAbsent(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT" || code === "ECONNREFUSED") return true;
  return error instanceof Error && "data" in error && isNotReady(error.data);
}

function isNotReady(data: unknown): boolean {
  return typeof data === "object" && data !== null && "code" in data && data.code === "not_ready";
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (typeof code === "string" && /^E[A-Z]+$/.test(code)) {
    return `Postern's engine went away before it answered (${code}). Try again; "Postern: Show Log" says more.`;
  }
  return messageOf(error);
}
