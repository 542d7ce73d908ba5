import { concernOf } from "../../core/diagnosis/finding";
import { keyNeed, type ProviderDraft } from "../../core/providers/draft";
import type { TestResult } from "../../core/rpc/contract";
import { counted } from "../render/numbers";
import { verdictSentence } from "../render/verdict";

/** The steps of the guided setup. */
export type StepName = "kind" | "address" | "name" | "deployments" | "key" | "test";

/** The steps for what has been entered so far, in their order. */
export function stepsOf(draft: ProviderDraft | undefined): readonly StepName[] {
  return [
    "kind",
    "address",
    "name",
    ...(draft?.kind.asksDeployments ? (["deployments"] as const) : []),
    ...(draft === undefined || keyNeed(draft) !== "none" ? (["key"] as const) : []),
    "test",
  ];
}

/** What can be done about the outcome of the test. */
export type OutcomeChoice = "save" | "back" | "again";

/** How a test's outcome is told, and what is offered. */
export interface Outcome {
  readonly title: string;
  readonly text: string;
  /** The likeliest first: Enter takes it. */
  readonly choices: readonly {
    readonly label: string;
    readonly detail: string;
    readonly value: OutcomeChoice;
  }[];
  /** The step that going back leads to, where it is not the one before. */
  readonly backTo?: StepName;
}

/** Tells a test's outcome. */
export function outcomeOf(result: TestResult, id: string): Outcome {
  const text = verdictSentence(result.verdict, id);
  const choice = (value: OutcomeChoice, label: string, detail: string) => ({ label, detail, value });
  if (result.ok) {
    const back = choice("back", "$(arrow-left) Go back", "Change what was entered");
    return {
      title: "it works",
      text,
      choices: [choice("save", "$(check) Done", doneDetail(result)), back],
    };
  }
  const save = choice("save", "$(warning) Save anyway", "Add it as it is and look into it later");
  const again = choice("again", "$(refresh) Test again", "With what was entered");
  const title = "it does not work yet";
  const concern = result.finding && concernOf(result.finding);
  switch (concern) {
    case "key":
      return {
        title,
        text,
        choices: [choice("back", "$(key) Change the key", "What was entered is kept"), again, save],
        backTo: concern,
      };
    case "address": {
      const back = choice("back", "$(link) Change the address", "What was entered is kept");
      // A local server that does not answer is most likely just not running.
      const first = result.finding?.code === "runtime_not_running" ? [again, back] : [back, again];
      return { title, text, choices: [...first, save], backTo: concern };
    }
    default:
      return {
        title,
        text,
        choices: [again, choice("back", "$(arrow-left) Go back", "Change what was entered"), save],
      };
  }
}

function doneDetail({ models, latencyMs }: TestResult): string {
  const found = models.length === 0 ? "" : ` and listed ${counted(models.length, "model")}`;
  return `The provider answered in ${Math.round(latencyMs)} ms${found}`;
}
