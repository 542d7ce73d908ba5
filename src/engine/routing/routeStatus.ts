import type { RouteConfig } from "../../core/config/schema";
import { decided, type ModelSource, resolveModel } from "../../core/routing/resolveModel";
import { routeLabel } from "../../core/routing/routeTable";
import type { RouteStatus, RouteTargetStatus } from "../../core/rpc/contract";
import type { Health } from "./health";

/** How each route's targets stand at present, for whoever shows them; nothing is asked or waited for. */
export function routeStatuses(
  routes: readonly RouteConfig[],
  sources: readonly ModelSource[],
  health: Health,
): RouteStatus[] {
  return routes.map((route) => ({
    name: routeLabel(route),
    targets: route.targets.map(({ model }) => targetStatus(model, sources, health)),
  }));
}

function targetStatus(model: string, sources: readonly ModelSource[], health: Health): RouteTargetStatus {
  const found = decided(resolveModel(model, sources));
  if (found.kind === "disabled")
    return { model, state: "unusable", detail: `provider "${found.providerId}" is disabled` };
  if (found.kind === "unknown") return { model, state: "unusable", detail: "no provider has this model" };
  const key = `${found.providerId}/${found.model.id}`;
  const latencyMs = health.latencyOf(key);
  const shared = {
    model,
    servedBy: key,
    ...(latencyMs === undefined ? {} : { latencyMs: Math.round(latencyMs) }),
  };
  const resting = health.restOf(key);
  return resting === undefined
    ? { ...shared, state: "ready" }
    : { ...shared, state: "resting", detail: resting };
}
