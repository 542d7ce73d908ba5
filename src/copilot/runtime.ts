import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CopilotClient, RuntimeConnection } from "@github/copilot-sdk";
import { CopilotFault, type CopilotHost } from "../core/copilot/contract";
import { runtimeGone, runtimeHangs } from "../core/copilot/faults";
import { inTime } from "./inTime";
import { SESSION_STATE_PATH } from "./memoryFs";

/** How often a runtime that is at work is asked whether it still is, and how long it may take to say so. */
const PING_EVERY_MS = 5_000;
const PING_MS = 10_000;
const START_MS = 30_000;
/** A runtime does not give memory back: it is started anew when it has this much, or has served this many requests. */
const MAX_RSS_BYTES = 700 * 1024 * 1024;
const MAX_REQUESTS = 2_000;

/** What is running in a runtime, told when it ends under it. */
type Broken = (fault: CopilotFault) => void;

export interface RuntimeOptions {
  readonly path: string;
  readonly baseUrl: string;
  readonly host: CopilotHost;
  /** How often a runtime at work is asked, in milliseconds; tests cannot wait. */
  readonly pingEveryMs?: number;
  /** After how many uses it is replaced. */
  readonly maxUses?: number;
}

/** One process of the Copilot runtime, started when it is needed. It is used by several requests at once. */
export class Runtime {
  private client: CopilotClient | undefined;
  private starting: Promise<CopilotClient> | undefined;
  /** It does not answer yet, but there is a process. */
  private launched: CopilotClient | undefined;
  private readonly running = new Set<Broken>();
  private served = 0;
  private watch: NodeJS.Timeout | undefined;
  private asking = false;
  private retired = false;

  constructor(private readonly options: RuntimeOptions) {}

  /** Whether another process should serve what comes next. */
  get isWornOut(): boolean {
    return (
      this.retired || this.served >= (this.options.maxUses ?? MAX_REQUESTS) || this.rssBytes() > MAX_RSS_BYTES
    );
  }

  get isIdle(): boolean {
    return this.running.size === 0;
  }

  /** Folder that a session may take for its own; nothing is in it. */
  get workingDirectory(): string {
    return this.folders().work;
  }

  /**
   * Does something with the runtime; ends with a fault when the process ends or hangs meanwhile.
   * @throws CopilotFault
   */
  async use<T>(work: (client: CopilotClient) => Promise<T>): Promise<T> {
    this.served += 1;
    let broken: Broken = () => {};
    const breaks = new Promise<never>((_, reject) => {
      broken = reject;
    });
    breaks.catch(() => {});
    // From now on, lest the process be ended while this one waits for its start.
    this.running.add(broken);
    try {
      const client = await Promise.race([this.connected(), breaks]);
      this.follow(client);
      return await Promise.race([work(client), breaks]);
    } finally {
      this.running.delete(broken);
      if (this.running.size === 0) {
        clearInterval(this.watch);
        this.watch = undefined;
        if (this.retired) void this.stop();
      }
    }
  }

  /** Ends when nothing runs in it any more. */
  retire(): void {
    this.retired = true;
    if (this.isIdle) void this.stop();
  }

  async stop(): Promise<void> {
    this.retired = true;
    this.breakAll(runtimeGone());
    const client = this.client ?? this.launched;
    this.client = undefined;
    this.launched = undefined;
    await client?.forceStop().catch(() => {});
    const { made } = this;
    this.made = undefined;
    // What is not in the data folder is nobody's afterwards.
    if (made && this.options.host.dataDir === undefined) rmSync(made.base, { recursive: true, force: true });
  }

  private connected(): Promise<CopilotClient> {
    if (this.client) return Promise.resolve(this.client);
    this.starting ??= this.start().finally(() => {
      this.starting = undefined;
    });
    return this.starting;
  }

  private async start(): Promise<CopilotClient> {
    const { path, host } = this.options;
    const { base, work } = this.folders();
    const client = new CopilotClient({
      mode: "empty",
      baseDirectory: base,
      workingDirectory: work,
      useLoggedInUser: false,
      logLevel: "none",
      connection: RuntimeConnection.forStdio({ path }),
      env: this.environment(base),
      sessionFs: { initialCwd: work, sessionStatePath: SESSION_STATE_PATH, conventions: "posix" },
    });
    this.launched = client;
    try {
      await inTime(client.start(), START_MS, runtimeHangs);
      if (this.launched !== client) throw runtimeGone();
    } catch (thrown) {
      await client.forceStop().catch(() => {});
      if (thrown instanceof CopilotFault) throw thrown;
      throw new CopilotFault({
        status: 502,
        message: `The Copilot runtime at ${path} could not be started. Check that it is the program of @github/copilot-sdk or of the Copilot CLI, for this system.`,
        code: "provider_unreachable",
      });
    }
    this.launched = undefined;
    host.log.info(`the Copilot runtime was started (${path})`);
    this.client = client;
    this.processOf(client)?.once("exit", () => this.gone(client));
    return client;
  }

