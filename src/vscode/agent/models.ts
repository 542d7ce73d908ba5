import type { AgentModel } from "../../core/agent/contract";
import { agentModels } from "../../core/agent/models";
import type { WireProtocol } from "../../core/protocols/wire";
import type { ModelSource } from "../../core/routing/resolveModel";
import type { PosternState } from "../state";

/** The models that the agent may be run on, as this window's settings and the engine have them. */
export function modelsFor({ engine, local }: PosternState): AgentModel[] {
  const statuses = engine.kind === "ready" ? engine.status.providers : [];
  const sources = local.providers.flatMap((entry): ModelSource[] => {
    if (entry.faulty) return [];
    const models = statuses.find(({ id }) => id === entry.id)?.models ?? [];
    return [{ id: entry.id, enabled: entry.enabled, models, listIsComplete: false }];
  });
  return agentModels(
    sources,
    local.routes.flatMap((checked) => (checked.ok ? (checked.route.name ?? []) : [])),
  );
}

/** The protocol in which nothing has to be translated for a model; for a route any would do. */
export function protocolFor({ local }: PosternState, model: string): WireProtocol {
  const id = model.split("/", 1)[0];
  const entry = local.providers.find((provider) => provider.id === id);
  return (entry && !entry.faulty ? entry.protocols[0] : undefined) ?? "chat";
}
