import { createServer, type Server } from "node:net";
import { logSafeText } from "../../core/errors";
import type { LogEntry } from "../../core/rpc/contract";
import type { EngineService } from "../engineService";
import type { EngineLog } from "../log/log";
import { auditHandlers } from "./auditHandlers";
import { ledgerHandlers } from "./ledgerHandlers";
import { isAnswering, preparePipeFolder, removeStaleSocket } from "./pipeFolder";
import { PrivateHttp, privateHttpPath } from "./privateHttp";
import { SecretStores } from "./secretStores";
import { Session, type SessionHandlers } from "./session";
import { taskRunHandlers } from "./taskRunHandlers";

export interface PipeOptions {
  readonly path: string;
  readonly token: string;
  readonly version: string;
}

const ANSWER_MS = 50;

/** The private pipe: windows join here, hand over the configuration, and are told what happens. */
export class PipeServer {
  private readonly sessions = new Set<Session>();
  private readonly stores = new SecretStores(Date.now);
  private readonly http: PrivateHttp<Session>;
  private server: Server | undefined;
  private leaving = false;

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
    this.http = new PrivateHttp(privateHttpPath(options.path), engine.handlePrivately);
    engine.onStatus((status) => {
      // A gateway that stops because its engine leaves was not stopped by anybody.
      if (!this.leaving) this.broadcast((session) => session.tell(status));
    });
    engine.credentials.askThrough((providerId, label) => {
      const leads = this.stores.leads();
      this.broadcast((session) => {
        if (leads.includes(session)) session.notify("credentialRefused", { providerId, label });
      });
    });
    engine.warnings.onWarning((warning) =>
      this.broadcast((session) => session.notify("policyWarning", warning)),
    );
    log.onEntry((entry: LogEntry) => this.broadcast((session) => session.notify("log", entry)));
  }

  get windows(): number {
    return [...this.sessions].filter((session) => session.isAuthenticated).length;
  }

  /** @returns false if another engine answers there already, which can be where the data folder could not be locked */
  async listen(): Promise<boolean> {
    preparePipeFolder(this.options.path);
    if (await isAnswering(this.options.path)) return false;
    removeStaleSocket(this.options.path);
    // Without it VS Code's Chat does not work, but everything else does.
    await this.http.listen().catch((error: unknown) => {
      this.log.error(`the socket for chat requests cannot be opened: ${logSafeText(error)}`);
    });
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
            this.stores.release(session);
            this.http.revoke(session);
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
    return true;
  }

  /**
   * Lets nobody join from now on, and tells the windows that a successor comes: the socket's path is free for it, and
   * nothing more is done for a window here.
   * @param asking the window that wants it, which knows
   */
  leave(asking?: Session): void {
    if (this.leaving) return;
    this.leaving = true;
    this.stopListening();
    this.broadcast((session) => {
      // Who is not in yet cannot be told, and would stay with an engine that does nothing for him.
      if (!session.isAuthenticated) session.close();
      else if (session !== asking) session.notify("draining", {});
    });
  }

  private stopListening(): void {
    this.http.stopListening();
    this.server?.close();
    this.server = undefined;
  }

  close(): void {
    this.stopListening();
    this.http.close();
    for (const session of this.sessions) session.close();
  }

  private handlers(asking: () => Session): SessionHandlers {
    const { engine } = this;
    return {
      authenticate: async () => ({ log: this.log.recent() }),
      configure: async (config) => {
        await engine.configure(this.stores.merge(asking(), config));
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
      ...ledgerHandlers(engine.ledger),
      ...taskRunHandlers(engine.ledger),
      ...auditHandlers(() => engine.audit),
      explainPolicy: (question) => engine.explainPolicy(question),
      testProvider: (provider, signal) => engine.testProvider(provider, signal),
      runProbe: (params, signal) => engine.runProbe(params, signal),
      downloadCopilot: async ({ registry }, signal) => {
        let told = 0;
        const path = await engine.copilot.download(
          registry,
          (received, total) => {
            // A message for each packet would be thousands.
            if (received - told < 1_000_000 && received !== total) return;
            told = received;
            asking().notify("copilotDownload", { received, ...(total === undefined ? {} : { total }) });
          },
          signal,
        );
        return { path };
      },
      diagnose: async () => engine.facts(this.log.recent()),
      refreshModels: async ({ providerId }) => {
        await engine.refreshModels(providerId);
        return engine.status();
      },
      abortRequests: async ({ gatewayKey }) => ({
        aborted: engine.runningByKey.abortRequestsOf(gatewayKey),
      }),
      claimNotice: async ({ id }) => ({ claimed: engine.claimNotice(id) }),
      chatAccess: async () => this.http.grant(asking()),
      credentialKept: async ({ providerId, label }) => {
        engine.credentials.kept(providerId, label);
        return {};
      },
      drain: async () => {
        this.leave(asking());
        // The answer has to be on its way before an engine with nothing to finish is gone.
        setTimeout(this.onDrain, ANSWER_MS);
        return {};
      },
    };
  }

  private broadcast(send: (session: Session) => void): void {
    for (const session of this.sessions) send(session);
  }
}
