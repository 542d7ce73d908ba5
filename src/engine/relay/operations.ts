import type { IncomingMessage, ServerResponse } from "node:http";
import { findingOf } from "../../core/diagnosis/answerFinding";
import { PosternError } from "../../core/errors";
import { neverRetries, recognizeTool } from "../../core/gateway/recognizeTool";
import type { Route } from "../../core/gateway/routes";
import type { Caller } from "../../core/governance/caller";
import { optional } from "../../core/json/access";
import { JsonSyntaxError } from "../../core/json/topLevel";
import { preferredProtocol } from "../../core/providers/spoken";
import { conversationKey } from "../../core/routing/affinity";
import { firstValue } from "../../core/text/firstValue";
import type { CopilotService } from "../copilot/copilotService";
import { asksCopilot, planAccounts } from "../copilot/planAccounts";
import { answerJson } from "../gateway/answer";
import { readRequestBody } from "../gateway/requestBody";
import type { RunningRequests } from "../governance/governor";
import type { Permit, Permits } from "../governance/permits";
import type { Log } from "../log/log";
import type { ProviderRegistry } from "../providers/providerRegistry";
import type { Attempts, Tried } from "../routing/attempts";
import type { Presence } from "../routing/backoff";
import type { Plan, Router } from "../routing/router";
import type { Stickiness } from "../routing/stickiness";
import { estimateTokens } from "../tokens/estimateTokens";
import { type ClientBody, parsedBody, scanBody } from "./clientBody";
import type { Exchange } from "./exchange";
import { headerSafe } from "./ownHeaders";
import type { RelayOutcome } from "./relayOutcome";
import { RequestTrace } from "./requestTrace";
import type { RelayOptions, ResponseRelay } from "./responseRelay";
import type { Sender } from "./sender";
import type { StoredResponses } from "./storedResponses";
import { type Target, treatmentOf } from "./target";

type OperationRoute = Extract<Route, { kind: "operation" }>;
type StoredRoute = Extract<Route, { kind: "storedResponse" }>;

/** By which a provider says that it cannot count tokens. */
const CANNOT_COUNT = [404, 405, 501];
/** How much of a refusal is read for what it means. */
const READ_BYTES = 16 * 1024;

/** What a request goes through on its way. */
export interface OperationParts {
  readonly registry: ProviderRegistry;
  readonly router: Router;
  readonly attempts: Attempts;
  readonly sender: Sender;
  readonly copilot: Pick<CopilotService, "withAccounts">;
  readonly stored: StoredResponses;
  readonly stickiness: Stickiness;
  readonly permits: Permits;
  /** What is running, by gateway key, so that taking one back can cut it. */
  readonly running: RunningRequests;
  readonly log: Log;
  onChange(): void;
}

/** Runs what goes to a provider: body in, targets found and tried, answer relayed, outcome noted. */
export class Operations {
  private count = 0;
  private maxRunning = Number.POSITIVE_INFINITY;

  constructor(private readonly parts: OperationParts) {}

  setLimit(maxRunning: number): void {
    this.maxRunning = maxRunning;
  }

  /** Requests running now. */
  get running(): number {
    return this.count;
  }

  /** @throws PosternError, JsonSyntaxError while nothing has been sent to the client */
  async run(
    route: OperationRoute | StoredRoute,
    request: IncomingMessage,
    response: ServerResponse,
    requestId: string,
    caller: Caller,
  ): Promise<void> {
    if (this.count >= this.maxRunning) {
      throw new PosternError(
        "too_many_requests",
        `${this.maxRunning} requests are running already; try again in a moment.`,
        { retryAfterSeconds: 1 },
      );
    }
    this.count += 1;
    this.parts.onChange();
    const began = { at: Date.now(), tick: performance.now() };
    const trace = new RequestTrace(requestId, caller, route.protocol, began);
    const exchange: Exchange = { request, response, headers: { "x-request-id": requestId }, trace };
    const ended = this.parts.running.track(caller, () => cut(exchange));
    try {
      if (route.kind === "storedResponse") await this.runStored(route, exchange);
      else await this.runOperation(route, exchange);
    } catch (error) {
      if (!response.headersSent)
        for (const [name, value] of Object.entries(exchange.headers)) response.setHeader(name, value);
      throw error;
    } finally {
      ended();
      this.count -= 1;
      this.parts.onChange();
    }
  }

