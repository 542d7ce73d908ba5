import type { EngineConfig, EngineGatewayKey } from "../../core/config/engineConfig";
import { logSafeText, PosternError } from "../../core/errors";
import type { Caller } from "../../core/governance/caller";
import { judgeLimit } from "../../core/governance/judgeLimit";
import { mayUse } from "../../core/governance/keyModels";
import { amountIn, heldIn, type Limit, limitsOf } from "../../core/governance/limits";
import type { Held, OpenRequest, RequestBeginning } from "../../core/governance/openRequest";
import { periodRange } from "../../core/governance/period";
import type { ProviderQuota } from "../../core/governance/quota";
import { quotasInHeaders } from "../../core/governance/quotaHeaders";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { sameScope, scopesOf } from "../../core/governance/spend";
import type { LimitsStatus } from "../../core/rpc/limitsStatus";
import type { Log } from "../log/log";
import { chargedRecord } from "./chargedRecord";
import type {
  GovernedRequest,
  GovernedTarget,
  Governor,
  ObservedAnswer,
  RequestEstimate,
  Reservation,
} from "./governor";
import { KeyRates } from "./keyRates";
import { LimitNotices } from "./limitNotices";
import { limitsStatus } from "./limitsStatus";
import { QuotaBook } from "./quotaBook";
import type { SpendBook, SpendView } from "./spendBook";

export interface GovernorParts {
  readonly book: SpendBook;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic: () => number;
  /** Something that a status tells has changed. */
  readonly changed?: () => void;
}

/** What is set aside for a request that is running. */
class Running implements Reservation {
  settled = false;

  constructor(
    readonly beginning: RequestBeginning,
    public open: OpenRequest,
    public warnings: readonly string[],
  ) {}

  get requestId(): string {
    return this.beginning.id;
  }
}

/** Limits of gateway keys and budgets, against the ledger. */
export class LimitsGovernor implements Governor {
  private limits: readonly Limit[] = [];
  private keys: ReadonlyMap<string, EngineGatewayKey> = new Map();
  private hosts: ReadonlyMap<string, string> = new Map();
  /** Ids of the providers that cannot be used at present, too. */
  private providers: ReadonlySet<string> = new Set();
  private readonly rates: KeyRates;
  private readonly quotas: QuotaBook;
  private readonly notices = new LimitNotices();

  constructor(private readonly parts: GovernorParts) {
    this.rates = new KeyRates(parts.monotonic);
    this.quotas = new QuotaBook(parts.now);
  }

  /** What is set from now on; requests that are running stay let through. */
  configure({ budgets = [], gateway, providers, faulty }: EngineConfig): void {
    this.limits = limitsOf(budgets, gateway.keys);
    this.keys = new Map(gateway.keys.map((key) => [key.name, key]));
    this.hosts = new Map(providers.map(({ config }) => [config.id, hostOf(config.baseUrl)]));
    this.providers = new Set([...this.hosts.keys(), ...faulty.map(({ id }) => id)]);
    this.quotas.keepOnly(new Set(this.hosts.keys()));
  }

  allows(caller: Caller, target: Pick<GovernedTarget, "provider" | "model" | "route">): boolean {
    return mayUse(this.keyOf(caller)?.models, target, (id) => this.providers.has(id));
  }

  admit({ record, ...target }: GovernedRequest): Reservation {
    this.assertAllowed(record.caller, target);
    const key = this.keyOf(record.caller);
    const tokens = tokensIn(target.estimate);
    if (key) this.rates.check(key, tokens);
    const open = openRequest(record, target);
    const warnings = this.hold(open, target.estimate, undefined);
    if (key) this.rates.add(key, record.id, tokens);
    return new Running(record, open, warnings);
  }

  retarget(reservation: Reservation, target: GovernedTarget): void {
    const running = runningOf(reservation);
    if (!running || running.settled)
      throw new PosternError("internal", "A request was sent on after it had been settled.");
    const { beginning } = running;
    this.assertAllowed(beginning.caller, target);
    const open = openRequest(beginning, target);
    running.warnings = this.hold(open, target.estimate, running.open);
    running.open = open;
    this.rates.correct(beginning.caller.name, beginning.id, tokensIn(target.estimate));
  }

  settle(reservation: Reservation | undefined, record: RequestRecord): void {
    try {
      const running = runningOf(reservation);
      if (reservation && (!running || running.settled)) return;
      if (running) running.settled = true;
      const charged = running ? chargedRecord(record, running.open) : record;
      this.parts.book.append(charged);
      if (running) {
        const { inputTokens = 0, outputTokens = 0 } = charged.usage ?? {};
        this.rates.correct(record.caller.name, record.id, inputTokens + outputTokens);
      }
      this.parts.changed?.();
    } catch (error) {
      this.parts.log.error(`a request could not be settled: ${logSafeText(error)}`);
    }
  }

  observe({ provider, model, credential, headers }: ObservedAnswer): void {
    try {
      const host = this.hosts.get(provider);
      if (host === undefined) return;
      const figures = quotasInHeaders(headers, host, this.parts.now());
      if (figures.length === 0) return;
      this.quotas.take(figures, { provider, credential, ...(model === undefined ? {} : { model }) });
      this.parts.changed?.();
    } catch (error) {
      this.parts.log.warn(`a provider's limits could not be read: ${logSafeText(error)}`);
    }
  }

