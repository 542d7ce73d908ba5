import type { ProviderConfig } from "../config/schema";
import { renewalTime } from "./expiry";
import type { AskedCredential, AskedFor, CredentialOutcome, MissingBecause } from "./resolve";
import { originOf } from "./stored";

/** Time, passed in. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** @returns a function that calls it off */
  after(milliseconds: number, run: () => void): () => void;
}

/**
 * Why a credential is asked for: it is not known yet, it ends soon, a provider has refused it, a person wants it,
 * somebody has signed in or out.
 */
export type AskReason = "first" | "expiring" | "refused" | "person" | "account";

/** Gets a credential from a program or an account. What went wrong is its outcome. */
export type Ask = (
  provider: ProviderConfig,
  credential: AskedCredential,
  reason: AskReason,
) => Promise<CredentialOutcome>;

interface Known {
  readonly provider: ProviderConfig;
  readonly credential: AskedCredential;
  readonly label: string;
  outcome: CredentialOutcome;
  asking: Promise<void> | undefined;
  /** When it is asked for again by itself. */
  again: number;
  cancel: () => void;
}

const MINUTE_MS = 60_000;
/** A machine that sleeps stops its timers; the clock is looked at this often instead. */
const TICK_MS = MINUTE_MS;
const RETRY_MS = 5 * MINUTE_MS;
const IDLE: CredentialOutcome = { kind: "missing", reason: "it is asked for when it is needed", why: "idle" };
const PENDING: CredentialOutcome = { kind: "missing", reason: "it is being asked for", why: "pending" };

const OVER: CredentialOutcome = {
  kind: "missing",
  reason: "what it gives has ended already; check where it comes from, and this machine's clock",
};
const FAILED: CredentialOutcome = { kind: "missing", reason: "it could not be asked for" };

/**
 * The credentials that programs and accounts give, kept in memory while they are good. One is asked for once at a
 * time; it is renewed before it ends, and the old one serves until the new one is there.
 */
export class AskedCredentials {
  private readonly entries = new Map<string, Known>();

  /** @param changed called when what `asked` says has changed */
  constructor(
    private readonly ask: Ask,
    private readonly clock: Clock,
    private readonly changed: () => void,
  ) {}

  /** What is known now; nothing is asked for. */
  readonly known: AskedFor = (provider, credential, label) => {
    const entry = this.entries.get(keyOf(provider, credential, label));
    return entry === undefined || this.hasEnded(entry) ? IDLE : entry.outcome;
  };

  /** What is known now; what is not known yet is asked for. */
  readonly asked: AskedFor = (provider, credential, label) => {
    const key = keyOf(provider, credential, label);
    let entry = this.entries.get(key);
    if (!entry) {
      entry = {
        provider,
        credential,
        label,
        outcome: PENDING,
        asking: undefined,
        again: 0,
        cancel: () => {},
      };
      this.entries.set(key, entry);
      void this.askAgain(entry, "first");
    } else if (this.hasEnded(entry)) {
      entry.outcome = PENDING;
      void this.askAgain(entry, "expiring");
    }
    return entry.outcome;
  };

  /** Forgets what is asked for no more. */
  keepOnly(providers: readonly ProviderConfig[]): void {
    for (const [key, entry] of this.entries) {
      const provider = providers.find(({ id }) => id === entry.provider.id);
      const wanted =
        provider?.enabled === true &&
        originOf(provider.baseUrl) === originOf(entry.provider.baseUrl) &&
        provider.credentials?.some((other) => JSON.stringify(other) === JSON.stringify(entry.credential));
      if (wanted) continue;
      entry.cancel();
      this.entries.delete(key);
    }
  }

  /** Waits until everything that is being asked for is known, at most `milliseconds`. */
  async settled(milliseconds: number): Promise<void> {
    const asking = [...this.entries.values()].flatMap((entry) => entry.asking ?? []);
    if (asking.length === 0) return;
    let cancel = (): void => undefined;
    const limit = new Promise<void>((resolve) => {
      cancel = this.clock.after(milliseconds, resolve);
    });
    await Promise.race([Promise.all(asking), limit]);
    cancel();
  }

  /**
   * Asks again for a provider's credential, or for all of it.
   * @returns whether there is another one now
   */
  async renew(providerId: string, label: string | undefined, reason: AskReason): Promise<boolean> {
    const entries = [...this.entries.values()].filter(
      (entry) => entry.provider.id === providerId && (label === undefined || entry.label === label),
    );
    const changes = await Promise.all(
      entries.map(async (entry) => {
        const before = secretOf(entry.outcome);
        await this.askAgain(entry, reason);
        const after = secretOf(entry.outcome);
        return after !== undefined && after !== before;
      }),
    );
    return changes.includes(true);
  }

