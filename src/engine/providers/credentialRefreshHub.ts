import type { EngineProvider, LabelledCredential } from "../../core/config/engineConfig";
import type { Clock } from "../../core/credentials/askedCredentials";
import type { CredentialRefresh } from "./credentialRefresh";

/** Asks whoever has the credential for another one, which comes with the next configuration. */
export type AskForAnother = (providerId: string, label: string) => void;

/** How long a request waits for another credential; az takes two to three seconds. */
const WAIT_MS = 6_000;
/** A provider that refuses whatever it gets must not make a program run all the time. */
const INTERVAL_MS = 30_000;

interface Refusal {
  readonly refused: string;
  readonly askedAt: number;
  answer: Promise<boolean>;
  settle: (renewed: boolean) => void;
}

/**
 * Gets another credential in place of one that was refused, from the window that has it or from the program on the
 * command line. However many requests were refused, it is asked for once.
 */
export class CredentialRefreshHub implements CredentialRefresh {
  private readonly refusals = new Map<string, Refusal>();
  private ask: AskForAnother = () => {};

  /** @param provider the provider as it is configured now */
  constructor(
    private readonly provider: (id: string) => EngineProvider | undefined,
    private readonly clock: Clock,
  ) {}

  askThrough(ask: AskForAnother): void {
    this.ask = ask;
  }

  mayRenew(providerId: string, label: string | undefined): boolean {
    return this.find(providerId, label)?.renewable === true;
  }

  refused(providerId: string, label: string | undefined, value?: string): Promise<boolean> {
    const current = this.find(providerId, label);
    if (current?.renewable !== true) return Promise.resolve(false);
    // Another request was refused before, and there is another credential already.
    if (value !== undefined && value !== current.credential.value) return Promise.resolve(true);
    const key = JSON.stringify([providerId, current.label]);
    const known = this.refusals.get(key);
    if (known && this.clock.now() - known.askedAt < INTERVAL_MS) return known.answer;
    return this.askNow(key, providerId, current);
  }

  private askNow(
    key: string,
    providerId: string,
    { label, credential }: LabelledCredential,
  ): Promise<boolean> {
    let settle: (renewed: boolean) => void = () => {};
    let cancel = (): void => {};
    const answer = new Promise<boolean>((resolve) => {
      settle = (renewed) => {
        cancel();
        resolve(renewed);
      };
    });
    cancel = this.clock.after(WAIT_MS, () => settle(false));
    const refusal = { refused: credential.value, askedAt: this.clock.now(), answer, settle };
    this.refusals.set(key, refusal);
    // Asked once more soon after it was renewed, the new one was refused as well.
    void answer.then(() => {
      refusal.answer = Promise.resolve(false);
    });
    this.ask(providerId, label);
    return answer;
  }

  /** A configuration has come; what waits for another credential may have it now. */
  configured(): void {
    for (const [key, { refused, settle }] of this.refusals) {
      const [id, label] = JSON.parse(key) as [string, string];
      const current = this.find(id, label);
      if (current !== undefined && current.credential.value !== refused) settle(true);
    }
  }

  /** Whoever was asked has no other one. */
  kept(providerId: string, label: string): void {
    this.refusals.get(JSON.stringify([providerId, label]))?.settle(false);
  }

  private find(id: string, label: string | undefined): LabelledCredential | undefined {
    const pool = this.provider(id)?.pool;
    return label === undefined ? pool?.[0] : pool?.find((credential) => credential.label === label);
  }
}
