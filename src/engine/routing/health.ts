import { CircuitState, ConsecutiveBreaker, circuitBreaker, ExponentialBackoff, handleWhen } from "cockatiel";
import type { EngineProvider } from "../../core/config/engineConfig";
import type { CredentialStatus } from "../../core/rpc/contract";

/** So many failures in a row, and a target is left alone for a while. */
const FAILURES = 3;
const HALF_OPEN = { initialDelay: 5_000, maxDelay: 120_000 };
/** A provider that says "too many" without saying until when. */
const LIMITED_MS = { first: 2_000, most: 60_000 };
/** A refused key may have been put right, or been out of money only until a limit is raised. */
const REFUSED_MS = 60_000;
/** What a timer of Node's can hold. */
const MOST_TIMER_MS = 2 ** 31 - 1;
/** For so long after its end a pause is remembered: the next one is then longer. */
const REMEMBERED_MS = 60 * 60_000;
/** Clients may name any number of models; the pauses that began first are forgotten. */
const MOST_PAUSES = 10_000;
/** What is over within so short a time is told together. */
const TOLD_TOGETHER_MS = 100;
/** How much the newest time counts in the average. */
const NEWEST = 0.3;

type Breaker = ReturnType<typeof circuitBreaker>;

interface Pause {
  readonly until: number;
  readonly since: number;
  readonly why: string;
  /** How often in a row. */
  readonly times: number;
}

/** A client left before its target had answered: it is not known whether that would have. */
export class NothingSeen extends Error {}

/** What has been seen of targets and credentials lately, and who is left alone because of it. Times are of `now`. */
export class Health {
  private readonly breakers = new Map<string, Breaker>();
  private readonly pauses = new Map<string, Pause>();
  private readonly latencies = new Map<string, number>();
  private readonly lastLatencies = new Map<string, number>();
  private readonly uses = new Map<string, number>();
  private readonly running = new Map<string, number>();
  /** When each provider was configured. */
  private readonly configured = new Map<string, number>();
  /** Rings when the next pause is over. */
  private alarm: NodeJS.Timeout | undefined;
  private alarmAt = Number.POSITIVE_INFINITY;

  /**
   * @param now milliseconds
   * @param onChange called when a target or credential is left alone, or comes back
   */
  constructor(
    private readonly now: () => number,
    private readonly onChange: () => void,
  ) {}

  /** Milliseconds until a target or credential can be asked again; 0 if it can now. */
  waitOf(key: string): number {
    const pause = this.pauses.get(key);
    return pause === undefined ? 0 : Math.max(0, pause.until - this.now());
  }

  /**
   * The provider asked to wait.
   * @param began when the request went out
   */
  limited(key: string, retryAfterMs: number | undefined, began = this.now()): void {
    const ownMs = (times: number): number => Math.min(LIMITED_MS.first * 2 ** (times - 1), LIMITED_MS.most);
    // Who comes back at once, as a 0 says, spends all attempts in a moment.
    this.pause(key, (times) => retryAfterMs || ownMs(times), "the provider limits it", began);
  }

  /**
   * The provider refused the credential.
   * @param began when the request went out
   */
  refused(key: string, status: number, began = this.now()): void {
    const why = `the provider refused the key (HTTP ${status})`;
    this.pause(key, (times) => REFUSED_MS * Math.min(times, 10), why, began);
  }

  /**
   * It answered.
   * @param began when the request went out
   */
  answered(keys: readonly string[], latencyMs: number | undefined, began = this.now()): void {
    // A stream that was running when the provider said "too many" does not take that back by coming to its end.
    const back = keys.filter((key) => this.pausedBefore(key, began) && this.pauses.delete(key));
    const [target] = keys;
    if (target !== undefined && latencyMs !== undefined) {
      this.lastLatencies.set(target.slice(0, target.indexOf("/")), latencyMs);
      const before = this.latencies.get(target);
      this.latencies.set(target, before === undefined ? latencyMs : before + NEWEST * (latencyMs - before));
    }
    if (back.length > 0) this.onChange();
  }

  /** Recent time to the first byte, in milliseconds. */
  latencyOf(key: string): number | undefined {
    return this.latencies.get(key);
  }

  /** A request goes out with a credential. @returns what is to be called when it has ended */
  use(key: string): () => void {
    this.uses.set(key, this.usesOf(key) + 1);
    this.running.set(key, this.runningOf(key) + 1);
    return () => void this.running.set(key, this.runningOf(key) - 1);
  }

  /** Requests that go out with a credential at present. */
  runningOf(key: string): number {
    return this.running.get(key) ?? 0;
  }

  usesOf(key: string): number {
    return this.uses.get(key) ?? 0;
  }

  /**
   * The breaker of a target: it fails at once while the target is left alone, and lets one request through now and
   * then to see whether it is back.
   */
  breakerOf(key: string): Breaker {
    const known = this.breakers.get(key);
    const opened = known && openedAhead(known);
    if (known && !opened) return known;
    const counts = (error: unknown): boolean =>
      !(error instanceof NothingSeen) || this.breakers.get(key)?.state === CircuitState.HalfOpen;
    // A target that is being tried again is not back before it was seen to be.
    const breaker = circuitBreaker(handleWhen(counts), {
      breaker: new ConsecutiveBreaker(FAILURES),
      halfOpenAfter: new ExponentialBackoff(HALF_OPEN),
      ...(opened ? { initialState: opened } : {}),
    });
    breaker.onStateChange(() => this.onChange());
    this.breakers.set(key, breaker);
    return breaker;
  }

