import type { EngineProvider, LabelledCredential } from "../../core/config/engineConfig";
import {
  type CopilotAccount,
  type CopilotModel,
  type CopilotTurn,
  type CopilotUpstream,
  type DownloadProgress,
  isCopilotFault,
  type LoadCopilot,
  RUNTIME_MISSING,
} from "../../core/copilot/contract";
import { unitedModels } from "../../core/copilot/models";
import { maskedToken } from "../../core/copilot/tokens";
import { finding } from "../../core/diagnosis/finding";
import { logSafeText, PosternError } from "../../core/errors";
import type { QuotaFigure } from "../../core/governance/quota";
import type { ListedModel } from "../../core/models/listedModel";
import type { Log } from "../log/log";
import type { Target } from "../relay/target";
import type { RunTurn } from "./dispatch";

export interface CopilotServiceParts {
  /** Loads the part with the SDK; absent: this program was built without it. */
  readonly load: LoadCopilot | undefined;
  readonly dataDir: string | undefined;
  readonly log: Log;
  readonly take: (figures: readonly QuotaFigure[], from: { provider: string; credential: string }) => void;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic: () => number;
}

/** After a request the quota is asked for this much later, once for all requests until then. */
const QUOTA_AFTER_MS = 2_000;
/** An account that has no premium requests left is passed over so long, where GitHub does not say until when. */
const SPENT_MS = 60 * 60_000;
/** What came with an answer is not asked for again for so long. */
const QUOTA_KEPT_MS = 60 * 60_000;

/** The Copilot subscriptions of the running engine: their accounts, models and quotas. */
export class CopilotService {
  private loading: Promise<CopilotUpstream> | undefined;
  /** What each account may use, by provider, label and token: another token is another account. */
  private readonly lists = new Map<string, readonly CopilotModel[]>();
  private readonly asking = new Map<string, NodeJS.Timeout>();
  /** When an account's quota last came with an answer. */
  private readonly heardAt = new Map<string, number>();
  /** Until when an account has no premium requests, in milliseconds since the epoch. */
  private readonly spentUntil = new Map<string, number>();
  private providers: ReadonlyMap<string, EngineProvider> = new Map();

  constructor(private readonly parts: CopilotServiceParts) {}

  configure(providers: readonly EngineProvider[]): void {
    const mine = providers.filter(({ config }) => config.type === "copilot");
    this.providers = new Map(mine.map((provider) => [provider.config.id, provider]));
    const known = new Set(
      mine.flatMap((provider) => accountsIn(provider).map((account) => keyOf(provider.config.id, account))),
    );
    for (const kept of [this.lists, this.heardAt, this.spentUntil])
      for (const key of kept.keys()) if (!known.has(key)) kept.delete(key);
  }

  /**
   * Every model that one of the accounts may use; the quotas are asked for on the way.
   * @throws PosternError where no account could be asked
   */
  async listModels(provider: EngineProvider): Promise<readonly ListedModel[]> {
    const lists: (readonly CopilotModel[])[] = [];
    let fault: unknown;
    for (const account of accountsIn(provider)) {
      try {
        lists.push(await this.listOf(provider, account));
        this.askQuotaSoon(provider.config.id, account.label, 0);
      } catch (thrown) {
        fault ??= thrown;
        this.parts.log.warn(`provider "${provider.config.id}", account "${account.label}": ${said(thrown)}`);
      }
    }
    if (lists.length === 0 && fault !== undefined) throw providerError(provider, fault);
    return unitedModels(lists)
      .filter(({ unavailable }) => unavailable === undefined)
      .map(({ unavailable: _, ...model }) => model);
  }