  /** Whether this is the one to ask for a provider's credential. */
  knows(providerId: string, label: string): boolean {
    return [...this.entries.values()].some(
      (entry) => entry.provider.id === providerId && entry.label === label,
    );
  }

  /** Asks again for those that could not be had, where something has changed that may help. */
  async retry(
    helps: (
      provider: ProviderConfig,
      credential: AskedCredential,
      why: MissingBecause | undefined,
    ) => boolean,
  ): Promise<void> {
    const missing = [...this.entries.values()].filter(
      ({ provider, credential, outcome }) =>
        outcome.kind === "missing" && helps(provider, credential, outcome.why),
    );
    await Promise.all(missing.map((entry) => this.askAgain(entry, "first")));
  }

  /**
   * Asks again also for those that are there, where somebody may have taken them back: who has signed out does not want
   * them used any longer, though they may be good for hours.
   */
  async recheck(concerns: (provider: ProviderConfig, credential: AskedCredential) => boolean): Promise<void> {
    const entries = [...this.entries.values()].filter(({ provider, credential }) =>
      concerns(provider, credential),
    );
    await Promise.all(
      entries.map(async (entry) => {
        // What was asked before that happened may bring what was good then.
        await entry.asking;
        await this.askAgain(entry, "account");
      }),
    );
  }

  /** Whether something is being asked for. */
  get isAsking(): boolean {
    return [...this.entries.values()].some(({ asking }) => asking !== undefined);
  }

  dispose(): void {
    for (const entry of this.entries.values()) entry.cancel();
    this.entries.clear();
  }

  private askAgain(entry: Known, reason: AskReason): Promise<void> {
    entry.asking ??= this.askNow(entry, reason).finally(() => {
      entry.asking = undefined;
    });
    return entry.asking;
  }

  private async askNow(entry: Known, reason: AskReason): Promise<void> {
    entry.cancel();
    const answer = await this.ask(entry.provider, entry.credential, reason).catch(() => FAILED);
    // Asked for again at once, it would be asked for without end.
    const found = this.isOver(answer) ? OVER : answer;
    if (![...this.entries.values()].includes(entry)) return;
    const before = JSON.stringify(entry.outcome);
    const signedOut =
      reason === "account" && found.kind === "missing" && found.why === "signIn" && !found.unsure;
    // One that is still good serves on where no other can be had just now.
    const keeps =
      found.kind === "missing" &&
      !signedOut &&
      secretOf(entry.outcome) !== undefined &&
      !this.hasEnded(entry);
    if (!keeps) entry.outcome = found;
    this.plan(entry, keeps ? this.clock.now() + TICK_MS : this.nextTime(found));
    if (JSON.stringify(entry.outcome) !== before) this.changed();
  }

  private nextTime(outcome: CredentialOutcome): number {
    const now = this.clock.now();
    if (outcome.kind === "missing") {
      // Only the person can help here, and then it is asked for again at once.
      const waits = (outcome.why === "consent" || outcome.why === "signIn") && !outcome.unsure;
      return waits ? Number.POSITIVE_INFINITY : now + RETRY_MS;
    }
    if (outcome.kind === "none" || outcome.expiresAt === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(renewalTime(outcome.expiresAt, now), now + 1000);
  }

  private plan(entry: Known, at: number): void {
    entry.again = at;
    entry.cancel();
    if (at === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(at - this.clock.now(), TICK_MS);
    entry.cancel = this.clock.after(Math.max(wait, 0), () => {
      if (this.clock.now() < entry.again) this.plan(entry, entry.again);
      else void this.askAgain(entry, "expiring");
    });
  }

  private hasEnded({ outcome }: Known): boolean {
    return this.isOver(outcome);
  }

  private isOver(outcome: CredentialOutcome): boolean {
    if (outcome.kind === "none" || outcome.kind === "missing") return false;
    return outcome.expiresAt !== undefined && outcome.expiresAt <= this.clock.now();
  }
}

function keyOf(provider: ProviderConfig, credential: AskedCredential, label: string): string {
  return JSON.stringify([provider.id, originOf(provider.baseUrl), credential, label]);
}

function secretOf(outcome: CredentialOutcome): string | undefined {
  return outcome.kind === "apiKey" || outcome.kind === "bearerToken" ? outcome.value : undefined;
}
