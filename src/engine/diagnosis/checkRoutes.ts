import type { EngineConfig, EngineProvider } from "../../core/config/engineConfig";
import { NO_FACTS } from "../../core/models/facts";
import { providerModels } from "../../core/models/providerModels";
import type { ModelSource } from "../../core/routing/resolveModel";
import { routeLines } from "../../core/routing/routeReport";
import { RouteTable } from "../../core/routing/routeTable";

/**
 * What is to be known of the routes, a line each. Models come and go at their providers, so nothing here is a failure.
 * @param listed the models that a provider has just listed
 */
export function checkRoutes(
  { providers, routes }: Pick<EngineConfig, "providers" | "routes">,
  listed: (providerId: string) => readonly string[],
): string[] {
  const sources = providers.map((provider) => sourceOf(provider, listed(provider.config.id)));
  return routeLines(routes, sources, new RouteTable(routes));
}

/** A provider's models, from its configuration and from what it has listed. */
function sourceOf({ config }: EngineProvider, listed: readonly string[]): ModelSource {
  return {
    id: config.id,
    enabled: config.enabled,
    models: providerModels(
      config,
      listed.map((id) => ({ id, facts: {} })),
      () => NO_FACTS,
    ),
    listIsComplete: config.models !== undefined,
  };
}
