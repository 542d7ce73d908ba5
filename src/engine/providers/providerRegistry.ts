import type { EngineConfig, EngineProvider, FaultyProvider } from "../../core/config/engineConfig";
import { logSafeText, PosternError } from "../../core/errors";
import type { ModelSource, ServedModel } from "../../core/routing/resolveModel";
import type { ModelStatus, ProviderStatus } from "../../core/rpc/contract";
import type { Log } from "../log/log";
import type { UpstreamClient } from "../relay/upstreamClient";
import { fetchModels } from "./fetchModels";

/** A provider in the running engine: what is configured, and what has been found out since. */
interface Entry {
  readonly provider: EngineProvider;
  models: readonly (ServedModel & ModelStatus)[];
  modelsFrom: ProviderStatus["modelsFrom"];
  /** Why the last call failed; cleared by the next that works. */
  failure: string | undefined;
  /** Why there is no list of models, where that is no failure. */
  note: string | undefined;
  asking: Promise<void> | undefined;
  /** When the last asking began, on the clock of `performance`. */
  askedAt: number;
}

/** A provider whose list could not be had is asked again when somebody wants it, but not more often than this. */
const ASK_AGAIN_MS = 5_000;

/** The providers of the running engine, in the order of the configuration. */
export class ProviderRegistry {
  private entries: Entry[] = [];
  private faulty: readonly FaultyProvider[] = [];

  constructor(
    private readonly upstream: UpstreamClient,
    private readonly log: Log,
    private readonly onChange: () => void,
  ) {}

  /** Takes over a new configuration; what is known of a provider that did not change is kept. */
  configure(config: Pick<EngineConfig, "providers" | "faulty">): void {
    const before = new Map(this.entries.map((entry) => [entry.provider.config.id, entry]));
    const rekeyed: Entry[] = [];
    this.faulty = config.faulty;
    this.entries = config.providers.map((provider) => {
      const known = before.get(provider.config.id);
      if (known && JSON.stringify(known.provider) === JSON.stringify(provider)) return known;
      if (known && known.modelsFrom === "provider" && isSameButCredentials(known.provider, provider)) {
        // Its list serves until the new credential has brought another.
        const renewed = { ...known, provider, failure: undefined, asking: undefined };
        rekeyed.push(renewed);
        return renewed;
      }
      return newEntry(provider);
    });
    for (const entry of this.entries)
      if (entry.modelsFrom === "pending" || rekeyed.includes(entry)) void this.ask(entry);
    this.onChange();
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
    return [...this.entries.map(statusOf), ...faulty];
  }

  /**
   * Waits until the models that are being asked for are known, at most `milliseconds`. A local server may have been
   * started since it was asked last.
   */
  async settleModels(milliseconds: number): Promise<void> {
    for (const entry of this.entries) {
      if (entry.failure !== undefined && canAsk(entry.provider) && entry.modelsFrom === "unavailable")
        if (performance.now() - entry.askedAt > ASK_AGAIN_MS) void this.ask(entry);
    }
    const asking = this.entries.flatMap(({ asking }) => (asking ? [asking] : []));
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

  /** Notes how a call went, for the tree. */
  noteResult(id: string, failure: string | undefined): void {
    const entry = this.entry(id);
    if (!entry || entry.failure === failure) return;
    entry.failure = failure;
    this.onChange();
  }

  private entry(id: string): Entry | undefined {
    return this.entries.find(({ provider }) => provider.config.id === id);
  }

  private ask(entry: Entry): Promise<void> {
    entry.askedAt = performance.now();
    entry.asking ??= this.askNow(entry).finally(() => {
      entry.asking = undefined;
      if (this.entries.includes(entry)) this.onChange();
    });
    return entry.asking;
  }

  private async askNow(entry: Entry): Promise<void> {
    const { config, credential } = entry.provider;
    const { id } = config;
    try {
      const { status, models } = await fetchModels(this.upstream, entry.provider);
      if (models) {
        entry.models = models;
        entry.modelsFrom = "provider";
        entry.failure = undefined;
        entry.note = undefined;
        return;
      }
      const refused = status === 401 || status === 403;
      const why = credential.kind === "none" ? "a key is needed" : "the key was refused";
      entry.failure = refused ? `${why} (HTTP ${status})` : undefined;
      if (!refused) entry.note = `has no list of models (HTTP ${status}); name them by hand`;
    } catch (error) {
      // The engine is ending; nothing was found out about the provider.
      if (error instanceof PosternError && error.code === "not_ready") return;
      entry.failure = error instanceof PosternError ? error.message : logSafeText(error);
    }
    if (entry.modelsFrom === "pending") entry.modelsFrom = "unavailable";
    this.log.warn(`models of provider "${id}" could not be listed: ${entry.failure ?? entry.note}`);
  }
}

/** Whether two are asked for models in the same way but for what they are authenticated with, and both can be. */
function isSameButCredentials(before: EngineProvider, after: EngineProvider): boolean {
  return JSON.stringify(before.config) === JSON.stringify(after.config) && canAsk(after);
}

function newEntry(provider: EngineProvider): Entry {
  const { models, type } = provider.config;
  const base = { provider, failure: undefined, note: undefined, asking: undefined, askedAt: 0 };
  if (models) return { ...base, models, modelsFrom: "config" };
  // Azure lists what could be deployed, not what is: only the person knows the deployments.
  if (type === "azure")
    return { ...base, models: [], modelsFrom: "unavailable", note: 'name the deployments under "models"' };
  return { ...base, models: [], modelsFrom: canAsk(provider) ? "pending" : "unavailable" };
}

function canAsk({ config, credential }: EngineProvider): boolean {
  return (
    config.models === undefined && config.type !== "azure" && config.enabled && credential.kind !== "missing"
  );
}

function statusOf({ provider, models, modelsFrom, failure, note }: Entry): ProviderStatus {
  const { config, credential } = provider;
  const shared = { id: config.id, models: models.map(modelStatus), modelsFrom };
  if (!config.enabled) return { ...shared, state: "disabled" };
  if (credential.kind === "missing") return { ...shared, state: "keyMissing", detail: credential.reason };
  if (failure !== undefined) return { ...shared, state: "failing", detail: failure };
  return { ...shared, state: "ready", ...(note === undefined ? {} : { detail: note }) };
}

function modelStatus({ id, name, contextWindow }: ModelStatus): ModelStatus {
  return {
    id,
    ...(name === undefined ? {} : { name }),
    ...(contextWindow === undefined ? {} : { contextWindow }),
  };
}
