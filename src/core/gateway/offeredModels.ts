import { optional } from "../json/access";
import { claudeAlias, claudeRouteAlias } from "../routing/claudeAlias";
import { type ModelSource, modelIds, type ServedModel } from "../routing/resolveModel";

/** A model as the gateway lists it. */
export interface OfferedModel {
  readonly id: string;
  readonly providerId: string;
  readonly name?: string;
  /** In tokens, where it is known. */
  readonly contextWindow?: number;
  /** The longest answer in tokens, where it is known. */
  readonly maxOutput?: number;
}

/** Whom the list names as the owner of a route. */
const ROUTE_OWNER = "postern";

/** A route by its id, with the limits that all its targets keep within. */
export type OfferedRoute = Pick<OfferedModel, "id" | "contextWindow" | "maxOutput">;

/**
 * Every id a client may send, in the order in which they are listed.
 * @param routes come first
 */
export function offeredModels(
  sources: readonly ModelSource[],
  routes: readonly OfferedRoute[] = [],
): OfferedModel[] {
  const byId = new Map<string, OfferedModel>(
    routes.map((route) => [route.id, { ...route, providerId: ROUTE_OWNER }]),
  );
  for (const { source, model, name } of servedBy(sources)) {
    for (const id of [model.id, `${source.id}/${model.id}`]) {
      if (!byId.has(id))
        byId.set(id, {
          id,
          providerId: source.id,
          ...(name === undefined ? {} : { name }),
          ...limitsOf(model),
        });
    }
  }
  return [...new Set([...routes.map(({ id }) => id), ...modelIds(sources)])].flatMap(
    (id) => byId.get(id) ?? [],
  );
}

/** The ids under which Claude Code shows the routes and models that it would leave out. */
export function claudeAliases(
  sources: readonly ModelSource[],
  routes: readonly OfferedRoute[] = [],
): OfferedModel[] {
  const ofRoutes = routes.flatMap((route) => {
    const id = claudeRouteAlias(route.id);
    return id === undefined ? [] : [{ ...route, id, providerId: ROUTE_OWNER, name: `${route.id} (route)` }];
  });
  const ofModels = servedBy(sources).flatMap(({ source, model, name }) => {
    const id = claudeAlias(source, model);
    return id === undefined
      ? []
      : [{ id, providerId: source.id, name: `${name ?? model.id} (${source.id})`, ...limitsOf(model) }];
  });
  return [...ofRoutes, ...ofModels];
}

function limitsOf({ facts }: ServedModel): Pick<OfferedModel, "contextWindow" | "maxOutput"> {
  return {
    ...optional("contextWindow", facts?.contextWindow),
    ...optional("maxOutput", facts?.maxOutput),
  };
}

function servedBy(sources: readonly ModelSource[]) {
  return sources
    .filter(({ enabled }) => enabled)
    .flatMap((source) =>
      source.models.filter(({ hidden }) => !hidden).map((model) => ({ source, model, name: model.name })),
    );
}
