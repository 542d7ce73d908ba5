import type { Socket } from "node:net";
import {
  type CancellationToken,
  createMessageConnection,
  type MessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
} from "vscode-jsonrpc/node";
import { logSafeText, PosternError } from "../../core/errors";
import {
  type EngineNotifications,
  type EngineRequests,
  type EngineStatus,
  PROTOCOL_VERSION,
} from "../../core/rpc/contract";
import { ToldModels } from "../../core/rpc/statusChange";
import { Handshake } from "./handshake";

/** A peer that has not proved who it is by then is cut off. */
const AUTHENTICATE_MS = 5_000;
/** The handshake takes some hundred; what comes before it is done is held in memory. */
const MAX_STRANGER_BYTES = 64 * 1024;
/** What a refused peer has to read why. */
const REFUSED_MS = 200;
const NOT_AUTHENTICATED = -32001;
const POSTERN_ERROR = -32002;
/** As the Language Server Protocol has it. */
const REQUEST_CANCELLED = -32800;

type Method = keyof EngineRequests;

/** What the engine does for a window that has proved itself. The signal says that the window no longer wants it. */
export type SessionHandlers = {
  readonly [M in Exclude<Method, "hello">]: (
    params: EngineRequests[M]["params"],
    signal: AbortSignal,
  ) => Promise<EngineRequests[M]["result"]>;
};
type GuardedHandler = (params: unknown, signal: AbortSignal) => Promise<unknown>;

/** One window at the other end of the pipe. Nothing but the handshake is answered before the handshake is done. */
export class Session {
  private readonly connection: MessageConnection;
  private authenticated = false;
  private readonly models = new ToldModels();
  /** Whether a status is still on its way out: a window that is halted in a debugger reads nothing. */
  private telling = false;
  /** The latest that came meanwhile. */
  private untold: EngineStatus | undefined;
  /** Aborted when the window has gone: nobody waits for what it had asked. */
  private readonly gone = new AbortController();

  constructor(
    private readonly socket: Socket,
    token: string,
    version: string,
    handlers: SessionHandlers,
    private readonly events: { onAuthenticated(): void; onClosed(): void },
  ) {
    this.connection = createMessageConnection(
      new SocketMessageReader(socket),
      new SocketMessageWriter(socket),
    );
    const handshake = new Handshake(token);
    const timer = setTimeout(() => socket.destroy(), AUTHENTICATE_MS);
    const count = (): void => {
      if (socket.bytesRead > MAX_STRANGER_BYTES) socket.destroy();
    };
    socket.on("data", count);
    this.on("hello", async ({ clientNonce }) => ({
      protocolVersion: PROTOCOL_VERSION,
      version,
      ...handshake.answer(clientNonce),
    }));
    this.on("authenticate", async (params) => {
      if (!handshake.accepts(params.proof)) {
        setTimeout(() => socket.destroy(), REFUSED_MS);
        throw new ResponseError(NOT_AUTHENTICATED, "the proof is wrong");
      }
      clearTimeout(timer);
      socket.off("data", count);
      this.authenticated = true;
      this.events.onAuthenticated();
      return handlers.authenticate(params, this.gone.signal);
    });
    for (const [method, handler] of Object.entries(handlers)) {
      if (method !== "authenticate") this.onGuarded(method, handler as GuardedHandler);
    }
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(timer);
      this.gone.abort();
      this.connection.dispose();
      this.events.onClosed();
    });
    this.connection.listen();
  }

  get isAuthenticated(): boolean {
    return this.authenticated;
  }

  notify<N extends keyof EngineNotifications>(name: N, params: EngineNotifications[N]): void {
    if (!this.authenticated || this.socket.destroyed) return;
    this.connection.sendNotification(name, params).catch(() => this.socket.destroy());
  }

  /** Tells the window how the engine is. One that does not read is told the latest alone when it reads again. */
  tell(status: EngineStatus): void {
    if (!this.authenticated || this.socket.destroyed) return;
    if (this.telling) {
      this.untold = status;
      return;
    }
    this.telling = true;
    const written = this.connection.sendNotification("statusChanged", this.models.changeTo(status));
    void written
      .catch(() => this.socket.destroy())
      .then(() => {
        this.telling = false;
        const next = this.untold;
        this.untold = undefined;
        if (next) this.tell(next);
      });
  }

  close(): void {
    this.socket.end();
  }

  private on<M extends Method>(
    method: M,
    handler: (params: EngineRequests[M]["params"]) => Promise<EngineRequests[M]["result"]>,
  ): void {
    this.connection.onRequest(
      method,
      async (params: unknown): Promise<unknown> => handler(params as EngineRequests[M]["params"]),
    );
  }

  private onGuarded(method: string, handler: GuardedHandler): void {
    this.connection.onRequest(method, async (params: unknown, token: CancellationToken) => {
      if (!this.authenticated) throw new ResponseError(NOT_AUTHENTICATED, "authenticate first");
      const cancelled = new AbortController();
      const listening = token.onCancellationRequested(() => cancelled.abort());
      const signal = AbortSignal.any([cancelled.signal, this.gone.signal]);
      try {
        return await handler(params, signal);
      } catch (error) {
        if (signal.aborted) throw new ResponseError(REQUEST_CANCELLED, "cancelled");
        const code = error instanceof PosternError ? error.code : "internal";
        const message = error instanceof PosternError ? error.message : logSafeText(error);
        throw new ResponseError(POSTERN_ERROR, message, { code });
      } finally {
        listening.dispose();
      }
    });
  }
}
