import type { Usage } from "../conversation/usage";
import type { WireProtocol } from "../protocols/wire";
import type { Operation } from "../providers/endpoint";
import type { Caller } from "./caller";

/**
 * How a number came about. measured: counted by Postern itself. reported: the provider said so. estimated: worked out
 * from something else, and always shown as such.
 */
export type Basis = "measured" | "reported" | "estimated";

/** What became of a request. refused: Postern itself said no before a provider was asked. */
export type RequestOutcome = "answered" | "failed" | "refused" | "cut" | "clientLeft";

/** One try at one target. The last one of a request is the one whose answer the client got. */
export interface Attempt {
  readonly provider: string;
  readonly model: string;
  /** Label of the credential that was used. */
  readonly credential: string;
  /** After the request came in, in milliseconds. */
  readonly startMs: number;
  readonly durationMs: number;
  /** HTTP status of the provider; 0 if there was none. */
  readonly status: number;
  /** Why it was not the last: a log-safe sentence. Absent for an attempt that was answered. */
  readonly reason?: string;
}

/** What a request has cost, and how that is known. */
export interface RequestCost {
  /** In millionths of a US dollar, an integer. */
  readonly microUsd: number;
  readonly basis: Basis;
  /** Where the price is from: `config`, or a catalogue and its date. */
  readonly priceSource: string;
}

/** A request as the ledger keeps it: what it was, where it went, what came of it. Never what was said in it. */
export interface RequestRecord {
  /** The `x-request-id` that the client was given. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** From the request's arrival to the first byte of the answer's content. */
  readonly firstByteMs?: number;
  readonly caller: Caller;
  /** The program, where its headers tell: `claude-code`, `codex`, `copilot-cli`, `openai-python`… */
  readonly tool?: string;
  /** What the request was for, from `x-postern-task` or a key's label. */
  readonly task?: string;
  readonly operation: Operation;
  readonly protocolIn: WireProtocol;
  /** Absent where no provider was asked. */
  readonly protocolOut?: WireProtocol;
  /** Name or pattern of the route that chose the target. */
  readonly route?: string;
  /** The id as the client sent it. */
  readonly modelAsked: string;
  /** The target that answered, or was tried last. */
  readonly provider?: string;
  readonly model?: string;
  /** The model that the provider says has answered. */
  readonly modelAnswered?: string;
  /** Label of the credential that was used last. */
  readonly credential?: string;
  readonly attempts: readonly Attempt[];
  /** What the client got; 0 if it had left before. */
  readonly status: number;
  readonly outcome: RequestOutcome;
  /** Postern's or the provider's code of the failure. */
  readonly errorCode?: string;
  readonly usage?: Usage;
  /** Of the usage. */
  readonly usageBasis?: Basis;
  readonly cost?: RequestCost;
  /** How many premium requests it counts as, where the provider has such a quota; may be a fraction. */
  readonly premiumRequests?: number;
  /** Of the premium requests: reported, or estimated by the model's multiplier. */
  readonly premiumBasis?: Basis;
  /** What a translation could not carry. */
  readonly dropped: readonly string[];
  /** The policy rule that applied. */
  readonly policyRule?: string;
}
