import type { Caller } from "../../core/governance/caller";
import type { RequestRecord } from "../../core/governance/requestRecord";

/** What a request is expected to cost before it goes out. Counts are upper bounds where that is possible. */
export interface RequestEstimate {
  readonly inputTokens: number;
  /** The most the model may write: what the client allows, else what the model can. */
  readonly maxOutputTokens: number;
  /** In millionths of a US dollar; absent where the model has no known price, never guessed. */
  readonly microUsd?: number;
  /** Premium requests, where the provider counts them. */
  readonly premiumRequests?: number;
}

/** Where a request is about to be sent. */
export interface GovernedTarget {
  /** The provider's id. */
  readonly provider: string;
  /** The model as it is addressed at the provider, without the provider's id in front. */
  readonly model: string;
  /** Name of the route that chose the target: a gateway key may allow a route by its name. */
  readonly route?: string;
  readonly estimate: RequestEstimate;
}

/** A request that asks to be let through. */
export interface GovernedRequest extends GovernedTarget {
  /** The `x-request-id` that the client is given. */
  readonly id: string;
  readonly caller: Caller;
}

/** What was set aside for a request that was let through. Settle it exactly once, whatever becomes of the request. */
export interface Reservation {
  readonly requestId: string;
  /** Budgets past their warning threshold, or that cannot hold this request: log-safe sentences. */
  readonly warnings: readonly string[];
}

/** The provider's answer headers, lower-case names. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Gateway keys' limits and budgets: asked before a provider is, told afterwards. All calls are synchronous, so a check
 * and what it sets aside are one step, however many requests come at once.
 */
export interface Governor {
  /**
   * Before a provider is asked.
   * @throws PosternError model_not_allowed (403), rate_limited or budget_exceeded (429, with retryAfterSeconds unless
   * the budget never resets); nothing is set aside then
   */
  admit(request: GovernedRequest): Reservation;
  /**
   * Moves what is set aside to another target, before a fallback is tried. Requests a minute are not counted twice.
   * @throws the same as admit; the reservation then stays as it was and still has to be settled
   */
  retarget(reservation: Reservation, target: GovernedTarget): void;
  /**
   * Puts what it has really cost in place of what was set aside, and writes the ledger's row, in one transaction. Also
   * for requests that failed or whose client left. Without a cost of its own a record is charged nothing if no provider
   * answered (status 0 or >= 400 and no usage), else what was set aside, which is estimated. Never throws; a second
   * call does nothing.
   */
  settle(reservation: Reservation, record: RequestRecord): void;
  /** The provider's rate-limit headers, of any answer, refusals too. Never throws. */
  observe(provider: string, credential: string, headers: AnswerHeaders, status: number): void;
  /** Whether a caller may use a target at all: for lists of models, and for choosing a route's targets. */
  allows(caller: Caller, target: Pick<GovernedTarget, "provider" | "model" | "route">): boolean;
}

/** The running requests of each caller, so that taking a gateway key back can cut them. */
export interface RunningRequests {
  /** @returns a function to call when the request has ended */
  track(caller: Caller, abort: () => void): () => void;
  /** @returns how many were cut */
  abortRequestsOf(keyName: string): number;
}
