import { BrokenCircuitError, CircuitState, isBrokenCircuitError } from "cockatiel";
import type { EngineProvider, LabelledCredential } from "../../core/config/engineConfig";
import type { RoutingConfig } from "../../core/config/schema";
import { PosternError } from "../../core/errors";
import type { CredentialRefresh } from "../providers/credentialRefresh";
import type { Refusal, RelayOutcome } from "../relay/relayOutcome";
import type { ResponseRelay } from "../relay/responseRelay";
import type { Target } from "../relay/target";
import { backoffMs, type Presence, pause, spreadMs } from "./backoff";
import { type Candidate, credentialKey, credentialsOf, ONLY, withCredential } from "./candidate";
import { type Failure, failureOf } from "./failure";
import { type Health, NothingSeen } from "./health";

/** One try, for whoever keeps account of them. */
export interface Tried {
  readonly target: Target;
  readonly label: string;
  /** On the clock of `performance`. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** The provider's HTTP status; 0 if there was none. */
  readonly status: number;
  /** Why it was given up; undefined for the one that the client got. */
  readonly reason: string | undefined;
  /** Whether the reason says something of the provider, and not of the request. */
  readonly blames: boolean;
  /** What the provider said as it refused. */
  readonly refusal?: Refusal;
}

export interface Attempting {
  readonly candidates: readonly Candidate[];
  /** Whether the request may wait for a target and be tried again: on a route, and for clients that never do so. */
  readonly patient: boolean;
  readonly client: Presence;
  /** A provider as it is configured now: its credential may have been renewed. */
  provider(id: string): EngineProvider | undefined;
  /**
   * Sends the request to a target.
   * @param goesOn whether something else can be tried if this one fails before it has begun
   * @throws PosternError where it cannot be sent there
   */
  start(target: Target, label: string, attempt: number, goesOn: boolean): Promise<ResponseRelay>;
  tried(attempt: Tried): void;
}

/** What a request has seen of a candidate so far. */
interface Standing {
  candidate: Candidate;
  /** Labels of the credentials that are of no use to it. */
  readonly refused: string[];
  out: boolean;
  /** Passed over because it is left alone at present; not a failure of this request. */
  passed: boolean;
  notBefore: number;
  failures: number;
  /** Labels of the credentials that were renewed. */
  readonly renewed: string[];
  /** How often it failed by itself. */
  unwell: number;
}

interface Choice {
  readonly standing: Standing;
  readonly credential: LabelledCredential | undefined;
  readonly waitMs: number;
}

/** Tries the targets of a plan until one answers. Once the client has a byte of an answer, nothing else is tried. */
export class Attempts {
  /** @param now milliseconds on the clock of `performance` */
  constructor(
    private readonly health: Health,
    private readonly refresh: CredentialRefresh | undefined,
    private readonly limits: () => RoutingConfig,
    private readonly now: () => number,
  ) {}

