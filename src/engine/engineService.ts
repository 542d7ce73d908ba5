import type { Readable, Writable } from "node:stream";
import type { AgentModel } from "../core/agent/contract";
import { agentModels } from "../core/agent/models";
import type { EngineConfig, EngineGatewayKey, EngineProvider } from "../core/config/engineConfig";
import { auditSchema } from "../core/config/schema";
import type { LoadCopilot } from "../core/copilot/contract";
import type { EngineFacts } from "../core/diagnosis/facts";
import type { ProbeResult } from "../core/diagnosis/probes";
import { logSafeText, PosternError } from "../core/errors";
import type { Caller } from "../core/governance/caller";
import type { ModelChoice } from "../core/governance/keyModels";
import type { PolicyExplanation } from "../core/governance/policy/explain";
import { factsOf } from "../core/governance/policy/facts";
import type { WireProtocol } from "../core/protocols/wire";
import { preferredProtocol } from "../core/providers/spoken";
import { decided, resolveModel } from "../core/routing/resolveModel";
import type { PolicyQuestion } from "../core/rpc/audit";
import {
  type EngineStatus,
  LEDGER_NOTICE,
  type LogEntry,
  type ProbeParams,
  type TestResult,
} from "../core/rpc/contract";
import type { AuditService } from "./audit/auditService";
import { CopilotService } from "./copilot/copilotService";
import { copilotProbe, testCopilot } from "./diagnosis/copilotProbe";
import { engineFacts } from "./diagnosis/engineFacts";
import { testProvider } from "./diagnosis/listProbe";
import { runProbe } from "./diagnosis/runProbe";
import { GatewayListener } from "./gateway/gatewayListener";
import { GatewayServer } from "./gateway/gatewayServer";
import { KeyRing } from "./gateway/keyRing";
import { RequestHandler } from "./gateway/requestHandler";
import { BalanceWatch } from "./governance/balanceWatch";
import { GitOrigins } from "./governance/gitOrigins";
import { LimitsGovernor } from "./governance/limitsGovernor";
import { Permits } from "./governance/permits";
import { Pricing } from "./governance/pricing";
import { RunningByKey } from "./governance/runningRequests";
import type { Ledger } from "./ledger/ledger";
import type { Log } from "./log/log";
import { McpService } from "./mcp/mcpService";
import { loadCatalogue } from "./models/loadCatalogue";
import type { HandlePrivately } from "./pipe/privateHttp";
import type { AdministratorPolicy } from "./policy/administratorPolicy";
import { askedCaller } from "./policy/askedCaller";
import { type Candidate, PolicyService } from "./policy/policyService";
import { PolicyWarnings } from "./policy/policyWarnings";
import { RepositoryPolicies } from "./policy/repositoryPolicies";
import type { CredentialRefresh } from "./providers/credentialRefresh";
import { CredentialRefreshHub } from "./providers/credentialRefreshHub";
import { fetchJson } from "./providers/fetchJson";
import type { ModelListCache } from "./providers/modelListCache";
import { ProviderRegistry } from "./providers/providerRegistry";
import { Operations } from "./relay/operations";
import type { RelayOptions } from "./relay/responseRelay";
import { Sender } from "./relay/sender";
import { StoredResponses } from "./relay/storedResponses";
import { UpstreamClient } from "./relay/upstreamClient";
import { Attempts } from "./routing/attempts";
import { Health } from "./routing/health";
import { withHealth } from "./routing/providerHealth";
import { Router } from "./routing/router";
import { Stickiness } from "./routing/stickiness";
import { SecretDetector } from "./secrets/secretDetector";
import { StatusTeller } from "./statusTeller";
import { systemClock } from "./systemClock";

/** How long a request that was cut may take to say so. */
const CUT_MS = 1_000;

export interface EngineParts {
  readonly version: string;
  readonly log: Log;
  readonly ledger: Ledger;
  /** Keeps what the settings want kept of requests; absent: nothing but the ledger. */
  readonly audit?: AuditService;
  /** Shared with the audit; absent: one of its own. */
  readonly secrets?: SecretDetector;
  /** The policy of the machine's administrator; absent: there is none. */
  readonly administrator?: Pick<AdministratorPolicy, "source">;
  /** Renews credentials that expire. */
  readonly refresh?: CredentialRefresh;
  readonly lists: ModelListCache;
  /** Loads the part with Copilot's SDK; absent: providers of that type cannot be used. */
  readonly loadCopilot?: LoadCopilot | undefined;
  /** For what is downloaded; absent: nothing is. */
  readonly dataDir?: string | undefined;
  /** How long is waited for what; tests cannot. */
  readonly waits?: Pick<RelayOptions, "silenceMs" | "stalledMs">;
}

