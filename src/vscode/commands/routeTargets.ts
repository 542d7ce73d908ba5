import type { EngineStatus } from "../../core/rpc/contract";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import { type OrderedPickStep, orderedPickStep } from "../ui/orderedPick";
import type { Answer } from "../ui/steps";
import { type ModelChoice, modelChoices } from "./knownModels";

/** The models that a route may be made of, as they are shown. */
export function targetChoices(store: StateStore, status: EngineStatus): readonly ModelChoice[] {
  return modelChoices(store.value, status, ({ hidden }) => !hidden);
}

/** Lets the person pick a route's targets among the models that there are, in the order in which they are tried. */
export function targetsStep(
  step: Omit<OrderedPickStep, "choices" | "none" | "placeholder"> & {
    readonly choices: readonly ModelChoice[];
  },
): Promise<Answer<readonly string[]>> {
  return orderedPickStep({
    ...step,
    placeholder: "Which models, in the order in which they are to be tried?",
    none: "At least one model is needed.",
    choices: step.choices.map(({ label, description }) => ({ label, description })),
  });
}

/** Without a model there is nothing that a route could lead to. */
export function tellNoModels(addProvider: () => unknown): void {
  notify("info", "There is no model yet that a route could lead to. Add a provider first.", {
    "Add Provider": addProvider,
  });
}