  /**
   * @returns how the attempt ended that the client got
   * @throws PosternError where nothing was sent to the client
   */
  async run(request: Attempting): Promise<RelayOutcome> {
    const standings = request.candidates.map(
      (candidate): Standing => ({
        candidate,
        refused: [],
        out: false,
        passed: false,
        notBefore: 0,
        failures: 0,
        renewed: [],
        unwell: 0,
      }),
    );
    const { maxAttempts, maxWaitSeconds } = this.limits();
    const deadline = this.now() + maxWaitSeconds * 1000;
    const only = standings.every(({ candidate }) => credentialsOf(candidate.target).length === 1);
    const alone = standings.length === 1 && only;
    let last: Failure | undefined;
    for (let attempt = 1; ; ) {
      // Who has waited long enough is still tried elsewhere at once.
      const patience = request.patient ? Math.max(0, deadline - this.now()) : 0;
      const choice = attempt > maxAttempts ? undefined : this.choose(standings, alone, patience);
      if (!choice || (last && choice.waitMs > patience)) return giveUp(last);
      // Where nobody is free soon enough, the first is asked all the same: it knows best.
      if (choice.waitMs > 0 && choice.waitMs <= patience) {
        await pause(Math.min(choice.waitMs + spreadMs(choice.waitMs), patience), request.client);
        // Who came first may have been told to wait on.
        continue;
      }
      const { standing, credential } = choice;
      const { candidate } = standing;
      const label = credential?.label ?? ONLY;
      const key = credentialKey(candidate.target, label);
      const startedAt = this.now();
      const done = (tried: Pick<Tried, "status" | "reason" | "blames" | "refusal">): void =>
        request.tried({
          target: candidate.target,
          label,
          startedAt,
          endedAt: this.now(),
          ...tried,
        });
      const goesOn = !alone || request.patient || this.mayRenew(candidate.target, credential);
      const release = this.health.use(key);
      try {
        const target = withCredential(candidate.target, credential);
        const begin = (): Promise<ResponseRelay> => request.start(target, label, attempt, goesOn);
        // With nothing to fall back on, leaving a target alone would help nobody.
        const guarded =
          !standing.passed && standings.some((other) => other !== standing && !other.out && !other.passed);
        const relay = guarded ? await this.guarded(begin, candidate.key) : await begin();
        const outcome = await relay.settled;
        this.noteOutcome(candidate, label, outcome, startedAt);
        done({ status: outcome.status, reason: outcome.fault?.message, blames: true });
        return outcome;
      } catch (thrown) {
        if (isBrokenCircuitError(thrown)) {
          standing.passed = true;
          continue;
        }
        const failure = failureOf(thrown, Date.now());
        if (!failure) throw thrown;
        done(failure);
        last = failure;
        if (failure.kind === "request") return giveUp(last);
        attempt += 1;
        await this.learn(standing, label, failure, startedAt, request);
        if (!goesOn) return giveUp(last);
      } finally {
        release();
      }
    }
  }

  /** An attempt that is under way, once it is known to be a good one, as far as a target's breaker goes. */
  private async guarded(begin: () => Promise<ResponseRelay>, key: string): Promise<ResponseRelay> {
    let relay: ResponseRelay | undefined;
    let failed: unknown;
    const breaker = this.health.breakerOf(key);
    // The breaker would let this request wait for how the one ends that tries whether the target is back.
    if (breaker.state === CircuitState.HalfOpen) throw new BrokenCircuitError();
    await breaker
      .execute(async () => {
        try {
          relay = await begin();
          if (await relay.begins()) return;
        } catch (thrown) {
          // What says nothing of the target's health must not count against it.
          if (failureOf(thrown, Date.now())?.kind === "unwell") throw thrown;
          failed = thrown;
          return;
        }
        throw new NothingSeen();
      })
      .catch(unlessNothingSeen);
    if (failed !== undefined || !relay) throw failed;
    return relay;
  }

  private mayRenew({ provider }: Target, credential: LabelledCredential | undefined): boolean {
    return this.refresh?.mayRenew(provider.config.id, credential?.label) ?? false;
  }

  /**
   * The first that can be asked now, or who can be soonest. Who has not failed comes before who has: however short its
   * pause was, another try of it must not cost the one of somebody who was not asked yet.
   */
  private choose(standings: readonly Standing[], alone: boolean, patience: number): Choice | undefined {
    const usable = standings.filter(({ out }) => !out);
    const open = this.soonest(
      usable.filter(({ passed }) => !passed),
      alone,
    );
    if (open && open.waitMs <= patience) return open;
    // Better somebody who was left alone than nobody: that one may be back.
    return (
      this.soonest(
        usable.filter(({ passed }) => passed),
        alone,
      ) ?? open
    );
  }

  private soonest(standings: readonly Standing[], alone: boolean): Choice | undefined {
    let soonest: Choice | undefined;
    for (const standing of standings.toSorted((a, b) => a.unwell - b.unwell)) {
      const choice = this.choiceAt(standing, alone);
      if (choice && (soonest === undefined || choice.waitMs < soonest.waitMs)) soonest = choice;
      if (soonest?.waitMs === 0) break;
    }
    return soonest;
  }

  private choiceAt(standing: Standing, alone: boolean): Choice | undefined {
    const { target, key } = standing.candidate;
    const { config } = target.provider;
    const resting = Math.max(0, standing.notBefore - this.now());
    let best: Choice | undefined;
    for (const credential of this.inTurn(target, config.pool)) {
      const label = credential?.label ?? ONLY;
      if (standing.refused.includes(label)) continue;
      const paused = alone && standing.failures === 0 ? 0 : this.pauseOf(target, key, label);
      const choice = { standing, credential, waitMs: Math.max(resting, paused) };
      if (!best || choice.waitMs < best.waitMs) best = choice;
    }
    return best;
  }