/** The engine itself, the same whether windows drive it through the pipe or a file does on the command line. */
export class EngineService {
  private readonly upstream = new UpstreamClient();
  /** Gets another credential in place of one that a provider has refused. */
  readonly credentials: CredentialRefreshHub;
  private readonly registry: ProviderRegistry;
  readonly copilot: CopilotService;
  private readonly operations: Operations;
  private readonly handler: RequestHandler;
  private readonly mcp: McpService;
  private readonly pricing: Pricing;
  private readonly limits: LimitsGovernor;
  private readonly balances: BalanceWatch;
  private readonly secrets: SecretDetector;
  private readonly policy: PolicyService;
  /** Warnings of policy rules, for the windows. */
  readonly warnings = new PolicyWarnings(() => performance.now());
  private readonly health: Health;
  private readonly router: Router;
  private readonly server: GatewayServer;
  private readonly listener: GatewayListener;
  private keys: KeyRing;
  /** What is running, by gateway key. */
  readonly runningByKey = new RunningByKey();
  private readonly origins = new GitOrigins(() => performance.now());
  private catalogue: Promise<void> | undefined;
  private config: EngineConfig | undefined;
  /** Each provider as it was configured last. */
  private readonly known = new Map<string, string>();
  private readonly configured = new Set<(config: EngineConfig) => void>();
  private readonly teller = new StatusTeller(() => this.status());
  /** The ledger's notices that a window has told. */
  private readonly toldOfLedger = new Set<string>();
  /** Until when running requests may go on, as performance.now(). */
  private drainUntil = Number.POSITIVE_INFINITY;

  constructor(private readonly parts: EngineParts) {
    const tell = this.teller.tellSoon;
    this.keys = this.keyRing([]);
    const modelsChanged = () => {
      this.pricing.forget();
      tell();
    };
    const { log, waits = {} } = parts;
    this.copilot = new CopilotService({
      load: parts.loadCopilot,
      dataDir: parts.dataDir,
      log,
      take: (figures, from) => this.limits.takeQuotas(figures, from),
      monotonic: () => performance.now(),
    });
    this.registry = new ProviderRegistry({
      copilot: this.copilot,
      upstream: this.upstream,
      log,
      cache: parts.lists,
      now: Date.now,
      onChange: modelsChanged,
    });
    this.credentials = new CredentialRefreshHub((id) => this.registry.get(id), systemClock);
    this.pricing = new Pricing(this.registry);
    this.limits = this.governorOn(parts.ledger);
    this.balances = new BalanceWatch({
      get: (provider, url) => fetchJson(this.upstream, provider, url),
      take: (figures, from) => this.limits.takeQuotas(figures, from),
      monotonic: () => performance.now(),
      log,
    });
    const administrator = parts.administrator ?? { source: async () => undefined };
    this.secrets = parts.secrets ?? new SecretDetector();
    this.policy = new PolicyService(administrator, new RepositoryPolicies(), this.secrets);
    this.health = new Health(() => performance.now(), tell);
    const stickiness = new Stickiness(() => performance.now());
    this.router = new Router(this.registry, this.health, stickiness, {
      random: Math.random,
      priceOf: (key) => this.priceOf(key),
    });
    const limits = () => this.router.routing;
    const stored = new StoredResponses(this.registry);
    this.operations = new Operations({
      registry: this.registry,
      router: this.router,
      attempts: new Attempts(this.health, parts.refresh ?? this.credentials, limits, () => performance.now()),
      sender: new Sender(this.upstream, stored, this.copilot, waits),
      copilot: this.copilot,
      stored,
      stickiness,
      permits: new Permits({
        governor: this.limits,
        policy: this.policy,
        secrets: this.secrets,
        pricing: this.pricing,
        audit: parts.audit,
        warnings: this.warnings,
      }),
      running: this.runningByKey,
      log,
      onChange: tell,
    });
    const facts = {
      version: parts.version,
      address: () => this.server.address ?? { host: "", port: -1 },
      keys: () => this.keys,
      routes: () => this.router.offered(),
      quotas: () => this.limits.quotasNow(),
      allows: (caller: Caller, choice: ModelChoice) => this.limits.allows(caller, choice),
    };
    this.mcp = new McpService({
      version: parts.version,
      handle: (...request) => this.handlePrivately(...request),
      sources: () => this.registry.sources(),
      settleModels: (milliseconds) => this.registry.settleModels(milliseconds),
      routes: () => facts.routes().map(({ id }) => id),
      allows: facts.allows,
      limits: () => this.limits.status(),
    });
    this.handler = new RequestHandler(facts, this.registry, this.operations, this.mcp, parts.log);
    this.server = new GatewayServer((request, response) => void this.handler.handle(request, response));
    const listening = {
      place: () => this.config?.gateway,
      hasKeys: () => this.keys.size > 0,
      isLeaving: () => this.drainUntil < Number.POSITIVE_INFINITY,
    };
    this.listener = new GatewayListener(this.server, listening, log, tell);
  }

