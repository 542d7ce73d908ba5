import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { PosternError } from "../../core/errors";
import type { Caller } from "../../core/governance/caller";
import type { HandlePrivately } from "../pipe/privateHttp";
import { duplexPair } from "./duplexPair";

export interface InProcessRequest {
  readonly caller: Caller;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/**
 * Requests to the gateway from within its own process: HTTP as from outside, so that guard, routing, policy, budgets and
 * ledger are the same code, but over a connection that no other program can reach, and with a caller that is known.
 */
export class InProcessHttp {
  private readonly callers = new WeakMap<object, Caller>();
  /** Never listens; connections are handed to it. */
  private readonly server = createServer({ requestTimeout: 0 });

  constructor(handle: HandlePrivately) {
    this.server.on("request", (request, response) => {
      handle(request, response, () => {
        const caller = this.callers.get(request.socket);
        if (!caller) throw new PosternError("unauthorized", "Nobody may ask here.");
        return caller;
      });
    });
  }

  /** @returns the answer when its headers are there; rejects when it is aborted or the connection breaks */
  post({ caller, path, headers, body, signal }: InProcessRequest): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        method: "POST",
        path,
        headers: {
          ...headers,
          host: "localhost",
          connection: "close",
          "content-length": Buffer.byteLength(body),
        },
        createConnection: () => this.connect(caller),
        signal,
      });
      request.once("response", resolve);
      request.once("error", reject);
      request.end(body);
    });
  }

  private connect(caller: Caller): Duplex {
    const [ours, theirs] = duplexPair();
    this.callers.set(theirs, caller);
    this.server.emit("connection", theirs);
    return ours;
  }
}
