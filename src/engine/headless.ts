import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type EngineConfig, type EngineGatewayKey, engineConfigFromFile } from "../core/config/engineConfig";
import { parseConfigText } from "../core/config/parse";
import type { ConfigProblem } from "../core/config/problems";
import type { LoadCopilot } from "../core/copilot/contract";
import { logSafeText, PosternError } from "../core/errors";
import { openAuditedLedger } from "./audit/openAuditedLedger";
import { CopilotService } from "./copilot/copilotService";
import { type CheckOptions, checkProviders } from "./diagnosis/check";
import { EngineService } from "./engineService";
import { commandProblems, HeadlessCredentials } from "./headlessCredentials";
import { EngineLog } from "./log/log";
import { readNamedFile, systemCode } from "./namedFile";
import { machinePolicy } from "./policy/machinePolicy";
import { ModelListCache } from "./providers/modelListCache";

/** How long running requests may go on after a signal. */
const DRAIN_MS = 10_000;

export interface LoadedConfig {
  /** As it is at once; what programs print is not in it yet. */
  readonly engine: EngineConfig;
  readonly credentials: HeadlessCredentials;
  readonly dataDir: string | undefined;
}

export type LoadResult =
  | { readonly ok: true; readonly loaded: LoadedConfig }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/**
 * Reads and validates the headless configuration file.
 * @param allowCommands whether programs may be run that print credentials
 */
export function loadConfigFile(file: string, allowCommands = false): LoadResult {
  let text: string;
  try {
    text = readNamedFile(file);
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    return { ok: false, problems: [{ path: "", message: error.message }] };
  }
  const parsed = parseConfigText(text);
  if (!parsed.ok) return parsed;
  const { config, problems: unresolved } = engineConfigFromFile(parsed.config, (name) => process.env[name]);
  const problems = allowCommands ? unresolved : [...unresolved, ...commandProblems(parsed.config)];
  if (problems.length > 0) return { ok: false, problems };
  const { dataDir } = parsed.config;
  return {
    ok: true,
    loaded: {
      engine: config,
      credentials: new HeadlessCredentials(parsed.config),
      dataDir: dataDir === undefined ? undefined : resolve(dirname(file), dataDir),
    },
  };
}

/** @returns why it cannot be made, as the system's code */
function makeFolder(path: string): string | undefined {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return undefined;
  } catch (error) {
    return systemCode(error);
  }
}

/** One line per problem: the path in the file and what is wrong. */
export function problemLines(problems: readonly ConfigProblem[]): string {
  return problems.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`)).join("\n");
}

export interface ServeOptions {
  readonly loaded: LoadedConfig;
  readonly version: string;
  readonly loadCopilot?: LoadCopilot;
  readonly host?: string;
  readonly port?: number;
  /** Gateway keys that the file does not have. */
  readonly keys?: readonly EngineGatewayKey[];
}

/** An engine of a configuration file, with its log on standard error. */
export interface HeadlessEngine {
  readonly engine: EngineService;
  readonly log: EngineLog;
  /** Gives up credentials and engine. */
  close(): Promise<void>;
}

/**
 * An engine that is configured and does not listen yet.
 * @returns undefined where its data folder cannot be made, which is said on standard error
 */
export async function openEngine({
  loaded,
  version,
  loadCopilot,
  host,
  port,
  keys = [],
}: ServeOptions): Promise<HeadlessEngine | undefined> {
  const log = new EngineLog(Date.now);
  log.onEntry(({ time, level, message }) => {
    if (level !== "debug" && level !== "trace")
      process.stderr.write(`${new Date(time).toISOString()} ${level} ${message}\n`);
  });
  const fault = loaded.dataDir === undefined ? undefined : makeFolder(loaded.dataDir);
  if (fault !== undefined) {
    process.stderr.write(`dataDir: the folder ${loaded.dataDir} cannot be made (${fault})\n`);
    return undefined;
  }
  const lists = new ModelListCache(loaded.dataDir, log);
  const { ledger, audit, secrets } = openAuditedLedger(loaded.dataDir, log);
  const administrator = machinePolicy();
  const { dataDir } = loaded;
  const parts = { version, log, ledger, audit, secrets, lists, administrator, loadCopilot, dataDir };
  const engine = new EngineService(parts);
  const { gateway } = loaded.engine;
  if (gateway.keys.length + keys.length === 0)
    log.warn("no gateway key is configured, so every request will be refused; add one under gateway.keys");
  const configure = (config: EngineConfig): Promise<void> =>
    engine.configure({
      ...config,
      gateway: {
        ...config.gateway,
        host: host ?? gateway.host,
        port: port ?? gateway.port,
        keys: [...config.gateway.keys, ...keys],
      },
    });
  const { credentials } = loaded;
  await configure(await credentials.ready());
  credentials.onChange(() => void configure(credentials.current()));
  engine.credentials.askThrough(async (providerId, label) => {
    if (!(await credentials.renew(providerId, label))) engine.credentials.kept(providerId, label);
  });
  const close = async (): Promise<void> => {
    credentials.dispose();
    await engine.close();
  };
  return { engine, log, close };
}

/** Runs the engine in the foreground until SIGTERM or SIGINT. Resolves with the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  const headless = await openEngine(options);
  if (!headless) return 2;
  const { engine, log } = headless;
  const { version, loaded } = options;
  try {
    await engine.startGateway();
  } catch (error) {
    process.stderr.write(`${logSafeText(error)}\n`);
    await headless.close();
    return 1;
  }
  const stopped = new Promise<void>((resolveStop) => {
    process.once("SIGTERM", () => resolveStop());
    process.once("SIGINT", () => resolveStop());
  });
  process.stdout.write(`${JSON.stringify({ event: "listening", url: engine.url, version })}\n`);
  await stopped;
  if (engine.running > 0) {
    log.info(`stopping: ${engine.running} running requests have up to ${DRAIN_MS / 1000} s to end`);
  }
  loaded.credentials.dispose();
  await engine.drain(DRAIN_MS);
  await headless.close();
  return 0;
}

/** Tests each provider, as `checkProviders` does. @returns whether all that are enabled work */
export async function check(
  { credentials, dataDir }: LoadedConfig,
  write: (line: string) => void,
  options: CheckOptions,
  loadCopilot?: LoadCopilot,
): Promise<boolean> {
  const log = new EngineLog(Date.now);
  const copilot = new CopilotService({ load: loadCopilot, dataDir, log, take: () => {}, monotonic: () => 0 });
  try {
    return await checkProviders(await credentials.ready(), write, options, copilot);
  } finally {
    credentials.dispose();
    await copilot.close();
  }
}
