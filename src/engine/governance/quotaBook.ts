import { isCurrent, type ProviderQuota, type QuotaFigure, quotaKey } from "../../core/governance/quota";

/** More than any person has; the oldest go first. */
const MAX_FIGURES = 300;

/** The latest of each figure that providers have told, until it says nothing any more. */
export class QuotaBook {
  private readonly figures = new Map<string, ProviderQuota>();

  /** @param now milliseconds since the epoch */
  constructor(private readonly now: () => number) {}

  take(
    figures: readonly QuotaFigure[],
    from: Pick<ProviderQuota, "provider" | "credential" | "model">,
  ): void {
    const at = this.now();
    for (const figure of figures) {
      const quota: ProviderQuota = { ...figure, ...from, at };
      const key = quotaKey(quota);
      this.figures.delete(key);
      this.figures.set(key, quota);
    }
    for (const key of this.figures.keys()) {
      if (this.figures.size <= MAX_FIGURES) break;
      this.figures.delete(key);
    }
  }

  /** Forgets what is of providers that are configured no longer. */
  keepOnly(providers: ReadonlySet<string>): void {
    for (const [key, { provider }] of this.figures) if (!providers.has(provider)) this.figures.delete(key);
  }

  current(): ProviderQuota[] {
    const now = this.now();
    for (const [key, quota] of this.figures) if (!isCurrent(quota, now)) this.figures.delete(key);
    return [...this.figures.values()];
  }
}
