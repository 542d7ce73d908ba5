import type { EngineProvider } from "../../core/config/engineConfig";
import type { RouteConfig } from "../../core/config/schema";
import type { ModelSource } from "../../core/routing/resolveModel";
import { findRouteTarget, routeNotes } from "../../core/routing/routeReport";
import { type RouteTable, routeLabel } from "../../core/routing/routeTable";
import type { RouteStatus, RouteTargetStatus } from "../../core/rpc/contract";
import { labelsOf } from "./candidate";
import type { Health } from "./health";

/** What a route's state is read off. */
export interface RouteSurroundings {
  readonly sources: readonly ModelSource[];
  readonly table: RouteTable;
  readonly health: Health;
  provider(id: string): EngineProvider | undefined;
}

/** How each route's targets stand at present, for whoever shows them; nothing is asked or waited for. */
export function routeStatuses(routes: readonly RouteConfig[], around: RouteSurroundings): RouteStatus[] {
  return routes.map((route) => {
    const notes = routeNotes(route, around.sources);
    return {
      name: routeLabel(route),
      targets: route.targets.map(({ model }) => targetStatus(model, around)),
      ...(notes.length === 0 ? {} : { notes }),
    };
  });
}

function targetStatus(
  model: string,
  { sources, table, health, provider }: RouteSurroundings,
): RouteTargetStatus {
  const found = findRouteTarget(model, sources, table);
  if (found.kind === "unusable") return { model, state: "unusable", detail: found.detail };
  const key = `${found.providerId}/${found.model.id}`;
  const latencyMs = health.latencyOf(key);
  const shared = {
    model,
    servedBy: key,
    ...(latencyMs === undefined ? {} : { latencyMs: Math.round(latencyMs) }),
  };
  const server = provider(found.providerId);
  if (server?.credential.kind === "missing")
    return { ...shared, state: "unusable", detail: `provider "${found.providerId}" has no usable key` };
  const resting = server && health.restOfTarget(key, labelsOf(server));
  return resting === undefined
    ? { ...shared, state: "ready" }
    : { ...shared, state: "resting", detail: resting };
}