  /** Why a target or credential is left alone at present; undefined if it is not. */
  restOf(key: string): string | undefined {
    const pause = this.pauses.get(key);
    if (pause && pause.until > this.now()) return pause.why;
    const state = this.breakers.get(key)?.state;
    if (state === CircuitState.Open)
      return "it failed several times in a row, and is tried again from time to time";
    return state === CircuitState.HalfOpen ? "it is being tried again" : undefined;
  }

  /**
   * Why nobody asks a target at present: it is left alone itself, or each of its provider's credentials is.
   * @param labels of the provider's credentials
   */
  restOfTarget(key: string, labels: readonly string[]): string | undefined {
    const itself = this.restOf(key);
    if (itself !== undefined) return itself;
    const provider = key.slice(0, key.indexOf("/"));
    const rests = labels.map(
      (label) => this.restOf(`${key}#${label}`) ?? this.restOf(`${provider}#${label}`),
    );
    return rests.every((rest) => rest !== undefined) ? rests[0] : undefined;
  }

  /** How a provider's credentials do, by their labels. */
  credentials({ config, pool }: EngineProvider): CredentialStatus[] {
    return (pool ?? []).map(({ label }) => {
      const refused = this.restOf(`${config.id}#${label}`);
      if (refused !== undefined) return { label, state: "refused", detail: refused };
      const limited = [...this.pauses.keys()].find(
        (key) => key.startsWith(`${config.id}/`) && key.endsWith(`#${label}`) && this.waitOf(key) > 0,
      );
      if (limited === undefined) return { label, state: "active" };
      return { label, state: "coolingDown", detail: this.pauses.get(limited)?.why ?? "" };
    });
  }

  /** Time to the first byte of a provider's last answer, in milliseconds. */
  lastLatencyOf(providerId: string): number | undefined {
    return this.lastLatencies.get(providerId);
  }

  /** Forgets everything about a provider: it was configured anew. */
  forget(providerId: string): void {
    const concerns = (key: string): boolean =>
      key.startsWith(`${providerId}/`) || key.startsWith(`${providerId}#`);
    for (const map of [this.breakers, this.pauses, this.latencies, this.uses]) {
      for (const key of map.keys()) if (concerns(key)) map.delete(key);
    }
    this.lastLatencies.delete(providerId);
    this.configured.set(providerId, this.now());
  }

  private pause(key: string, lengthMs: (times: number) => number, why: string, began: number): void {
    const [providerId = ""] = key.split(/[/#]/, 1);
    // What was sent with the old key says nothing of the new one.
    if (began < (this.configured.get(providerId) ?? began)) return;
    const now = this.now();
    const known = this.pauses.get(key);
    const before = known && now - known.until < REMEMBERED_MS ? known : undefined;
    // Of requests that were on their way together the first to be refused counts; the others did not know of it.
    const again = before === undefined || began > before.since;
    const times = (before?.times ?? 0) + (again ? 1 : 0);
    const own = now + lengthMs(times);
    const until = again ? own : Math.max(own, before.until);
    this.pauses.delete(key);
    this.pauses.set(key, {
      until,
      since: again ? now : before.since,
      why,
      times,
    });
    const [oldest] = this.pauses.size > MOST_PAUSES ? this.pauses.keys() : [];
    if (oldest !== undefined) this.pauses.delete(oldest);
    this.onChange();
    this.ringAt(until);
  }

  private pausedBefore(key: string, began: number): boolean {
    return (this.pauses.get(key)?.since ?? 0) <= began;
  }

  /** Nothing else would tell that a pause is over. */
  private ringAt(time: number): void {
    if (time >= this.alarmAt) return;
    clearTimeout(this.alarm);
    this.alarmAt = time;
    const wait = Math.min(Math.ceil(time - this.now()), MOST_TIMER_MS);
    this.alarm = setTimeout(() => this.ring(), wait).unref();
  }

  private ring(): void {
    this.alarmAt = Number.POSITIVE_INFINITY;
    this.onChange();
    const now = this.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [key, { until }] of this.pauses) {
      if (until > now) next = Math.min(next, until);
      else if (now - until >= REMEMBERED_MS) this.pauses.delete(key);
    }
    if (next < Number.POSITIVE_INFINITY) this.ringAt(Math.max(next, now + TOLD_TOGETHER_MS));
  }
}

/**
 * The state to go on with of a breaker that was opened at a time that is still to come. Cockatiel goes by the time of
 * day: with a clock that was put back by a day, it would leave its target alone for a day.
 */
function openedAhead(breaker: Breaker): object | undefined {
  if (breaker.state !== CircuitState.Open) return undefined;
  const state = breaker.toJSON() as { readonly ownState: { readonly openedAt: number } };
  const now = Date.now();
  return state.ownState.openedAt <= now
    ? undefined
    : { ...state, ownState: { ...state.ownState, openedAt: now } };
}
