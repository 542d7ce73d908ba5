import type { EngineProvider } from "../../core/config/engineConfig";
import { logSafeText } from "../../core/errors";
import { balanceSourceOf } from "../../core/governance/balances";
import type { QuotaFigure } from "../../core/governance/quota";
import type { Log } from "../log/log";

/** A provider is asked no more often than this. */
const EVERY_MS = 5 * 60_000;

export interface BalanceParts {
  /** Fetches JSON with the provider's credential, and follows no redirect; undefined for anything but a good answer. */
  readonly get: (provider: EngineProvider, url: URL) => Promise<unknown>;
  readonly take: (figures: readonly QuotaFigure[], from: { provider: string; credential: string }) => void;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic: () => number;
  readonly log: Log;
}

/**
 * Asks providers what money is left, where they tell it to an API key's holder: after a request to them and not by
 * itself, so that an idle gateway is silent.
 */
export class BalanceWatch {
  private providers: ReadonlyMap<string, EngineProvider> = new Map();
  private readonly askedAt = new Map<string, number>();

  constructor(private readonly parts: BalanceParts) {}

  /** @param allowed whether providers may be asked at all */
  configure(providers: readonly EngineProvider[], allowed: boolean): void {
    const usable = providers.filter(({ config }) => config.enabled && balanceSourceOf(config.baseUrl));
    this.providers = new Map(allowed ? usable.map((provider) => [provider.config.id, provider]) : []);
  }

  /** A request to a provider has ended. Never throws; resolves when what is to be done is done. */
  async requestEnded(providerId: string): Promise<void> {
    const provider = this.providers.get(providerId);
    const found = provider && balanceSourceOf(provider.config.baseUrl);
    if (!found || (provider.credential.kind !== "apiKey" && provider.credential.kind !== "bearerToken"))
      return;
    const now = this.parts.monotonic();
    const before = this.askedAt.get(providerId);
    if (before !== undefined && now - before < EVERY_MS) return;
    this.askedAt.set(providerId, now);
    try {
      const body = await this.parts.get(provider, found.url);
      // Taken away or changed meanwhile: its figures are of no use.
      if (this.providers.get(providerId) !== provider) return;
      const credential = provider.pool?.[0]?.label ?? "";
      this.parts.take(found.source.read(body, found.url.host), { provider: providerId, credential });
    } catch (error) {
      this.parts.log.debug(`the balance at provider "${providerId}" is not known: ${logSafeText(error)}`);
    }
  }
}