  /** Figures of a provider that did not come with an answer: its balance. */
  takeQuotas(...args: Parameters<QuotaBook["take"]>): void {
    this.quotas.take(...args);
    this.parts.changed?.();
  }

  /** What providers have said that is left, as far as it still counts. */
  quotasNow(): ProviderQuota[] {
    return this.quotas.current();
  }

  status(): LimitsStatus {
    const at = this.parts.now();
    const status = limitsStatus(this.parts.book, this.limits, at);
    this.notices.follow(status.limits, at);
    const quotas = this.quotas.current();
    this.notices.quotas(quotas, at);
    return {
      ...status,
      rates: this.rates.status([...this.keys.values()]),
      quotas,
      notices: this.notices.pending(),
      at,
    };
  }

  /** A window wants to tell a notice. @returns whether it is the first one that does */
  claimNotice(id: string): boolean {
    const first = this.notices.claim(id);
    if (first) this.parts.changed?.();
    return first;
  }

  private keyOf(caller: Caller): EngineGatewayKey | undefined {
    return caller.kind === "gatewayKey" ? this.keys.get(caller.name) : undefined;
  }

  private assertAllowed(caller: Caller, target: GovernedTarget): void {
    if (this.allows(caller, target)) return;
    const allowed = this.keyOf(caller)?.models?.join(", ") ?? "";
    throw new PosternError(
      "model_not_allowed",
      `Gateway key "${caller.name}" may not use ${target.provider}/${target.model}. It may use: ${allowed === "" ? "nothing" : allowed}.`,
    );
  }

  /** @returns warnings @throws PosternError budget_exceeded, with nothing changed */
  private hold(open: OpenRequest, estimate: RequestEstimate, before: OpenRequest | undefined): string[] {
    const limits = this.limitsOn(open);
    if (limits.length === 0) {
      this.parts.book.opened(open);
      return [];
    }
    return this.parts.book.transaction((spend) => {
      const warnings = limits.flatMap((limit) => this.judge(limit, spend, open, estimate, before));
      spend.hold(open);
      return warnings;
    });
  }

  private limitsOn({ record }: OpenRequest): readonly Limit[] {
    if (this.limits.length === 0) return [];
    const scopes = scopesOf(record);
    return this.limits.filter((limit) => scopes.some((scope) => sameScope(scope, limit.scope)));
  }

  private judge(
    limit: Limit,
    spend: SpendView,
    { record, held }: OpenRequest,
    estimate: RequestEstimate,
    before: OpenRequest | undefined,
  ): string[] {
    // A request counts in the period in which it began, however late it is sent.
    const at = record.startedAt;
    const range = periodRange(limit.period, at);
    const spent = amountIn(spend.spent(limit.scope, range), limit.measure);
    const reserved = heldIn(spend.held(limit.scope, range), limit.measure) - ownShare(before, limit);
    const unknown = limit.measure === "microUsd" && estimate.microUsd === undefined;
    const wanted = unknown || !held ? undefined : heldIn(held, limit.measure);
    const judgement = judgeLimit(limit, { range, spent, reserved }, wanted, this.parts.now());
    if (judgement.kind === "fits") return judgement.warning === undefined ? [] : [judgement.warning];
    this.notices.refused(limit, range, judgement);
    this.parts.changed?.();
    throw judgement.error;
  }
}

/** What `admit` has given out. */
function runningOf(reservation: Reservation | undefined): Running | undefined {
  return reservation instanceof Running ? reservation : undefined;
}

/** What a request that moves to another target holds already. */
function ownShare(before: OpenRequest | undefined, { scope, measure }: Limit): number {
  if (!before?.held) return 0;
  return scopesOf(before.record).some((one) => sameScope(one, scope)) ? heldIn(before.held, measure) : 0;
}

function openRequest(beginning: RequestBeginning, target: GovernedTarget): OpenRequest {
  const { provider, model, route, estimate } = target;
  const record = { ...beginning, provider, model, ...(route === undefined ? {} : { route }) };
  const { priceSource } = estimate;
  return {
    record,
    held: heldFor(estimate),
    sent: true,
    ...(priceSource === undefined ? {} : { priceSource }),
  };
}

function heldFor({ inputTokens, maxOutputTokens, microUsd = 0, premiumRequests = 0 }: RequestEstimate): Held {
  return {
    requests: 1,
    inputTokens: Math.ceil(inputTokens),
    outputTokens: Math.ceil(maxOutputTokens),
    microUsd: Math.ceil(microUsd),
    premiumMilli: Math.ceil(premiumRequests * 1000),
  };
}

function tokensIn({ inputTokens, maxOutputTokens }: RequestEstimate): number {
  return Math.ceil(inputTokens) + Math.ceil(maxOutputTokens);
}

function hostOf(baseUrl: string): string {
  try {
    return new URL(baseUrl).host;
  } catch {
    return "";
  }
}
