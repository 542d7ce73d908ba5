import type { EngineGatewayKey } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import { SlidingWindow } from "../../core/governance/slidingWindow";
import type { RateStatus } from "../../core/rpc/limitsStatus";

interface Windows {
  readonly requests: SlidingWindow;
  readonly tokens: SlidingWindow;
}

type RatedKey = Pick<EngineGatewayKey, "name" | "requestsPerMinute" | "tokensPerMinute">;

/**
 * Requests and tokens of the last 60 seconds for each gateway key that has such a limit, in memory: after a restart of
 * the engine they are counted from nothing. By a clock that only goes forward, so that a change of the time neither
 * locks out nor lets through.
 */
export class KeyRates {
  private readonly windows = new Map<string, Windows>();

  /** @param now milliseconds, never going back */
  constructor(private readonly now: () => number) {}

  /** @throws PosternError rate_limited, with the time after which the request would fit */
  check(key: RatedKey, tokens: number): void {
    const now = this.now();
    const windows = this.windowsOf(key.name);
    const fits = (measure: keyof Windows, amount: number, limit: number | undefined): void => {
      const wait = limit === undefined ? 0 : windows[measure].waitFor(amount, limit, now);
      if (wait <= 0) return;
      const seconds = Math.max(1, Math.ceil(wait / 1000));
      throw new PosternError(
        "rate_limited",
        `Gateway key "${key.name}" may use ${limit?.toLocaleString("en-US")} ${measure} in 60 seconds; try again in ${seconds} s. The limit is set in VS Code with "Postern: Edit Gateway Key Limits" or in the configuration.`,
        { retryAfterSeconds: seconds },
      );
    };
    fits("requests", 1, key.requestsPerMinute);
    fits("tokens", tokens, key.tokensPerMinute);
  }

  /** Counts a request that is let through. */
  add(key: RatedKey, requestId: string, tokens: number): void {
    const now = this.now();
    const { requests, tokens: used } = this.windowsOf(key.name);
    if (key.requestsPerMinute !== undefined) requests.add(requestId, 1, now);
    if (key.tokensPerMinute !== undefined) used.add(requestId, tokens, now);
  }

  /** Puts what a request has used, or is now expected to, in place of what was expected. */
  correct(keyName: string, requestId: string, tokens: number): void {
    this.windows.get(keyName)?.tokens.correct(requestId, tokens);
  }

  status(keys: readonly RatedKey[]): RateStatus[] {
    const now = this.now();
    return keys.flatMap((key) => {
      const windows = this.windowsOf(key.name);
      const limits = { requests: key.requestsPerMinute, tokens: key.tokensPerMinute };
      return (["requests", "tokens"] as const).flatMap((measure) => {
        const limit = limits[measure];
        return limit === undefined
          ? []
          : [{ key: key.name, measure, limit, used: windows[measure].used(now) }];
      });
    });
  }

  private windowsOf(name: string): Windows {
    let windows = this.windows.get(name);
    if (!windows) {
      windows = { requests: new SlidingWindow(), tokens: new SlidingWindow() };
      this.windows.set(name, windows);
    }
    return windows;
  }
}
