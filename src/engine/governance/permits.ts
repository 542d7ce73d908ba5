import type { EngineProvider } from "../../core/config/engineConfig";
import { PosternError } from "../../core/errors";
import type { Caller } from "../../core/governance/caller";
import type { TargetDecision } from "../../core/governance/policy/decide";
import { POLICY_HEADER } from "../../core/governance/policy/header";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { optional } from "../../core/json/access";
import type { AuditService } from "../audit/auditService";
import type { AuditTrail } from "../audit/auditTrail";
import { type PolicyService, type RequestPolicy, refusalError } from "../policy/policyService";
import type { PolicyWarnings } from "../policy/policyWarnings";
import type { ClientBody } from "../relay/clientBody";
import type { RelayOutcome } from "../relay/relayOutcome";
import type { RequestTrace } from "../relay/requestTrace";
import type { RelayOptions } from "../relay/responseRelay";
import type { Target } from "../relay/target";
import type { SecretDetector } from "../secrets/secretDetector";
import { withBytes } from "./changedBody";
import type { Governor, ObservedAnswer, Reservation } from "./governor";
import type { Pricing } from "./pricing";

export interface PermitParts {
  readonly governor: Governor;
  readonly policy: Pick<PolicyService, "decide" | "withoutRules"> | undefined;
  readonly secrets: Pick<SecretDetector, "redactJson" | "redactName">;
  readonly pricing: Pricing;
  /** Keeps what is to be kept of requests. */
  readonly audit?: Pick<AuditService, "begin"> | undefined;
  readonly warnings?: Pick<PolicyWarnings, "tell">;
}

/** Of longer names the beginning is kept, in characters. */
const MAX_NAME = 200;

/** Somebody asks for a response that a provider keeps. */
export interface StoredAccess {
  readonly caller: Caller;
  readonly task: string | undefined;
  readonly body: Buffer;
  readonly provider: EngineProvider;
  /** Empty where it is not known which model made it. */
  readonly model: string;
  /** The route by which it was made. */
  readonly route?: string;
}

/** Asks policy, gateway keys' limits and budgets about each request. */
export class Permits {
  constructor(private readonly parts: PermitParts) {}

  /** @throws PosternError policy_refused */
  async begin(trace: RequestTrace, body: ClientBody, headers: Record<string, string>): Promise<Permit> {
    const { caller, task } = trace;
    const policy =
      this.parts.policy?.withoutRules(caller) ??
      (await this.parts.policy?.decide({ caller, task, body: () => body.bytes }));
    const permit = new Permit(this.parts, trace, body, headers, policy);
    permit.follow();
    permit.showPolicy();
    if (!policy?.refusal) return permit;
    permit.leave();
    throw refusalError(policy.refusal);
  }

  /**
   * Before a response that a provider keeps is asked for: it is no request to a model, but nobody may have from there
   * what they may not ask there.
   * @throws PosternError policy_refused, model_not_allowed
   */
  async assertStored(
    { caller, task, body, provider, model, route }: StoredAccess,
    headers: Record<string, string>,
  ): Promise<void> {
    const { governor, policy } = this.parts;
    const { config } = provider;
    const decided = await policy?.decide({ caller, task, body: () => body });
    const forTarget = decided?.forTarget({ provider: config, model });
    const shown = decided?.header(forTarget);
    if (shown !== undefined) headers[POLICY_HEADER] = shown;
    if (forTarget?.refusal) throw refusalError(forTarget.refusal);
    if (governor.allows(caller, { provider: config.id, model, ...optional("route", route) })) return;
    throw new PosternError(
      "model_not_allowed",
      `Gateway key "${caller.name}" may not use what provider "${config.id}" keeps.`,
    );
  }

  /** A provider has answered: what its headers say of its limits. */
  observe(
    { provider, model }: Target,
    credential: string,
    status: number,
    headers: ObservedAnswer["headers"],
  ): void {
    this.parts.governor.observe({
      provider: provider.config.id,
      model: model.id,
      credential,
      headers,
      status,
    });
  }

  /** A name that came from outside, as it may be told and kept. */
  shown(name: string): string {
    return shownName(this.parts.secrets, name);
  }

  /** The row of a request that was refused before there was a permit. */
  refused(record: RequestRecord): void {
    this.parts.governor.settle(undefined, record);
  }
}

/** What one request may do, and what is set aside for it. */
export class Permit {
  private reservation: Reservation | undefined;
  private target: Target | undefined;
  private trail: AuditTrail | undefined;

  constructor(
    private readonly parts: PermitParts,
    private readonly trace: RequestTrace,
    private readonly body: ClientBody,
    private readonly headers: Record<string, string>,
    private readonly policy: RequestPolicy | undefined,
  ) {}

