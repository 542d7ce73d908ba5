import type { ModelSource } from "./resolveModel";

/**
 * Claude Code shows only models whose id says claude or anthropic (CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY). Every
 * other model gets a second id that does: this prefix, then provider/model; and so does a route, by its name.
 */
const PREFIX = "claude-via-postern/";

/** The `provider/model` or the route that an alias stands for; undefined for any other id. */
export function behindAlias(id: string): string | undefined {
  return id.startsWith(PREFIX) ? id.slice(PREFIX.length) : undefined;
}

/** The alias of a model, or undefined where one of its ids is shown as it is. */
export function claudeAlias(
  source: Pick<ModelSource, "id">,
  model: { readonly id: string },
): string | undefined {
  return aliasFor(`${source.id}/${model.id}`);
}

/** The alias of a route, or undefined where its name is shown as it is. */
export function claudeRouteAlias(name: string): string | undefined {
  return aliasFor(name);
}

function aliasFor(id: string): string | undefined {
  return /claude|anthropic/i.test(id) ? undefined : PREFIX + id;
}
