import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Members } from "../../core/collections/members";
import { PosternError } from "../../core/errors";
import { presentedKeys } from "../../core/gateway/presentedKeys";
import type { Caller } from "../../core/governance/caller";
import { callerOfHeaders, LEAVING_HEADER } from "../../core/rpc/callerHeaders";
import type { ChatAccess } from "../../core/rpc/contract";
import { firstValue } from "../../core/text/firstValue";
import { answerError } from "../gateway/answer";
import { continueLater } from "../gateway/continueLater";
import { newRequestId } from "../gateway/requestId";
import { removeStaleSocket } from "./pipeFolder";

const MAX_HEADER_BYTES = 64 * 1024;
const HEADERS_TIMEOUT_MS = 15_000;
/** Longer than a window keeps an idle connection, so that it closes it and not we into its next request. */
const KEEP_ALIVE_MS = 75_000;

/** Serves a request; `identify` says who asks, or throws `unauthorized`. */
export type HandlePrivately = (
  request: IncomingMessage,
  response: ServerResponse,
  identify: (request: IncomingMessage) => Caller,
) => void;

/** A window's right to ask, which ends with its session. */
interface Grant {
  readonly token: string;
  readonly digest: Buffer;
  readonly running: Members<ServerResponse>;
}

/**
 * The private socket for the windows' own chat requests: HTTP on the gateway's own request handler, so that routing,
 * budgets, translation, errors and the ledger are the same. It needs no port, and nobody gets in but a window that
 * has proved itself on the pipe. There is no Host or Origin to look at: no browser reaches such a socket.
 */
export class PrivateHttp<S extends object> {
  private readonly grants = new Map<S, Grant>();
  private server: Server | undefined;
  private open = false;

  constructor(
    readonly path: string,
    private readonly handle: HandlePrivately,
  ) {}

  /** Listens; whatever is at its path is put aside, since the pipe beside it is ours already. */
  async listen(): Promise<void> {
    removeStaleSocket(this.path);
    const server = createServer({
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      // A body may take its time; requestBody watches that it keeps coming.
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
    });
    server.on("request", (request, response) => this.take(request, response));
    continueLater(server);
    server.on("connect", (_, socket) => socket.destroy());
    server.on("clientError", (_, socket) => socket.destroy());
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.path, () => {
        server.off("error", reject);
        resolve();
      });
    });
    this.server = server;
    this.open = true;
  }

  /**
   * What a window needs to ask; the same for as long as its session lasts.
   * @throws PosternError not_ready where the socket is closed
   */
  grant(session: S): ChatAccess {
    if (!this.open) throw new PosternError("not_ready", "The engine takes no chat requests now.");
    let grant = this.grants.get(session);
    if (!grant) {
      const token = randomBytes(32).toString("hex");
      grant = { token, digest: digestOf(token), running: new Members() };
      this.grants.set(session, grant);
    }
    return { path: this.path, token: grant.token };
  }

  /**
   * The session has ended: its token is worth nothing any more, and what it runs is ended. Not so where the engine is
   * being replaced: then windows go over to its successor, and what they run goes on to its end here.
   */
  revoke(session: S): void {
    const grant = this.grants.get(session);
    this.grants.delete(session);
    if (!this.open) return;
    for (const response of grant?.running.all() ?? []) response.destroy();
  }

  /** Takes nothing new from now on; running requests go on. */
  stopListening(): void {
    if (!this.open) return;
    this.open = false;
    this.server?.close();
    this.server?.closeIdleConnections();
  }

  /** Stops, and cuts what is running. */
  close(): void {
    this.stopListening();
    this.server?.closeAllConnections();
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    // Kept open, the connection would bring its next request to an engine that is on its way out.
    response.once("close", () => {
      if (!this.open) request.socket.destroySoon();
    });
    if (!this.open) {
      const fault = new PosternError("not_ready", "The engine is being replaced; ask its successor.");
      answerError(response, "chat", fault, newRequestId(), { connection: "close", [LEAVING_HEADER]: "1" });
      return;
    }
    this.handle(request, response, () => this.identify(request, response));
  }

  private identify(request: IncomingMessage, response: ServerResponse): Caller {
    const [presented] = presentedKeys((name) =>
      name === "authorization" ? request.headers.authorization : undefined,
    );
    const grant = this.granted(presented ?? "");
    if (!grant) throw new PosternError("unauthorized", "Only a window of VS Code may ask here.");
    response.once("close", grant.running.add(response));
    return callerOfHeaders((name) => firstValue(request.headers[name]));
  }

  /** Compares with every token there is, so that the time taken tells nothing. */
  private granted(presented: string): Grant | undefined {
    const digest = digestOf(presented);
    let found: Grant | undefined;
    for (const grant of this.grants.values()) if (timingSafeEqual(digest, grant.digest)) found = grant;
    return found;
  }
}

/**
 * Where the private HTTP socket is. On Unix beside the pipe, in a folder that only this user can enter, under a name
 * as long as the pipe's. Windows' pipes are all in one place, so there the name cannot be guessed.
 */
export function privateHttpPath(pipePath: string): string {
  if (process.platform === "win32") return `\\\\.\\pipe\\postern-chat-${randomBytes(16).toString("hex")}`;
  return pipePath.replace(/(\.sock)?$/, ".http");
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