  /** The id that is looked for: what the client asked for, or what a rule has put in its place. */
  get model(): string {
    return this.policy?.route ?? this.body.model;
  }

  /** Why a target may not be used; undefined if it may. */
  refusal(target: Target, route: string | undefined): PosternError | undefined {
    const decision = this.decisionOn(target);
    if (decision?.refusal) {
      this.showPolicy(target);
      return refusalError(decision.refusal);
    }
    const { id } = target.provider.config;
    const model = target.model.id;
    const asked = { provider: id, model, ...(route === undefined ? {} : { route }) };
    if (this.parts.governor.allows(this.trace.caller, asked)) return undefined;
    return new PosternError(
      "model_not_allowed",
      `Gateway key "${this.trace.caller.name}" may not use ${id}/${model}. Use a model that it may use, or change its limits in Postern's Gateway view.`,
    );
  }

  /**
   * Sets aside what the request may come to at a target, in place of what was set aside for the target before.
   * @throws PosternError model_not_allowed, rate_limited, budget_exceeded
   */
  enter(target: Target): void {
    const { governor, pricing } = this.parts;
    const governed = {
      provider: target.provider.config.id,
      model: target.model.id,
      estimate: pricing.estimate(this.body, target, {
        operation: this.trace.operation,
        at: this.trace.began.at,
        caller: this.trace.caller,
      }),
      ...(this.trace.route === undefined ? {} : { route: this.trace.route }),
    };
    if (this.reservation) governor.retarget(this.reservation, governed);
    else this.reservation = governor.admit({ ...governed, record: this.trace.beginning() });
    this.target = target;
    this.showPolicy(target);
    this.warn(target);
  }

  /** The body as it may go to a target: without secrets where a rule says so. */
  bodyFor(target: Target): ClientBody | Promise<ClientBody> {
    return this.decisionOn(target)?.redact ? this.redacted() : this.body;
  }

  private async redacted(): Promise<ClientBody> {
    const { text, count } = await this.parts.secrets.redactJson(this.body.bytes.toString("utf8"));
    return count === 0 ? this.body : withBytes(this.body, Buffer.from(text));
  }

  /** The request was answered, well or not. */
  answered(outcome: RelayOutcome): RequestRecord {
    const { model } = outcome;
    const shown = model === undefined ? outcome : { ...outcome, model: shownName(this.parts.secrets, model) };
    const record = this.trace.answered(shown, performance.now());
    const charged = this.target
      ? this.parts.pricing.charged(record, outcome, this.body, this.target)
      : record;
    if (this.target) this.parts.pricing.remember(this.trace.keptAs, charged, this.target);
    this.settle(charged);
    return charged;
  }

  /** No provider has answered it. */
  failed(fault: Pick<PosternError, "code" | "status">): RequestRecord {
    const record = this.trace.refused(fault, performance.now());
    this.settle(record);
    return record;
  }

  /** Begins to keep what the audit wants of it; counting is no request to a model. */
  follow(): void {
    const { trace, policy } = this;
    if (trace.operation === "countTokens") return;
    const mayBeForced = policy?.mayForceAudit ?? false;
    this.trail = this.parts.audit?.begin({ caller: trace.caller, mayBeForced });
    this.trail?.request(this.body.bytes);
  }

  /** What the relay is to do for the audit. */
  get relayOptions(): Pick<RelayOptions, "onPiece"> {
    const { trail } = this;
    return trail ? { onPiece: (piece) => trail.chunk(piece) } : {};
  }

  /** It is over; what was collected of a request without a row is forgotten. */
  leave(): void {
    this.trail?.drop();
  }

  /** Said when it goes out, and to a person: a client has it in the header. */
  private warn(target: Target): void {
    for (const warning of this.decisionOn(target)?.warnings ?? [])
      this.parts.warnings?.tell({ ...warning, caller: this.trace.caller.name });
  }

  private settle(record: RequestRecord): void {
    const decision = this.target && this.decisionOn(this.target);
    this.trail?.settle(record, decision?.auditFull ?? false);
    this.parts.governor.settle(this.reservation, record);
  }

  /** Names the rules that applied, in the record and to the client. */
  showPolicy(target?: Target): void {
    const decision = target && this.decisionOn(target);
    this.trace.policyRule = this.policy?.recorded(decision);
    const shown = this.policy?.header(decision);
    if (shown === undefined) delete this.headers[POLICY_HEADER];
    else this.headers[POLICY_HEADER] = shown;
  }

  private decisionOn({ provider, model }: Target): TargetDecision | undefined {
    return this.policy?.forTarget({ provider: provider.config, model: model.id });
  }
}

function shownName(secrets: Pick<SecretDetector, "redactName">, name: string): string {
  return secrets.redactName(name.slice(0, 2 * MAX_NAME)).slice(0, MAX_NAME);
}