  private inTurn(
    target: Target,
    pool: "round-robin" | "least-used" | undefined,
  ): readonly (LabelledCredential | undefined)[] {
    const credentials = credentialsOf(target);
    if (credentials.length < 2) return credentials;
    const sizes = credentials.map((credential) => {
      const key = credentialKey(target, credential?.label ?? ONLY);
      const running = pool === "least-used" ? this.health.runningOf(key) : 0;
      return { credential, running, uses: this.health.usesOf(key) };
    });
    return sizes
      .sort((one, other) => one.running - other.running || one.uses - other.uses)
      .map(({ credential }) => credential);
  }

  private pauseOf(target: Target, key: string, label: string): number {
    return Math.max(this.health.waitOf(`${key}#${label}`), this.health.waitOf(credentialKey(target, label)));
  }

  private noteOutcome(
    { key, target }: Candidate,
    label: string,
    { status, end, firstByteAt }: RelayOutcome,
    startedAt: number,
  ): void {
    const credential = credentialKey(target, label);
    if (status === 429) this.health.limited(`${key}#${label}`, undefined, startedAt);
    else if (status === 401 || status === 402) this.health.refused(credential, status, startedAt);
    else if (status >= 200 && status < 300 && end === "complete") {
      const latency = firstByteAt === undefined ? undefined : firstByteAt - startedAt;
      this.health.answered([key, `${key}#${label}`, credential], latency, startedAt);
    }
  }

  /** What a failure means for the next choice, of this request and of others. */
  private async learn(
    standing: Standing,
    label: string,
    failure: Failure,
    startedAt: number,
    request: Attempting,
  ): Promise<void> {
    const { target, key } = standing.candidate;
    standing.failures += 1;
    switch (failure.kind) {
      case "limited":
        this.health.limited(`${key}#${label}`, failure.retryAfterMs, startedAt);
        return;
      case "unwell":
        standing.unwell += 1;
        standing.notBefore = this.now() + Math.max(backoffMs(standing.failures), failure.retryAfterMs ?? 0);
        // What it says of when to come again is said to everybody.
        if (failure.retryAfterMs) this.health.limited(`${key}#${label}`, failure.retryAfterMs, startedAt);
        return;
      case "credential":
        if (failure.status === 401 && (await this.renewed(standing, label, request))) return;
        // What a key may not (403) is most often this model; what it is not (401) or cannot pay (402) is for all of them.
        this.health.refused(
          failure.status === 403 ? `${key}#${label}` : credentialKey(target, label),
          failure.status,
          startedAt,
        );
        standing.refused.push(label);
        // Who has no credential left is nobody to go on to: others that were passed over are asked instead.
        standing.out = credentialsOf(target).every((other) =>
          standing.refused.includes(other?.label ?? ONLY),
        );
        return;
      default:
        standing.out = true;
    }
  }

  private async renewed(standing: Standing, label: string, request: Attempting): Promise<boolean> {
    // A renewed credential that is refused too does not get better by a third.
    if (standing.renewed.includes(label)) return false;
    standing.renewed.push(label);
    const { target } = standing.candidate;
    const { id } = target.provider.config;
    const named = target.provider.pool === undefined ? undefined : label;
    const refused = credentialsOf(target).find((credential) => credential?.label === named)?.credential.value;
    if (!this.refresh?.mayRenew(id, named) || !(await this.refresh.refused(id, named, refused))) return false;
    const provider = request.provider(id);
    if (!provider) return false;
    standing.candidate = { ...standing.candidate, target: { ...target, provider } };
    return true;
  }
}

function unlessNothingSeen(thrown: unknown): void {
  if (!(thrown instanceof NothingSeen)) throw thrown;
}

/** Nothing else can be tried: the client is told what was said last. */
function giveUp(last: Failure | undefined): Promise<RelayOutcome> {
  if (!last) throw new PosternError("internal", "There was no target to try.");
  if (last.thrown instanceof PosternError) throw last.thrown;
  return last.thrown.deliver();
}