  private async runOperation(route: OperationRoute, exchange: Exchange): Promise<void> {
    const { trace, request } = exchange;
    trace.operation = route.operation;
    trace.tool = recognizeTool((name) => header(request, name));
    const task = header(request, "x-postern-task");
    if (task !== undefined) trace.task = this.parts.permits.shown(task);
    else if (trace.caller.labels.task !== undefined) trace.task = trace.caller.labels.task;
    let given: Permit | undefined;
    try {
      const body = scanBody(await readRequestBody(request), route.deployment);
      trace.modelAsked = this.parts.permits.shown(body.model);
      if (!body.model.startsWith(trace.modelAsked)) throw keyAsModel(trace.modelAsked);
      const permit = await this.parts.permits.begin(trace, body, exchange.headers);
      given = permit;
      const plan = await this.plan(body, permit, exchange);
      if (route.operation === "countTokens")
        return await this.countTokens(route, body, plan, permit, exchange);
      const outcome = await this.tryTargets(plan, exchange, async (target, goesOn) => {
        permit.enter(target);
        const options = { holdRefusals: true, holdBeginnings: goesOn, ...permit.relayOptions };
        return this.send(route, await permit.bodyFor(target), target, exchange, options);
      });
      permit.answered(outcome);
    } catch (thrown) {
      const error = exchange.taken ?? thrown;
      // Whatever it was: there is a row, and nothing stays set aside.
      const fault = error instanceof PosternError ? error : otherFault(error);
      if (route.operation !== "countTokens") {
        if (given) given.failed(fault);
        else this.parts.permits.refused(trace.refused(fault, performance.now()));
      }
      throw error;
    } finally {
      given?.leave();
    }
  }

  private async plan(body: ClientBody, permit: Permit, { request, trace }: Exchange): Promise<Plan> {
    const plan = await this.parts.router.plan({
      model: permit.model,
      asksNothing: trace.operation === "countTokens",
      conversation: () => conversationOf(request, body),
      refusal: (target, route) => permit.refusal(target, route),
    });
    trace.route = plan.route;
    for (const { model, reason } of plan.unusable)
      this.parts.log.info(`${trace.id} route "${plan.route}" cannot use ${model}: ${reason}`);
    if (!asksCopilot(plan)) return plan;
    return planAccounts(plan, header(request, "x-github-token-id"), this.parts.copilot);
  }

  /** Tries the plan's targets one after the other; the provider's state follows from how that goes. */
  private async tryTargets(
    plan: Plan,
    exchange: Exchange,
    send: (target: Target, goesOn: boolean) => Promise<ResponseRelay>,
  ): Promise<RelayOutcome> {
    const { trace, headers } = exchange;
    const { attempts, registry, stickiness } = this.parts;
    const outcome = await attempts.run({
      candidates: plan.candidates,
      patient: plan.route !== undefined || neverRetries(trace.tool),
      client: presenceOf(exchange),
      provider: (id) => registry.get(id),
      start: async (target, label, attempt, goesOn) => {
        if (exchange.taken) throw exchange.taken;
        const { config } = target.provider;
        const before = trace.target;
        trace.target = { provider: config.id, model: target.model.id, credential: label };
        headers["x-postern-provider"] = config.id;
        headers["x-postern-model"] = headerSafe(target.model.id);
        if (plan.route !== undefined || attempt > 1) headers["x-postern-attempts"] = String(attempt);
        try {
          exchange.relay = await send(target, goesOn);
        } catch (error) {
          // What it could not be sent to is not where it was.
          if (trace.sent) trace.target = before;
          throw error;
        }
        trace.sent = true;
        return exchange.relay;
      },
      tried: (tried) => {
        trace.tried(tried);
        if (tried.reason !== undefined) this.noteFailure(tried, trace.id);
      },
    });
    const { target } = trace;
    if (target && plan.conversation !== undefined && outcome.end === "complete")
      stickiness.note(`${plan.route} ${plan.conversation}`, `${target.provider}/${target.model}`);
    if (target) this.noteOutcome(target.provider, outcome);
    return outcome;
  }

  private send(
    route: OperationRoute,
    body: ClientBody,
    target: Target,
    exchange: Exchange,
    given: RelayOptions,
  ): ResponseRelay {
    const { sender } = this.parts;
    const treatment = treatmentOf(target, route.operation, route.protocol);
    const translated = treatment === "translated";
    // Copilot's SDK is spoken to in no protocol.
    exchange.trace.protocolOut =
      treatment === "copilot"
        ? undefined
        : translated
          ? preferredProtocol(target.provider.config)
          : route.protocol;
    const { credential = "" } = exchange.trace.target ?? {};
    const options: RelayOptions = {
      ...given,
      onHeaders: (status, headers) => this.parts.permits.observe(target, credential, status, headers),
    };
    if (treatment === "copilot") return sender.copilot(route, body, target, exchange, options);
    return translated
      ? sender.translated(route, body, target, exchange, options)
      : sender.asItIs(route, body, target, exchange, options);
  }