  /**
   * The target with only those accounts that may use its model, and of those the one that the client has named.
   * @param named label of an account, or its token as it is shown; undefined where the client names none
   * @throws PosternError model_not_found, provider_key_missing
   */
  async withAccounts(target: Target, named: string | undefined): Promise<Target> {
    const { provider, model } = target;
    const { id } = provider.config;
    let pool = accountsIn(provider);
    if (named !== undefined) {
      pool = pool.filter(
        ({ label, credential }) => label === named || maskedToken(credential.value) === named,
      );
      if (pool.length === 0) {
        const known = accountsIn(provider)
          .map(({ label }) => label)
          .join(", ");
        throw new PosternError(
          "provider_key_missing",
          `Provider "${id}" has no account ${JSON.stringify(named.slice(0, 80))} that can be used. x-github-token-id names one of: ${known}.`,
        );
      }
    }
    const able: LabelledCredential[] = [];
    let reason: string | undefined;
    let fault: unknown;
    for (const account of pool) {
      try {
        const list = this.lists.get(keyOf(id, account)) ?? (await this.listOf(provider, account));
        const found = list.find((other) => other.id === model.id);
        if (found && found.unavailable === undefined) able.push(account);
        else reason ??= found?.unavailable;
      } catch (thrown) {
        fault ??= thrown;
        // Its request will say the same, and count against this account only.
        able.push(account);
      }
    }
    const [first] = able;
    if (!first) {
      const why = reason === undefined ? "no account of it has this model" : reason;
      throw new PosternError(
        "model_not_found",
        `The model ${JSON.stringify(model.id.slice(0, 200))} cannot be used at provider "${id}": ${why}. GET /v1/models lists what there is.`,
      );
    }
    if (fault !== undefined && able.length === 1 && isRuntimeFault(fault))
      throw providerError(provider, fault);
    // Where none has any left, GitHub says whether more may be used.
    const needsNone = model.facts?.premiumMultiplier === 0;
    const stocked = able.filter((account) => !((this.spentUntil.get(keyOf(id, account)) ?? 0) > Date.now()));
    const chosen = needsNone || stocked.length === 0 ? able : stocked;
    return {
      ...target,
      provider: { ...provider, credential: (chosen[0] ?? first).credential, pool: chosen },
    };
  }

  /** What sends a turn with the target's account. */
  turn(provider: EngineProvider, turn: CopilotTurn): RunTurn {
    const { id } = provider.config;
    const account = accountOf(provider);
    const used = accountsIn(provider).find(({ credential }) => credential.value === account.token);
    return async (sink, signal) =>
      (await this.upstream()).run(account, turn, sink, signal, (figures) => {
        if (!used || !this.providers.has(id)) return;
        this.heardAt.set(keyOf(id, used), this.parts.monotonic());
        this.take(id, used, figures);
      });
  }

  /** A request with an account has ended: its quota is another one now. */
  requestEnded(providerId: string, label: string): void {
    this.askQuotaSoon(providerId, label, QUOTA_AFTER_MS);
  }

  /** @throws PosternError */
  async download(
    registry: string | undefined,
    progress: DownloadProgress,
    signal: AbortSignal,
  ): Promise<string> {
    try {
      return await (await this.upstream()).download(registry, progress, signal);
    } catch (thrown) {
      if (isCopilotFault(thrown)) throw new PosternError("provider_unreachable", thrown.message);
      throw thrown;
    }
  }

  async close(): Promise<void> {
    for (const timer of this.asking.values()) clearTimeout(timer);
    this.asking.clear();
    const { loading } = this;
    this.loading = undefined;
    await (await loading?.catch(() => undefined))?.close();
  }

  private async listOf(
    provider: EngineProvider,
    account: LabelledCredential,
  ): Promise<readonly CopilotModel[]> {
    const upstream = await this.upstream();
    const list = await upstream.listModels({ ...accountOf(provider), token: account.credential.value });
    this.lists.set(keyOf(provider.config.id, account), list);
    return list;
  }

