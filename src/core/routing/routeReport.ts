import type { RouteConfig } from "../config/schema";
import { decided, type ModelSource, resolveModel, type ServedModel } from "./resolveModel";
import { type RouteTable, routeLabel } from "./routeTable";

/** What a route's target comes to, as far as the providers' lists tell. */
export type TargetFinding =
  | { readonly kind: "found"; readonly providerId: string; readonly model: ServedModel }
  /** Why it cannot be asked: one sentence without its subject, the target. */
  | { readonly kind: "unusable"; readonly detail: string };

const ROUTE_AS_TARGET = "is a route itself, and a route leads to models only; name that route's models here";

/**
 * Finds what a target stands for. Providers may come to list a model that they do not list now, so a target that is
 * not there is no fault of the configuration.
 */
export function findRouteTarget(
  target: string,
  sources: readonly ModelSource[],
  table: RouteTable,
): TargetFinding {
  const resolution = resolveModel(target, sources);
  const found = decided(resolution);
  if (found.kind === "found") return found;
  if (found.kind === "disabled")
    return { kind: "unusable", detail: `provider "${found.providerId}" is disabled` };
  if (table.isName(target)) return { kind: "unusable", detail: ROUTE_AS_TARGET };
  const asking = resolution.kind === "undecided";
  return {
    kind: "unusable",
    detail: asking ? "the providers' models are still being asked for" : "no provider has this model",
  };
}

/**
 * What a person should know of a route although nothing is wrong with it: the models that clients no longer reach by
 * the id that the route has taken.
 */
export function routeNotes(route: RouteConfig, sources: readonly ModelSource[]): string[] {
  const id = routeLabel(route);
  const holders = sources.filter(
    (source) => source.enabled && source.models.some((model) => model.id === id && !model.hidden),
  );
  const notes = holders.map(
    (source) => `stands before the model ${id} of ${source.id}, which is still reached as ${source.id}/${id}`,
  );
  const slash = id.indexOf("/");
  const source =
    slash > 0 ? sources.find((known) => known.enabled && known.id === id.slice(0, slash)) : undefined;
  if (source?.models.some((model) => model.id === id.slice(slash + 1)))
    notes.push(`stands before the model ${id}, which no client reaches any more except through a route`);
  return notes;
}

/** All that is to be said of routes, a line each, for who checks a configuration without running it. */
export function routeLines(
  routes: readonly RouteConfig[],
  sources: readonly ModelSource[],
  table: RouteTable,
): string[] {
  return routes.flatMap((route) => {
    const targets = route.targets.flatMap(({ model }) => {
      const finding = findRouteTarget(model, sources, table);
      return finding.kind === "unusable" ? [`target ${model}: ${finding.detail}`] : [];
    });
    return [...targets, ...routeNotes(route, sources)].map((text) => `route "${routeLabel(route)}": ${text}`);
  });
}
