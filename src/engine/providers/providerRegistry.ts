import type { EngineConfig, EngineProvider, FaultyProvider } from "../../core/config/engineConfig";
import type { Finding } from "../../core/diagnosis/finding";
import { logSafeText, PosternError } from "../../core/errors";
import type { Catalogue } from "../../core/models/catalogue";
import { NO_FACTS } from "../../core/models/facts";
import { type ListedModel, withEarlierFacts } from "../../core/models/listedModel";
import type { FactsLookup } from "../../core/models/providerModels";
import { oneModel, type ProviderModel, providerModels } from "../../core/models/providerModels";
import { isLocalAddress } from "../../core/providers/baseUrl";
import type { ModelSource } from "../../core/routing/resolveModel";
import type { ProviderStatus } from "../../core/rpc/contract";
import type { CopilotService } from "../copilot/copilotService";
import type { Log } from "../log/log";
import type { UpstreamClient } from "../relay/upstreamClient";
import { fetchDetails, fetchModels } from "./fetchModels";
import type { ModelListCache } from "./modelListCache";
import {
  canAsk,
  isOld,
  NOTHING_KNOWN,
  newEntry,
  type ProviderEntry,
  setModels,
  statusOf,
} from "./providerEntry";

/** A provider whose list could not be had is asked again when somebody wants it, but not more often than this. */
const ASK_AGAIN_MS = 5_000;
/** How often is looked for lists that have become old, and for prices that begin or end. */
const LOOK_MS = 10 * 60_000;
/** Prices change from one minute to the next. */
const MINUTE_MS = 60_000;

/** As other tools address a Copilot subscription's models. */
const COPILOT_PREFIXES = ["copilot", "github"];

export interface RegistryParts {
  readonly upstream: UpstreamClient;
  readonly log: Log;
  readonly cache: ModelListCache;
  /** Asked for the models of subscriptions; absent: there are none. */
  readonly copilot?: Pick<CopilotService, "listModels">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Called when a status has changed. */
  readonly onChange: () => void;
  /** How long a provider's list may take, and what it tells beside it, in milliseconds; another than usual in tests. */
  readonly limitMs?: number;
}

/** The providers of the running engine, in the order of the configuration. */
export class ProviderRegistry {
  private entries: ProviderEntry[] = [];
  private faulty: readonly FaultyProvider[] = [];
  private catalogue: Catalogue | undefined;
  private readonly looking: NodeJS.Timeout;

  constructor(private readonly parts: RegistryParts) {
    this.looking = setInterval(() => this.look(), LOOK_MS).unref();
  }

  /** What is known of models without asking anybody; until it is there, nothing is. */
  setCatalogue(catalogue: Catalogue): void {
    this.catalogue = catalogue;
    for (const entry of this.entries) this.workOut(entry);
  }

  close(): void {
    clearInterval(this.looking);
  }

  /** Takes over a new configuration; what is known of a provider that did not change is kept. */
  configure(config: Pick<EngineConfig, "providers" | "faulty">): void {
    const before = new Map(this.entries.map((entry) => [entry.provider.config.id, entry]));
    this.faulty = config.faulty;
    this.entries = config.providers.map((provider) => {
      const known = before.get(provider.config.id);
      if (known && JSON.stringify(known.provider) === JSON.stringify(provider)) return known;
      const entry = newEntry(provider, this.parts.cache.get(provider));
      this.workOut(entry);
      return entry;
    });
    for (const entry of this.entries)
      if (entry.modelsFrom === "pending" || isOld(entry, this.parts.now())) void this.ask(entry);
    this.parts.onChange();
  }

  get(id: string): EngineProvider | undefined {
    return this.entry(id)?.provider;
  }

  faultOf(id: string): FaultyProvider | undefined {
    return this.faulty.find((provider) => provider.id === id);
  }

  sources(): ModelSource[] {
    return this.entries.map(({ provider, models, modelsFrom }) => ({
      id: provider.config.id,
      enabled: provider.config.enabled,
      models,
      listIsComplete: modelsFrom === "config",
      pending: modelsFrom === "pending",
      ...(provider.config.type === "copilot" ? { aliases: COPILOT_PREFIXES } : {}),
    }));
  }

  statuses(): ProviderStatus[] {
    const faulty = this.faulty.map(
      ({ id, problems }): ProviderStatus => ({
        id,
        state: "faulty",
        detail: problems.map(({ path, message }) => `${path} ${message}`).join("; "),
        problems,
        models: [],
        modelsFrom: "unavailable",
      }),
    );
    const now = this.parts.now();
    return [...this.entries.map((entry) => statusOf(entry, now)), ...faulty];
  }

  /**
   * A model of a provider with what is known of it, at a moment in milliseconds since the epoch: prices change. A model
   * that is not listed is looked up all the same.
   */
  model(providerId: string, modelId: string, at: number): ProviderModel | undefined {
    const entry = this.entry(providerId);
    if (!entry) return undefined;
    const minute = Math.floor(at / MINUTE_MS);
    if (entry.known.minute !== minute) entry.known = { minute, models: new Map() };
    const { models } = entry.known;
    const found = models.get(modelId) ?? oneModel(modelId, entry, this.lookUp(entry, minute * MINUTE_MS));
    models.set(modelId, found);
    return found;
  }