  private askQuotaSoon(providerId: string, label: string, afterMs: number): void {
    const account = this.accountOf(providerId, label);
    if (!account) return;
    const key = keyOf(providerId, account);
    const heardAt = this.heardAt.get(key);
    // The runtime keeps what it was told when it was asked; what came with an answer is newer.
    if (heardAt !== undefined && this.parts.monotonic() - heardAt < QUOTA_KEPT_MS) return;
    if (this.asking.has(key)) return;
    const timer = setTimeout(() => {
      this.asking.delete(key);
      void this.askQuota(providerId, label);
    }, afterMs);
    timer.unref();
    this.asking.set(key, timer);
  }

  private async askQuota(providerId: string, label: string): Promise<void> {
    const provider = this.providers.get(providerId);
    const account = this.accountOf(providerId, label);
    if (!provider || !account) return;
    try {
      const upstream = await this.upstream();
      const figures = await upstream.quota({ ...accountOf(provider), token: account.credential.value });
      if (this.providers.get(providerId) === provider) this.take(providerId, account, figures);
    } catch (thrown) {
      this.parts.log.debug(`the quota of account "${label}" is not known: ${said(thrown)}`);
    }
  }

  private take(providerId: string, account: LabelledCredential, figures: readonly QuotaFigure[]): void {
    this.parts.take(figures, { provider: providerId, credential: account.label });
    const premium = figures.find(({ unit }) => unit === "premiumRequests");
    const until = premium?.remaining === 0 ? (premium.resetsAt ?? Date.now() + SPENT_MS) : 0;
    if (premium) this.spentUntil.set(keyOf(providerId, account), until);
  }

  private accountOf(providerId: string, label: string): LabelledCredential | undefined {
    const provider = this.providers.get(providerId);
    return provider && accountsIn(provider).find((account) => account.label === label);
  }

  private upstream(): Promise<CopilotUpstream> {
    const { load, dataDir, log } = this.parts;
    if (!load) throw new PosternError("provider_faulty", "This program was built without GitHub Copilot.");
    this.loading ??= load().then(({ createCopilotUpstream }) =>
      createCopilotUpstream({
        dataDir,
        log: { info: (text) => log.info(text), warn: (text) => log.warn(text) },
      }),
    );
    this.loading.catch(() => {
      this.loading = undefined;
    });
    return this.loading;
  }
}

/** The accounts that can be used, also where there is but one. */
function accountsIn({ credential, pool }: EngineProvider): readonly LabelledCredential[] {
  if (pool && pool.length > 0) return pool;
  return "value" in credential ? [{ label: "default", credential }] : [];
}

function accountOf({ config, credential }: EngineProvider): CopilotAccount {
  return {
    baseUrl: config.baseUrl,
    cliPath: config.copilot?.cliPath,
    token: "value" in credential ? credential.value : "",
  };
}

function keyOf(providerId: string, { label, credential }: LabelledCredential): string {
  return `${providerId}\0${label}\0${credential.value}`;
}

function said(thrown: unknown): string {
  return isCopilotFault(thrown) ? thrown.message : logSafeText(thrown);
}

/** Not about the account: without a runtime, no account can be used. */
function isRuntimeFault(thrown: unknown): boolean {
  return (
    isCopilotFault(thrown) &&
    (thrown.error.code === "provider_unreachable" || thrown.error.code === RUNTIME_MISSING)
  );
}

function providerError({ config }: EngineProvider, thrown: unknown): PosternError {
  if (thrown instanceof PosternError) return thrown;
  const text = `Provider "${config.id}": ${said(thrown)}`;
  if (!isCopilotFault(thrown) || thrown.error.code !== RUNTIME_MISSING)
    return new PosternError("provider_unreachable", text);
  const remedy = {
    kind: "runCommand",
    label: "Download Runtime",
    command: "postern.downloadCopilotRuntime",
  } as const;
  return new PosternError("provider_unreachable", text, {
    finding: finding("runtime_not_running", said(thrown), remedy, { kind: "tryAgain" }),
  });
}