  /** Serves a request of a window's own, whether the gateway listens or not. */
  readonly handlePrivately: HandlePrivately = (request, response, identify) => {
    void this.handler.handle(request, response, identify);
  };

  /**
   * Speaks MCP over a pair of streams until the input ends, on behalf of a gateway key, with all its limits.
   * @throws PosternError unauthorized where there is none of this name that is accepted
   */
  async serveMcp(keyName: string, input: Readable, output: Writable, signal: AbortSignal): Promise<void> {
    const caller = (): Caller => {
      const known = this.keys.named(keyName);
      if (known) return known;
      const text = `The gateway key "${keyName}" is unknown, disabled or has expired.`;
      throw new PosternError("unauthorized", text);
    };
    caller();
    await this.mcp.serveStdio(caller, input, output, signal);
  }

  /** Takes over a configuration; running requests finish as they began. */
  async configure(config: EngineConfig): Promise<void> {
    const before = this.config?.gateway;
    this.config = config;
    this.parts.ledger.configure(config.ledger);
    this.upstream.setNetwork(config.network);
    this.keys = this.keyRing(config.gateway.keys);
    this.operations.setLimit(config.gateway.maxRunning);
    this.catalogue ??= this.readCatalogue();
    await this.catalogue;
    this.copilot.configure(config.providers);
    this.registry.configure(config);
    this.credentials.configured();
    this.router.configure(config.routes, config.routing);
    this.forgetChanged(config.providers);
    this.limits.configure(config);
    this.balances.configure(config.providers, config.balances ?? false);
    this.secrets.configure(config);
    this.policy.configure(config.policy ?? { rules: [] });
    this.parts.audit?.configure(config.audit ?? auditSchema.parse({}), this.parts.ledger.unwritten);
    for (const listener of this.configured) listener(config);
    const moved = before && (before.host !== config.gateway.host || before.port !== config.gateway.port);
    if (moved || this.listener.isUnguarded) await this.listener.move();
  }

  /** Whose key or address has changed is no longer left alone for what the old one did. */
  private forgetChanged(providers: readonly EngineProvider[]): void {
    for (const provider of providers) {
      const text = JSON.stringify(provider);
      const { id } = provider.config;
      if (this.known.get(id) !== text) this.health.forget(id);
      this.known.set(id, text);
    }
  }

  /** Without it models work all the same; less is known of them. */
  private async readCatalogue(): Promise<void> {
    try {
      this.registry.setCatalogue(await loadCatalogue());
    } catch (error) {
      this.parts.log.error(`the catalogue of models cannot be read: ${logSafeText(error)}`);
    }
  }

  /** @throws PosternError not_ready, port_in_use, listen_failed, open_without_key */
  startGateway(): Promise<void> {
    return this.listener.start();
  }

  stopGateway(): Promise<void> {
    return this.listener.stop();
  }

  refreshModels(providerId: string): Promise<void> {
    return this.registry.refresh(providerId);
  }

  testProvider(provider: EngineProvider, signal: AbortSignal): Promise<TestResult> {
    if (provider.config.type === "copilot") return testCopilot(this.copilot, provider);
    return testProvider(this.upstream, provider, { signal });
  }

  /** Costs some tokens; the person was asked. */
  runProbe({ provider, probe, model }: ProbeParams, signal: AbortSignal): Promise<ProbeResult> {
    if (provider.config.type === "copilot") return Promise.resolve(copilotProbe(probe));
    return runProbe(this.upstream, provider, probe, model, { signal });
  }

  /** What the agent may work with. */
  agentModels(): AgentModel[] {
    return agentModels(
      this.registry.sources(),
      this.router.offered().map(({ id }) => id),
    );
  }

  /** The protocol in which a model is asked without being translated; for a route, any would do. */
  protocolOf(model: string): WireProtocol {
    const found = decided(resolveModel(model, this.registry.sources()));
    const provider = found.kind === "found" ? this.registry.get(found.providerId) : undefined;
    return provider ? preferredProtocol(provider.config) : "chat";
  }

  /** Waits until the models that are being asked for are known, a few seconds at most. */
  settleModels(): Promise<void> {
    return this.registry.settleModels(5_000);
  }