  /**
   * Waits until the models that are being asked for are known, at most `milliseconds`. A local server may have been
   * started since it was asked last, or got another model; who has listed its models elsewhere is not waited for.
   */
  async settleModels(milliseconds: number): Promise<void> {
    for (const entry of this.entries) {
      const { provider, failure, modelsFrom, askedAt } = entry;
      const missing = failure !== undefined && canAsk(provider) && modelsFrom === "unavailable";
      if (!missing && !isOld(entry, this.parts.now())) continue;
      if (performance.now() - askedAt > ASK_AGAIN_MS) void this.ask(entry);
    }
    const asking = this.entries.flatMap(({ provider, modelsFrom, asking }) => {
      const wanted = modelsFrom !== "provider" || isLocalAddress(provider.config.baseUrl);
      return asking && wanted ? [asking] : [];
    });
    if (asking.length === 0) return;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([Promise.all(asking), limit]);
    clearTimeout(timer);
  }

  /** Asks a provider for its models again; the old list serves until the new one is there. */
  async refresh(id: string): Promise<void> {
    const entry = this.entry(id);
    if (entry && entry.provider.config.models === undefined) await this.ask(entry);
  }

  /** Notes how a call went, for the tree: what failed, if anything did. */
  noteResult(id: string, result: Finding | string | undefined): void {
    const entry = this.entry(id);
    const failure = typeof result === "object" ? result.sentence : result;
    if (!entry || entry.failure === failure) return;
    entry.failure = failure;
    entry.finding = typeof result === "object" ? result : undefined;
    this.parts.onChange();
  }

  private look(): void {
    for (const entry of this.entries) {
      this.workOut(entry);
      if (isOld(entry, this.parts.now()) && !entry.asking) void this.ask(entry);
    }
  }

  private workOut(entry: ProviderEntry): void {
    entry.known = NOTHING_KNOWN;
    setModels(
      entry,
      providerModels(entry.provider.config, entry.listed, this.lookUp(entry, this.parts.now())),
    );
  }

  private lookUp({ provider }: ProviderEntry, at: number): FactsLookup {
    const { baseUrl } = provider.config;
    return (modelId, baseModel) => this.catalogue?.facts({ baseUrl, modelId, baseModel, at }) ?? NO_FACTS;
  }

  private entry(id: string): ProviderEntry | undefined {
    return this.entries.find(({ provider }) => provider.config.id === id);
  }

  private ask(entry: ProviderEntry): Promise<void> {
    entry.askedAt = performance.now();
    entry.asking ??= this.askNow(entry).finally(() => {
      entry.asking = undefined;
      if (this.entries.includes(entry)) this.parts.onChange();
    });
    return entry.asking;
  }

  private listed(entry: ProviderEntry, models: readonly ListedModel[]): void {
    entry.listed = models;
    entry.listedAt = this.parts.now();
    entry.modelsFrom = "provider";
    entry.failure = undefined;
    entry.finding = undefined;
    entry.note = undefined;
    this.workOut(entry);
    this.parts.onChange();
  }

  private async askNow(entry: ProviderEntry): Promise<void> {
    const { id, type } = entry.provider.config;
    try {
      if (type === "copilot") {
        this.listed(entry, (await this.parts.copilot?.listModels(entry.provider)) ?? []);
        this.parts.cache.set(entry.provider, { listedAt: this.parts.now(), models: entry.listed });
        return;
      }
      const { upstream, limitMs } = this.parts;
      const answer = await fetchModels(upstream, entry.provider, limitMs);
      const { status } = answer;
      if (answer.models) {
        const listedAt = this.parts.now();
        // Until it tells more, it is taken to be as it was: what is offered must not change back and forth.
        const before = entry.listed;
        this.listed(entry, withEarlierFacts(answer.models, before));
        const { models, tooSlow } = await fetchDetails(upstream, entry.provider, answer, limitMs);
        entry.listed = tooSlow ? withEarlierFacts(models, before) : models;
        if (tooSlow) {
          entry.note = "took too long to tell about its models; what is known of them is used";
          this.parts.log.warn(`provider "${id}" ${entry.note}`);
        }
        this.workOut(entry);
        this.parts.cache.set(entry.provider, { listedAt, models: entry.listed });
        return;
      }
      const { finding } = answer;
      // A provider without a list works where its models are named.
      const lacking = finding === undefined || finding.code === "no_model_list";
      entry.finding = lacking ? undefined : finding;
      entry.failure = entry.finding?.sentence;
      if (lacking) entry.note = `has no list of models (HTTP ${status}); name them by hand`;
    } catch (error) {
      // The engine is ending; nothing was found out about the provider.
      if (error instanceof PosternError && error.code === "not_ready") return;
      entry.finding = error instanceof PosternError ? error.finding : undefined;
      entry.failure = error instanceof PosternError ? error.message : logSafeText(error);
    }
    if (entry.modelsFrom === "pending") entry.modelsFrom = "unavailable";
    this.parts.log.warn(`models of provider "${id}" could not be listed: ${entry.failure ?? entry.note}`);
  }
}
