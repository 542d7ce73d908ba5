import { optional } from "../json/access";
import { claudeAlias } from "../routing/claudeAlias";
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

/**
 * Every id a client may send, in the order in which they are listed.
 * @param routes the ids that stand for routes, which come first
 */
export function offeredModels(
  sources: readonly ModelSource[],
  routes: readonly string[] = [],
): OfferedModel[] {
  const byId = new Map<string, OfferedModel>(routes.map((id) => [id, { id, providerId: ROUTE_OWNER }]));
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
  return [...new Set([...routes, ...modelIds(sources)])].flatMap((id) => byId.get(id) ?? []);
}

/** The ids under which Claude Code shows the models that it would leave out. */
export function claudeAliases(sources: readonly ModelSource[]): OfferedModel[] {
  return servedBy(sources).flatMap(({ source, model, name }) => {
    const id = claudeAlias(source, model);
    return id === undefined
      ? []
      : [{ id, providerId: source.id, name: `${name ?? model.id} (${source.id})`, ...limitsOf(model) }];
  });
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
