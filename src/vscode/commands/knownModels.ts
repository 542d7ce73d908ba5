import { routeLabel } from "../../core/routing/routeTable";
import type { EngineStatus, ModelStatus } from "../../core/rpc/contract";
import type { Target } from "../common/target";
import type { ProviderTarget } from "../providers/registry";
import { shortFacts } from "../render/modelFacts";
import { STRATEGY_WORDS } from "../render/routeWords";
import { isPattern } from "../settings/routeEdits";
import type { PosternState, StateStore } from "../state";

/** How long models that are being asked for are waited for. */
const PATIENCE_MS = 5000;

/** A model of one of the providers, as a command works on it. */
export interface ChosenModel {
  readonly provider: ProviderTarget;
  readonly id: string;
}

/** A model to choose among others. */
export interface ModelChoice {
  readonly label: string;
  readonly description: string;
  readonly value: ChosenModel;
}

/** The models among what was selected in a tree. */
export function selectedModels(
  target: Target | undefined,
  selected: readonly Target[],
): readonly ChosenModel[] {
  // The row that the menu was opened on may be outside of the selection.
  const rows = selected.some((row) => sameRow(row, target)) ? selected : target === undefined ? [] : [target];
  return rows.flatMap((row) =>
    row.kind === "model" && row.provider !== undefined && row.modelId !== undefined
      ? [{ provider: { kind: "provider" as const, ...row.provider }, id: row.modelId }]
      : [],
  );
}

function sameRow(row: Target, other: Target | undefined): boolean {
  return JSON.stringify(row) === JSON.stringify(other);
}

/** The models that the engine knows of and that fit, in the order of the settings. */
export function modelChoices(
  state: PosternState,
  status: EngineStatus,
  fits: (model: ModelStatus) => boolean,
): readonly ModelChoice[] {
  return state.local.providers.flatMap((entry) => {
    const { models = [] } = status.providers.find(({ id }) => id === entry.id) ?? {};
    const provider = { kind: "provider", id: entry.id, index: entry.index } as const;
    return models.filter(fits).map((model) => ({
      label: `${entry.id}/${model.id}`,
      description: [model.name ?? "", shortFacts(model.facts)].filter(Boolean).join(" · "),
      value: { provider, id: model.id },
    }));
  });
}

/** Every id that a client may send, routes first, as the gateway lists them. A pattern is no id. */
export function idChoices(
  state: PosternState,
  status: EngineStatus,
): readonly { readonly label: string; readonly description: string; readonly value: string }[] {
  const routes = state.local.routes.flatMap((checked) => {
    if (!checked.ok || isPattern(routeLabel(checked.route))) return [];
    const label = routeLabel(checked.route);
    return [{ label, description: `route · ${STRATEGY_WORDS[checked.route.strategy].short}`, value: label }];
  });
  const models = modelChoices(state, status, () => true);
  return [...routes, ...models.map(({ label, description }) => ({ label, description, value: label }))];
}

/** The engine's status; one that was only just started is still asking the providers for their lists. */
export async function settledStatus(
  store: StateStore,
  ask: () => Promise<EngineStatus>,
): Promise<EngineStatus> {
  const status = await ask();
  const asking = ({ providers }: EngineStatus): boolean =>
    providers.some(({ modelsFrom }) => modelsFrom === "pending");
  if (!asking(status)) return status;
  return new Promise((resolve) => {
    let latest = status;
    const done = (): void => {
      clearTimeout(timer);
      listening.dispose();
      resolve(latest);
    };
    const timer = setTimeout(done, PATIENCE_MS);
    const listening = store.onDidChange(({ engine }) => {
      if (engine.kind === "ready") latest = engine.status;
      if (!asking(latest)) done();
    });
  });
}