  /** @param log the latest entries */
  facts(log: readonly LogEntry[]): EngineFacts {
    return engineFacts(this.status(), this.config?.network ?? {}, log);
  }

  /** @returns whether the window that asks is the one to tell the notice */
  claimNotice(id: string): boolean {
    if (!id.startsWith(LEDGER_NOTICE)) return this.limits.claimNotice(id);
    const first = !this.toldOfLedger.has(id);
    this.toldOfLedger.add(id);
    return first;
  }

  /** Where the gateway listens, e.g. `http://127.0.0.1:4141`; undefined while it does not. */
  get url(): string | undefined {
    return this.server.url;
  }

  get running(): number {
    return this.operations.running;
  }

  get ledger(): Ledger {
    return this.parts.ledger;
  }

  /** @throws PosternError not_ready where there is none */
  get audit(): AuditService {
    if (!this.parts.audit) throw new PosternError("not_ready", "This engine keeps no audit.");
    return this.parts.audit;
  }

  /**
   * What the policy would say of a request; nothing is sent.
   * @throws PosternError invalid_request for a gateway key that is not there
   */
  async explainPolicy(question: PolicyQuestion): Promise<PolicyExplanation> {
    const caller = askedCaller(question, this.config?.gateway.keys ?? [], (folder) =>
      this.origins.origin(folder),
    );
    const secrets = question.text === undefined ? [] : (await this.secrets.redactText(question.text)).kinds;
    const facts = { ...factsOf(caller, question.task), secrets };
    return this.policy.explain(facts, this.candidateOf(question.model));
  }

  private candidateOf(model: string | undefined): Candidate | undefined {
    const found = model === undefined ? undefined : decided(resolveModel(model, this.registry.sources()));
    const provider = found?.kind === "found" ? this.registry.get(found.providerId) : undefined;
    return found?.kind === "found" && provider
      ? { provider: provider.config, model: found.model.id }
      : undefined;
  }

  status(): EngineStatus {
    return {
      version: this.parts.version,
      pid: process.pid,
      gateway: this.listener.state,
      providers: this.registry
        .statuses()
        .map((status) => withHealth(status, this.registry.get(status.id), this.health)),
      routes: this.router.status(),
      usage: this.parts.ledger.usageToday(),
      ledger: this.parts.ledger.status(),
      gatewayKeys: this.keys.size,
      running: this.operations.running,
      limits: this.limits.status(),
    };
  }

  /** @returns a function that ends the listening */
  onStatus(listener: (status: EngineStatus) => void): () => void {
    return this.teller.add(listener);
  }

  onConfigured(listener: (config: EngineConfig) => void): void {
    this.configured.add(listener);
  }

  /**
   * Takes nothing new, and waits until what is running has ended, at most `milliseconds`. Called again, the shorter
   * wait counts.
   */
  async drain(milliseconds: number): Promise<void> {
    this.drainUntil = Math.min(this.drainUntil, performance.now() + milliseconds);
    this.server.stopListening();
    while (this.operations.running > 0 && performance.now() < this.drainUntil) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Cuts what is left and writes what is not written yet. */
  async close(): Promise<void> {
    this.teller.close();
    this.server.stop();
    this.registry.close();
    await this.upstream.destroy();
    await this.copilot.close();
    const until = performance.now() + CUT_MS;
    while (this.operations.running > 0 && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await this.parts.audit?.close();
    this.parts.ledger.close();
  }

  private keyRing(keys: readonly EngineGatewayKey[]): KeyRing {
    return new KeyRing(keys, {
      now: Date.now,
      origin: (folder) => this.origins.origin(folder),
      refused: (name, why) => this.parts.log.info(`the gateway key "${name}" was sent, but is ${why}`),
    });
  }

  private governorOn(ledger: Ledger): LimitsGovernor {
    return new LimitsGovernor({
      book: {
        transaction: (work) => ledger.transaction(work),
        totals: (scope, range) => ledger.totals(scope, range),
        held: (scope, range) => ledger.held(scope, range),
        opened: (request) => ledger.opened(request),
        append: (record) => {
          ledger.append(record);
          if (record.provider === undefined) return;
          void this.balances.requestEnded(record.provider);
          if (record.credential !== undefined) this.copilot.requestEnded(record.provider, record.credential);
        },
      },
      log: this.parts.log,
      now: Date.now,
      monotonic: () => performance.now(),
      changed: this.teller.tellSoon,
    });
  }

  private priceOf(key: string): number | undefined {
    const [id = ""] = key.split("/", 1);
    const provider = this.registry.get(id);
    const model = { id: key.slice(id.length + 1) };
    return provider && this.pricing.perMillion({ provider, model }, Date.now());
  }
}