  /** Counting is no request to a model, and is not counted as one. */
  private async countTokens(
    route: OperationRoute,
    body: ClientBody,
    plan: Plan,
    permit: Permit,
    exchange: Exchange,
  ): Promise<void> {
    const first = plan.candidates.slice(0, 1);
    const counts = first.every(
      ({ target }) => treatmentOf(target, route.operation, route.protocol) === "bytes",
    );
    try {
      if (!counts) throw new PosternError("not_found", "No provider can count these tokens.");
      // Where a conversation is counted, it is not yet at home.
      const counting = { ...plan, candidates: first, conversation: undefined };
      await this.tryTargets(counting, exchange, async (target) =>
        this.parts.sender.asItIs(route, await permit.bodyFor(target), target, exchange, {
          lacking: CANNOT_COUNT,
        }),
      );
    } catch (error) {
      if (!(error instanceof PosternError) || error.code !== "not_found") throw error;
      for (const { target } of first) {
        exchange.headers["x-postern-provider"] = target.provider.config.id;
        exchange.headers["x-postern-model"] = headerSafe(target.model.id);
      }
      await this.answerEstimate(body, exchange);
    }
  }

  private async answerEstimate(body: ClientBody, { response, headers }: Exchange): Promise<void> {
    const input_tokens = await estimateTokens(parsedBody(body));
    answerJson(response, 200, JSON.stringify({ input_tokens }), {
      ...headers,
      "x-postern-estimated": "input_tokens",
    });
  }

  /** A response that a provider keeps: fetched, deleted or cancelled there. */
  private async runStored(route: StoredRoute, exchange: Exchange): Promise<void> {
    const body = await readRequestBody(exchange.request);
    const { caller } = exchange.trace;
    const { provider, model = "", route: by } = this.parts.stored.keeper(route.id, caller);
    const { id } = provider.config;
    exchange.headers["x-postern-provider"] = id;
    const task = header(exchange.request, "x-postern-task")?.slice(0, 200);
    const access = { caller, task, body, provider, model, ...optional("route", by) };
    await this.parts.permits.assertStored(access, exchange.headers);
    try {
      const outcome = await this.parts.sender.storedResponse(route, provider, body, exchange).settled;
      this.noteOutcome(id, outcome);
    } catch (error) {
      if (error instanceof PosternError) this.parts.registry.noteResult(id, error.message);
      throw error;
    }
  }

  private noteFailure({ target, reason = "", blames, refusal }: Tried, requestId: string): void {
    const { provider, model } = target;
    const { id } = provider.config;
    this.parts.log.warn(`${requestId} provider "${id}": ${reason}`);
    if (!blames) return;
    const { status, headers, body } = refusal ?? { status: 0, headers: {}, body: undefined };
    const bodyText = body?.subarray(0, READ_BYTES).toString("utf8") ?? "";
    // The same words as of a test of the connection.
    const finding =
      refusal && findingOf({ provider, operation: "chat", model: model.id, status, headers, bodyText });
    this.parts.registry.noteResult(id, finding ?? reason);
  }

  private noteOutcome(providerId: string, { status, end, fault }: RelayOutcome): void {
    if (fault) this.parts.registry.noteResult(providerId, fault.finding ?? fault.message);
    else if (status >= 200 && status < 300 && end === "complete")
      this.parts.registry.noteResult(providerId, undefined);
  }
}

/** Whoever has put a key there by mistake is told so, without it. */
function keyAsModel(shown: string): PosternError {
  return new PosternError(
    "model_not_found",
    `There is a key in the request's "model": ${JSON.stringify(shown)}. GET /v1/models lists what there is.`,
  );
}

function otherFault(error: unknown): Pick<PosternError, "code" | "status"> {
  return error instanceof JsonSyntaxError
    ? { code: "invalid_json", status: 400 }
    : { code: "internal", status: 500 };
}

function header(request: IncomingMessage, name: string): string | undefined {
  return firstValue(request.headers[name]);
}

function conversationOf(request: IncomingMessage, { bytes, top }: ClientBody): string | undefined {
  return conversationKey({
    header: (name) => header(request, name),
    member: (name) => {
      const span = top.members.get(name);
      return span && bytes.subarray(span.start, span.end).toString("utf8");
    },
  });
}

/** The gateway key was taken back: the client is told so in its protocol, as far as that can be done. */
function cut(exchange: Exchange): void {
  const fault = new PosternError("unauthorized", "The gateway key was disabled while it was used.");
  exchange.taken = fault;
  exchange.relay?.abort(fault);
  exchange.onTaken?.();
  if (!exchange.relay) exchange.response.destroy();
}

function presenceOf(exchange: Exchange): Presence {
  const { response } = exchange;
  return {
    hasLeft: () => response.destroyed || exchange.taken !== undefined,
    onLeft: (listener) => {
      response.once("close", listener);
      exchange.onTaken = listener;
      return () => {
        response.off("close", listener);
        delete exchange.onTaken;
      };
    },
  };
}