  private gone(client: CopilotClient): void {
    if (this.client !== client) return;
    this.client = undefined;
    this.options.host.log.warn("the Copilot runtime has ended unexpectedly");
    this.breakAll(runtimeGone());
    void client.forceStop().catch(() => {});
  }

  private breakAll(fault: CopilotFault): void {
    for (const broken of [...this.running]) broken(fault);
  }

  /** While something runs, the runtime must answer. */
  private follow(client: CopilotClient): void {
    this.watch ??= setInterval(() => void this.ping(client), this.options.pingEveryMs ?? PING_EVERY_MS);
  }

  private async ping(client: CopilotClient): Promise<void> {
    if (this.asking || this.client !== client) return;
    this.asking = true;
    const patience = this.options.pingEveryMs === undefined ? PING_MS : this.options.pingEveryMs * 2;
    try {
      await inTime(client.ping(), patience, runtimeHangs);
    } catch {
      if (this.client === client) {
        this.client = undefined;
        this.options.host.log.warn("the Copilot runtime does not answer and is ended");
        this.breakAll(runtimeHangs());
        await client.forceStop().catch(() => {});
      }
    } finally {
      this.asking = false;
    }
  }

  /** Little of ours, and no proxy for what is on this machine; GitHub's address where it is not the usual one. */
  private environment(base: string): Record<string, string> {
    const kept = [
      "PATH",
      "Path",
      "SystemRoot",
      "TEMP",
      "TMP",
      "TMPDIR",
      "LANG",
      "HTTPS_PROXY",
      "HTTP_PROXY",
      "https_proxy",
      "http_proxy",
      "SSL_CERT_FILE",
      "NODE_EXTRA_CA_CERTS",
    ];
    const environment: Record<string, string> = {};
    for (const name of kept) {
      const value = process.env[name];
      if (value !== undefined) environment[name] = value;
    }
    const own = [process.env.NO_PROXY ?? process.env.no_proxy, "127.0.0.1", "localhost"]
      .filter(Boolean)
      .join(",");
    return {
      ...environment,
      HOME: base,
      USERPROFILE: base,
      NO_PROXY: own,
      COPILOT_AUTO_UPDATE: "false",
      // A `.js` runtime is run by our own program, which in VS Code is not Node by itself.
      ELECTRON_RUN_AS_NODE: "1",
      ...gitHubEnvironment(this.options.baseUrl),
    };
  }

  private folders(): { readonly base: string; readonly work: string } {
    this.made ??= makeFolders(this.options.host.dataDir);
    return this.made;
  }
  private made: { readonly base: string; readonly work: string } | undefined;

  private processOf(client: CopilotClient): import("node:child_process").ChildProcess | undefined {
    // The SDK tells nobody of its process, and a request in flight would wait for its timeout when it ends.
    const { cliProcess } = client as unknown as {
      cliProcess?: import("node:child_process").ChildProcess | null;
    };
    return cliProcess ?? undefined;
  }

  /** Resident memory of the process; 0 where the system does not say it in a file. */
  private rssBytes(): number {
    const pid = this.client && this.processOf(this.client)?.pid;
    if (pid === undefined || process.platform !== "linux") return 0;
    try {
      const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
      return Number.isFinite(pages) ? pages * 4096 : 0;
    } catch {
      return 0;
    }
  }
}

function makeFolders(dataDir: string | undefined): { readonly base: string; readonly work: string } {
  const base =
    dataDir === undefined ? mkdtempSync(join(tmpdir(), "postern-copilot-")) : join(dataDir, "copilot");
  const work = join(base, "empty");
  mkdirSync(work, { recursive: true, mode: 0o700 });
  return { base, work };
}

/**
 * The variables by which the runtime is sent elsewhere: a company's own GitHub, or one on this machine, as the SDK's own
 * tests have it.
 */
function gitHubEnvironment(baseUrl: string): Record<string, string> {
  const url = new URL(baseUrl);
  if (url.hostname === "github.com") return {};
  if (url.protocol === "http:") return { COPILOT_DEBUG_GITHUB_API_URL: url.origin };
  return { COPILOT_GH_HOST: url.host, GH_HOST: url.host };
}
