import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GATEWAY_KEY, PROVIDER_KEY } from "./keys";
import { eventually, within } from "./waiting";

export { GATEWAY_KEY, PROVIDER_KEY };

export const root = join(import.meta.dirname, "..", "..");
export const cliFile = join(root, "dist", "cli.js");

/** Every test process gets this environment and no more: no proxy, no key of the machine's. */
export function cleanEnvironment(extra: Record<string, string> = {}): Record<string, string> {
  const kept = ["PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SystemRoot", "USERPROFILE"];
  const environment: Record<string, string> = {};
  for (const name of kept) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return { ...environment, ...extra };
}

/** A folder of its own, removed when the tests of the file are over. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "postern-test-"));
  const remove = () => {
    process.off("exit", remove);
    rmSync(path, { recursive: true, force: true });
  };
  // A test that fails on its way does not come to its own end.
  process.once("exit", remove);
  return { path, remove };
}

/** A provider entry for a fake provider. */
export function providerEntry(url: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: "fake",
    type: "openai",
    baseUrl: url,
    apiKey: PROVIDER_KEY,
    models: [{ id: "model-a" }, { id: "model-b" }],
    ...extra,
  };
}

export interface GatewayOptions {
  readonly providers: readonly Record<string, unknown>[];
  readonly gateway?: Record<string, unknown>;
  /** Further parts of the configuration. */
  readonly config?: Record<string, unknown>;
  readonly dataDir?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** The Node to run it with, instead of this one. */
  readonly node?: string;
}

/** A gateway in a process of its own: `dist/cli.js serve` with a configuration file. */
export class Gateway {
  private constructor(
    readonly process: ChildProcess,
    private readonly output: { stdout: string; stderr: string },
    readonly exited: Promise<number | null>,
    private readonly remove: () => void,
  ) {}

  static async start(options: GatewayOptions): Promise<Gateway> {
    const folder = temporaryFolder();
    const file = join(folder.path, "postern.json");
    const { providers, gateway, config, dataDir } = options;
    const keys = [{ name: "test", key: GATEWAY_KEY }];
    writeFileSync(
      file,
      JSON.stringify({
        providers,
        gateway: { keys, ...gateway },
        ...config,
        ...(dataDir ? { dataDir } : {}),
      }),
    );
    const args = [cliFile, "serve", "--config", file, "--port", "0", ...(options.args ?? [])];
    const child = spawn(options.node ?? process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: cleanEnvironment(options.env),
    });
    process.setMaxListeners(0);
    process.once("exit", () => child.kill("SIGKILL"));
    const output = collectOutput(child);
    const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
    // However it ends; a test that kills it does not stop it.
    void exited.then(folder.remove);
    const started = new Gateway(child, output, exited, folder.remove);
    const gone = exited.then((code) => {
      throw new Error(`the gateway ended with ${code}: ${output.stderr}`);
    });
    gone.catch(() => {});
    await Promise.race([eventually(() => output.stdout.includes("\n"), "the listening line"), gone]);
    return started;
  }

  get stdout(): string {
    return this.output.stdout;
  }

  get stderr(): string {
    return this.output.stderr;
  }

  get url(): string {
    return JSON.parse(this.stdout.split("\n")[0] ?? "").url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** A request with the gateway key, as `fetch` sends it. */
  fetch(path: string, init: RequestInit & { headers?: Record<string, string> } = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${GATEWAY_KEY}`, ...init.headers };
    return fetch(`${this.url}${path}`, { ...init, headers });
  }

  /** Posts JSON, or a text that should be it. */
  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const text = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    return this.fetch(path, {
      method: "POST",
      body: text as NonNullable<RequestInit["body"]>,
      headers: { "content-type": "application/json", ...headers },
    });
  }

  async stop(): Promise<number | null> {
    this.process.kill("SIGTERM");
    try {
      return await within(this.exited, "the gateway's end", 9_000);
    } finally {
      this.process.kill("SIGKILL");
      this.remove();
    }
  }
}

function collectOutput(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  return output;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function run(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
  input?: string,
): Promise<Finished> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], env: cleanEnvironment(env) });
  const output = collectOutput(child);
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const code = await within(
    new Promise<number | null>((resolve, reject) => {
      child.once("close", resolve);
      child.once("error", reject);
    }),
    `the end of ${program}`,
    30_000,
  ).finally(() => child.kill("SIGKILL"));
  return { code, ...output };
}

export function runCli(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  return run(process.execPath, [cliFile, ...args], env);
}
