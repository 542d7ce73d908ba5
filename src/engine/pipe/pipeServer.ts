import { createServer, type Server } from "node:net";
import type { EngineConfig } from "../../core/config/engineConfig";
import { mergeStores } from "../../core/config/mergeStores";
import type { LogEntry } from "../../core/rpc/contract";
import type { EngineService } from "../engineService";
import type { EngineLog } from "../log/log";
import { preparePipeFolder, removeStaleSocket } from "./pipeFolder";
import { Session, type SessionHandlers } from "./session";

export interface PipeOptions {
  readonly path: string;
  readonly token: string;
  readonly version: string;
}

/** The private pipe: windows join here, hand over the configuration, and are told what happens. */
export class PipeServer {
  private readonly sessions = new Set<Session>();
  /** The latest configuration from each secret storage. */
  private readonly stores = new Map<string, EngineConfig>();
  private server: Server | undefined;

  /**
   * @param onWindows called with the number of joined windows whenever it changes
   * @param onDrain called when a window asks the engine to make room
   */
  constructor(
    private readonly options: PipeOptions,
    private readonly engine: EngineService,
    private readonly log: EngineLog,
    private readonly onWindows: (count: number) => void,
    private readonly onDrain: () => void,
  ) {
    engine.onStatus((status) => this.broadcast((session) => session.notify("statusChanged", status)));
    log.onEntry((entry: LogEntry) => this.broadcast((session) => session.notify("log", entry)));
  }

  get windows(): number {
    return [...this.sessions].filter((session) => session.isAuthenticated).length;
  }

  async listen(): Promise<void> {
    preparePipeFolder(this.options.path);
    removeStaleSocket(this.options.path);
    const server = createServer((socket) => {
      const session: Session = new Session(
        socket,
        this.options.token,
        this.options.version,
        this.handlers(() => session),
        {
          onAuthenticated: () => this.onWindows(this.windows),
          onClosed: () => {
            this.sessions.delete(session);
            this.onWindows(this.windows);
          },
        },
      );
      this.sessions.add(session);
    });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.options.path, () => resolve());
    });
  }

  /** Lets nobody join from now on; the socket's path is free for the next engine. */
  stopListening(): void {
    this.server?.close();
    this.server = undefined;
  }

  close(): void {
    this.stopListening();
    for (const session of this.sessions) session.close();
  }

  private handlers(asking: () => Session): SessionHandlers {
    const { engine } = this;
    return {
      authenticate: async () => ({ log: this.log.recent() }),
      configure: async (config) => {
        this.stores.set(config.secretStore, config);
        await engine.configure(mergeStores(this.stores.values(), config));
        return engine.status();
      },
      startGateway: async () => {
        await engine.startGateway();
        return engine.status();
      },
      stopGateway: async () => {
        await engine.stopGateway();
        return engine.status();
      },
      status: async () => engine.status(),
      testProvider: (provider) => engine.testProvider(provider),
      refreshModels: async ({ providerId }) => {
        await engine.refreshModels(providerId);
        return engine.status();
      },
      drain: async () => {
        this.broadcast((session) => {
          if (session !== asking()) session.notify("draining", {});
        });
        this.onDrain();
        return {};
      },
    };
  }

  private broadcast(send: (session: Session) => void): void {
    for (const session of this.sessions) send(session);
  }
}
