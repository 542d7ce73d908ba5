import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import {
  createMessageConnection,
  type MessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
} from "vscode-jsonrpc/node";
import type { EngineConfig, EngineProvider } from "../../src/core/config/engineConfig";
import {
  type CredentialRefusal,
  type EngineBoot,
  type EngineNotifications,
  type EngineRequests,
  type EngineStatus,
  type HelloResult,
  PROTOCOL_VERSION,
  proofText,
} from "../../src/core/rpc/contract";
import { KnownModels, type StatusChange } from "../../src/core/rpc/statusChange";
import { cleanEnvironment, GATEWAY_KEY, PROVIDER_KEY, root, temporaryFolder } from "./gateway";
import { eventually, within } from "./waiting";

export const engineFile = join(root, "dist", "engine.js");

/** What one user's windows share: the token, the pipe's address and the data folder. */
export interface Home extends EngineBoot {
  readonly remove: () => void;
}

export function newHome(): Home {
  const { path, remove } = temporaryFolder();
  const pipePath =
    process.platform === "win32"
      ? `\\\\.\\pipe\\postern-test-${randomBytes(8).toString("hex")}`
      : join(path, "run", "engine.sock");
  return { token: randomBytes(32).toString("hex"), pipePath, dataDir: join(path, "data"), remove };
}

/** An engine process, started as a window starts it. */
export class Engine {
  stderr = "";
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  /** @param bootLine what to say on the standard input instead of the right thing */
  constructor(home: EngineBoot, bootLine?: string) {
    const { token, pipePath, dataDir } = home;
    this.process = spawn(process.execPath, [engineFile], {
      stdio: ["pipe", "ignore", "pipe"],
      env: cleanEnvironment(),
    });
    process.setMaxListeners(0);
    process.once("exit", () => this.process.kill("SIGKILL"));
    this.exited = new Promise((resolve) =>
      this.process.once("close", (code, signal) => resolve({ code, signal })),
    );
    this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.process.stdin?.on("error", () => {});
    this.process.stdin?.end(bootLine ?? `${JSON.stringify({ token, pipePath, dataDir })}\n`);
  }

  readonly process: ChildProcess;

  async end(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    this.process.kill(signal);
    await within(this.exited, "the engine's end");
  }
}

/** The window's end of the pipe. */
export class EngineClient {
  readonly statuses: EngineStatus[] = [];
  /** The same as they came. */
  readonly changes: StatusChange[] = [];
  readonly log: string[] = [];
  readonly refusals: CredentialRefusal[] = [];
  draining = 0;
  readonly closed: Promise<void>;

  constructor(
    readonly socket: Socket,
    private readonly connection: MessageConnection,
  ) {
    this.closed = new Promise((resolve) => socket.once("close", () => resolve()));
    const models = new KnownModels();
    this.on("statusChanged", (change) => {
      this.changes.push(change);
      this.statuses.push(models.take(change));
    });
    this.on("log", ({ message }) => this.log.push(message));
    this.on("credentialRefused", (refusal) => this.refusals.push(refusal));
    this.on("draining", () => {
      this.draining += 1;
    });
    connection.onError(() => {});
    connection.listen();
  }

  /** Opens the pipe, without a word. */
  static async open(pipePath: string): Promise<EngineClient> {
    const socket = await eventually(
      () =>
        new Promise<Socket | undefined>((resolve) => {
          const attempt = connect(pipePath);
          attempt.once("connect", () => resolve(attempt));
          attempt.once("error", () => resolve(undefined));
        }),
      "the engine's pipe",
    );
    socket.on("error", () => {});
    const connection = createMessageConnection(
      new SocketMessageReader(socket),
      new SocketMessageWriter(socket),
    );
    return new EngineClient(socket, connection);
  }

  /** Opens the pipe and proves that it is a window. */
  static async join(home: EngineBoot): Promise<EngineClient> {
    const client = await EngineClient.open(home.pipePath);
    await client.authenticate(home.token);
    return client;
  }

  async authenticate(token: string): Promise<HelloResult> {
    const clientNonce = randomBytes(32).toString("hex");
    const hello = await this.request("hello", {
      protocolVersion: PROTOCOL_VERSION,
      version: "test",
      clientNonce,
    });
    if (hello.proof !== sign(token, proofText("engine", clientNonce, hello.serverNonce)))
      throw new Error("the engine does not know the token");
    await this.request("authenticate", {
      proof: sign(token, proofText("window", clientNonce, hello.serverNonce)),
    });
    return hello;
  }

  request<M extends keyof EngineRequests>(
    method: M,
    params: EngineRequests[M]["params"],
  ): Promise<EngineRequests[M]["result"]> {
    const answer = this.connection.sendRequest(method, params) as Promise<EngineRequests[M]["result"]>;
    return within(answer, `the answer to ${method}`);
  }

  close(): void {
    this.connection.dispose();
    this.socket.destroy();
  }

  on<N extends keyof EngineNotifications>(name: N, listener: (params: EngineNotifications[N]) => void): void {
    this.connection.onNotification(name, (params: unknown) => listener(params as EngineNotifications[N]));
  }
}

export function sign(token: string, text: string): string {
  return createHmac("sha256", token).update(text).digest("hex");
}

/** A configuration as a window hands it over. */
export function engineConfig(url: string, changes: Partial<EngineConfig> = {}): EngineConfig {
  const provider: EngineProvider = {
    config: {
      id: "fake",
      type: "openai",
      wireApi: "completions",
      baseUrl: url,
      enabled: true,
      models: [{ id: "model-a" }],
    },
    credential: { kind: "apiKey", value: PROVIDER_KEY },
  };
  return {
    providers: [provider],
    faulty: [],
    gateway: { host: "127.0.0.1", port: 0, maxRunning: 512, keys: [{ name: "test", key: GATEWAY_KEY }] },
    routes: [],
    routing: { maxAttempts: 4, maxWaitSeconds: 30 },
    ledger: { retentionDays: 400, maxMb: 200 },
    network: {},
    lingerSeconds: 60,
    keepRunning: false,
    secretStore: "test",
    ...changes,
  };
}

/** Configures the engine, starts its gateway and returns the gateway's URL. */
export async function startGateway(client: EngineClient, config: EngineConfig): Promise<string> {
  await client.request("configure", config);
  const { gateway } = await client.request("startGateway", {});
  if (gateway.state !== "running") throw new Error(`the gateway is ${gateway.state}`);
  return gateway.url;
}

export function ask(url: string, body = '{"model":"model-a"}'): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "x-api-key": GATEWAY_KEY },
    body,
  });
}
