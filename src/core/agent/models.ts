import { optional } from "../json/access";
import type { ModelSource } from "../routing/resolveModel";
import type { AgentModel } from "./contract";

/** The models of enabled providers that an agent can work with: those that are known to have no tools are left out. */
export function agentModels(sources: readonly ModelSource[], routes: readonly string[]): AgentModel[] {
  const models = sources
    .filter(({ enabled }) => enabled)
    .flatMap(({ id, models }) =>
      models
        .filter(({ hidden, facts }) => !hidden && !facts?.embeddings && facts?.tools !== false)
        .map(
          ({ id: model, name, facts }): AgentModel => ({
            id: `${id}/${model}`,
            ...optional("name", name),
            ...optional("contextWindow", facts?.contextWindow),
            ...optional("maxOutput", facts?.maxOutput),
            ...optional("images", facts?.images),
            ...optional("reasoning", facts?.reasoning),
          }),
        ),
    );
  return [...routes.map((id) => ({ id })), ...models];
}
