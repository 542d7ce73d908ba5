import type { RouteConfig, RoutingConfig } from "../../core/config/schema";
import { PosternError } from "../../core/errors";
import type { OfferedRoute } from "../../core/gateway/offeredModels";
import { optional } from "../../core/json/access";
import { behindAlias } from "../../core/routing/claudeAlias";
import { sharedFacts } from "../../core/routing/routeFacts";
import { findRouteTarget } from "../../core/routing/routeReport";
import { RouteTable, routeLabel } from "../../core/routing/routeTable";
import { orderedTargets, type StrategyInputs } from "../../core/routing/strategy";
import type { RouteStatus } from "../../core/rpc/contract";
import type { ProviderRegistry } from "../providers/providerRegistry";
import { awaitedTarget, knownTarget, type Target } from "../relay/target";
import type { Candidate } from "./candidate";
import type { Health } from "./health";
import { routeStatuses } from "./routeStatus";
import type { Stickiness } from "./stickiness";

/** Where a request may go, the first choice first. */
export interface Plan {
  /** Name or pattern of the route; undefined where the client named the model itself. */
  readonly route: string | undefined;
  readonly candidates: readonly Candidate[];
  /** What could not even be tried, and why. */
  readonly unusable: readonly { readonly model: string; readonly reason: string }[];
  /** Under what the target is remembered for the conversation's next turn. */
  readonly conversation: string | undefined;
}

/** What may be asked for besides the id. */
export interface PlanRequest {
  readonly model: string;
  /** Whether it is no request to a model, and so takes nobody's turn. */
  readonly asksNothing: boolean;
  /** Names the conversation; asked only where there is a choice to make. */
  conversation(): string | undefined;
  /** Why a target may not be used, by the policy or the gateway key; undefined if it may. */
  refusal(target: Target, route: string | undefined): PosternError | undefined;
}

/** Finds the targets for the id that a client sent: through a route, or straight. */
export class Router {
  private routes: readonly RouteConfig[] = [];
  private table = new RouteTable([]);
  private limits: RoutingConfig = { maxAttempts: 4, maxWaitSeconds: 30 };
  private readonly turns = new Map<string, number>();

  constructor(
    private readonly registry: ProviderRegistry,
    private readonly health: Health,
    private readonly stickiness: Stickiness,
    private readonly inputs: Pick<StrategyInputs, "random" | "priceOf">,
  ) {}

  /** How each route's targets stand at present. */
  status(): RouteStatus[] {
    return routeStatuses(this.routes, {
      sources: this.registry.sources(),
      table: this.table,
      health: this.health,
      provider: (id) => this.registry.get(id),
    });
  }

  configure(routes: readonly RouteConfig[], limits: RoutingConfig): void {
    this.routes = routes;
    this.table = new RouteTable(routes);
    this.limits = limits;
  }

  get routing(): RoutingConfig {
    return this.limits;
  }

  /** The routes that have an id of their own, each with the limits that all its targets keep within. */
  offered(): OfferedRoute[] {
    const sources = this.registry.sources();
    return this.table.names().map((id) => {
      const targets = this.table.find(id, false)?.targets ?? [];
      const facts = targets.flatMap(({ model }) => {
        const found = findRouteTarget(model, sources, this.table);
        return found.kind === "found" ? [found.model.facts ?? {}] : [];
      });
      const { contextWindow, maxOutput } = sharedFacts(facts);
      return { id, ...optional("contextWindow", contextWindow), ...optional("maxOutput", maxOutput) };
    });
  }

  /** @throws PosternError model_not_found, model_not_allowed, provider_disabled, provider_faulty, provider_key_missing */
  plan(request: PlanRequest): Promise<Plan> {
    const route = this.routeOf(request.model);
    return route ? this.along(route, request) : this.straight(request);
  }

  private async along(route: RouteConfig, request: PlanRequest): Promise<Plan> {
    const label = routeLabel(route);
    const candidates: Candidate[] = [];
    const unusable: { model: string; reason: string }[] = [];
    let fault: unknown;
    // At once: each may wait for lists that are still being asked for.
    const targets = await Promise.all(
      route.targets.map(async ({ model, weight }) => ({ model, weight, found: await this.found(model) })),
    );
    for (const { model, weight, found } of targets) {
      try {
        if (found instanceof PosternError) throw found;
        const target = found;
        const candidate = {
          key: `${target.provider.config.id}/${target.model.id}`,
          weight: weight ?? 1,
          target,
        };
        this.assertAllowed(request, candidate, label);
        if (!candidates.some(({ key }) => key === candidate.key)) candidates.push(candidate);
      } catch (error) {
        if (!(error instanceof PosternError)) throw error;
        fault ??= error;
        unusable.push({ model, reason: error.message });
      }
    }
    if (candidates.length === 0) throw fault;
    const conversation = candidates.length > 1 && route.affinity ? request.conversation() : undefined;
    return {
      route: label,
      candidates: this.ordered(route, label, candidates, conversation, request.asksNothing),
      unusable,
      conversation,
    };
  }

  /** By its name, by a pattern, or by the id under which Claude Code shows it. */
  private routeOf(id: string): RouteConfig | undefined {
    const aliased = behindAlias(id);
    if (aliased !== undefined && this.table.isName(aliased)) return this.table.find(aliased, false);
    return this.table.find(id, this.namesProvider(id));
  }

  /** A route's target, or why there is none. */
  private async found(model: string): Promise<Target | PosternError> {
    try {
      return knownTarget(this.registry, model) ?? (await awaitedTarget(this.registry, model));
    } catch (error) {
      if (!(error instanceof PosternError)) throw error;
      if (error.code !== "model_not_found" || !this.table.isName(model)) return error;
      const finding = findRouteTarget(model, this.registry.sources(), this.table);
      if (finding.kind === "found") return error;
      return new PosternError("model_not_found", `The target ${JSON.stringify(model)} ${finding.detail}.`);
    }
  }

  private async straight(request: PlanRequest): Promise<Plan> {
    const { model } = request;
    const target =
      knownTarget(this.registry, model) ?? (await awaitedTarget(this.registry, model, this.table.names()));
    const candidate = { key: `${target.provider.config.id}/${target.model.id}`, weight: 1, target };
    this.assertAllowed(request, candidate, undefined);
    return { route: undefined, candidates: [candidate], unusable: [], conversation: undefined };
  }

  private assertAllowed(request: PlanRequest, { target }: Candidate, route: string | undefined): void {
    const refusal = request.refusal(target, route);
    if (refusal) throw refusal;
  }

  private ordered(
    route: RouteConfig,
    label: string,
    candidates: readonly Candidate[],
    conversation: string | undefined,
    asksNothing: boolean,
  ): readonly Candidate[] {
    if (candidates.length < 2) return candidates;
    const stuck =
      conversation === undefined ? undefined : this.stickiness.targetOf(`${label} ${conversation}`);
    const known = candidates.find(({ key }) => key === stuck);
    const turn = this.turns.get(label) ?? 0;
    // A conversation that stays where it is takes nobody's turn.
    if (!known && !asksNothing) this.turns.set(label, turn + 1);
    const ordered = orderedTargets(route.strategy, candidates, {
      ...this.inputs,
      turn,
      latencyOf: (key) => this.health.latencyOf(key),
    });
    return known ? [known, ...ordered.filter((candidate) => candidate !== known)] : ordered;
  }

  private namesProvider(id: string): boolean {
    const slash = id.indexOf("/");
    return slash > 0 && this.registry.get(id.slice(0, slash)) !== undefined;
  }
}
