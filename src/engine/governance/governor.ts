import type { Caller } from "../../core/governance/caller";
import type { RequestBeginning } from "../../core/governance/openRequest";
import type { RequestRecord } from "../../core/governance/requestRecord";

/** What a request is expected to cost before it goes out. Counts are upper bounds where that is possible. */
export interface RequestEstimate {
  readonly inputTokens: number;
  /** The most the model may write: what the client allows, else what the model can. */
  readonly maxOutputTokens: number;
  /** In millionths of a US dollar; absent where the model has no known price, never guessed. */
  readonly microUsd?: number;
  /** Where that price is from, as a row names it. */
  readonly priceSource?: string;
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
  /** Its id, when it began, who sent it, what it asked for: what its row begins with, should the engine be killed. */
  readonly record: RequestBeginning;
}

/** What was set aside for a request that was let through. Settle it exactly once, whatever becomes of the request. */
export interface Reservation {
  readonly requestId: string;
  /** Budgets past their warning threshold, or that cannot hold this request: log-safe sentences. */
  readonly warnings: readonly string[];
}

/** How a provider has answered, as far as its limits go. */
export interface ObservedAnswer {
  /** The provider's id. */
  readonly provider: string;
  readonly model?: string;
  /** Label of the credential. */
  readonly credential: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly status: number;
}

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
   * for requests that failed or whose client left, and, without a reservation, for those that were refused. A request
   * that a provider has begun to answer well (2xx) and that comes without a usage is charged what was set aside, as
   * estimated: the most it can have been. Never throws; a reservation that is settled already is not settled twice.
   */
  settle(reservation: Reservation | undefined, record: RequestRecord): void;
  /** The provider's rate-limit headers, of any answer, refusals too; most limits are a model's own. Never throws. */
  observe(answer: ObservedAnswer): void;
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
