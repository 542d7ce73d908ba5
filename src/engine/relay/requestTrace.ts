import type { Usage } from "../../core/conversation/usage";
import type { PosternError } from "../../core/errors";
import type { Caller } from "../../core/governance/caller";
import type { RequestBeginning } from "../../core/governance/openRequest";
import type { Attempt, Basis, RequestOutcome, RequestRecord } from "../../core/governance/requestRecord";
import type { WireProtocol } from "../../core/protocols/wire";
import type { Operation } from "../../core/providers/endpoint";
import type { Tried } from "../routing/attempts";
import type { RelayOutcome } from "./relayOutcome";

/** When a request began, on both clocks. */
export interface Began {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** On the clock of `performance`. */
  readonly tick: number;
}

/** What is noted of a request while it runs, and put together when it has ended. */
export class RequestTrace {
  operation: Operation = "chat";
  modelAsked = "";
  route: string | undefined;
  protocolOut: WireProtocol | undefined;
  tool: string | undefined;
  task: string | undefined;
  dropped: readonly string[] = [];
  policyRule: string | undefined;
  /** By what the provider can be asked to go on from the answer: the response's id, and the conversation's. */
  keptAs: readonly string[] = [];
  /** The target that it is at, or was last. */
  target: { readonly provider: string; readonly model: string; readonly credential: string } | undefined;
  /** It has gone out to a provider: from then on Postern alone cannot have refused it. */
  sent = false;
  private readonly attempts: Attempt[] = [];

  constructor(
    readonly id: string,
    readonly caller: Caller,
    readonly protocolIn: WireProtocol,
    readonly began: Began,
  ) {}

  tried({ target, label, startedAt, endedAt, status, reason }: Tried): void {
    this.attempts.push({
      provider: target.provider.config.id,
      model: target.model.id,
      credential: label,
      startMs: Math.round(startedAt - this.began.tick),
      durationMs: Math.round(endedAt - startedAt),
      status,
      ...(reason === undefined ? {} : { reason }),
    });
  }

  /** What is known of the row before a provider is asked. */
  beginning(): RequestBeginning {
    return {
      id: this.id,
      startedAt: this.began.at,
      caller: this.caller,
      operation: this.operation,
      protocolIn: this.protocolIn,
      modelAsked: this.modelAsked,
      ...(this.tool === undefined ? {} : { tool: this.tool }),
      ...(this.task === undefined ? {} : { task: this.task }),
      ...(this.protocolOut === undefined ? {} : { protocolOut: this.protocolOut }),
      ...(this.route === undefined ? {} : { route: this.route }),
      ...(this.policyRule === undefined ? {} : { policyRule: this.policyRule }),
      ...this.target,
    };
  }

  /** The row of a request that was answered, well or not. */
  answered(outcome: RelayOutcome, now: number): RequestRecord {
    const { status, usage, model, firstByteAt, end, fault } = outcome;
    const good = status >= 200 && status < 300;
    const ended: RequestOutcome =
      end === "clientLeft" ? "clientLeft" : !good ? "failed" : end === "cut" ? "cut" : "answered";
    return {
      ...this.base(now),
      ...(firstByteAt === undefined ? {} : { firstByteMs: Math.round(firstByteAt - this.began.tick) }),
      ...(model === undefined ? {} : { modelAnswered: model }),
      ...(usage === undefined ? {} : reported(usage)),
      ...(fault === undefined ? {} : { errorCode: fault.code }),
      status,
      outcome: ended,
    };
  }

  /** The row of a request that no provider has answered. */
  refused(fault: Pick<PosternError, "code" | "status">, now: number): RequestRecord {
    const outcome: RequestOutcome =
      fault.code === "client_left" ? "clientLeft" : this.sent ? "failed" : "refused";
    const status = outcome === "clientLeft" ? 0 : fault.status;
    return { ...this.base(now), status, outcome, errorCode: fault.code };
  }

  private base(now: number): Omit<RequestRecord, "status" | "outcome"> {
    return {
      ...this.beginning(),
      durationMs: Math.round(now - this.began.tick),
      attempts: this.attempts,
      dropped: this.dropped,
    };
  }
}

function reported(usage: Usage): { readonly usage: Usage; readonly usageBasis: Basis } {
  return { usage, usageBasis: "reported" };
}
