import { STRATEGIES, type Strategy } from "../../core/config/schema";
import type { ReadyRoute } from "../../core/routing/readyRoutes";
import { TOOL_MODEL_NAMES } from "../../core/routing/toolNames";
import { counted } from "../render/numbers";
import { STRATEGY_WORDS } from "../render/routeWords";
import type { NewRoute } from "../routes/routeEditor";
import { isPattern } from "../settings/routeEdits";
import { type Answer, inputStep, pickStep } from "../ui/steps";
import type { ModelChoice } from "./knownModels";
import { targetsStep } from "./routeTargets";

/** What the guided steps go by. */
export interface RouteSurroundings {
  /** The names and patterns of the routes that are there. */
  readonly taken: readonly string[];
  readonly models: readonly ModelChoice[];
}

interface Position {
  readonly step: number;
  readonly totalSteps: number;
  readonly canGoBack: boolean;
}

type StepOf = (draft: NewRoute, position: Position) => Promise<Answer<NewRoute>>;

/** No id is empty. */
const OTHER = "";
const EMPTY: NewRoute = { id: "", strategy: "fallback", targets: [] };

/** Name or pattern, strategy, targets. @returns undefined if it was left */
export function newRouteFlow(around: RouteSurroundings): Promise<NewRoute | undefined> {
  const title = "New Route";
  return inSteps(
    [
      async (draft, position) =>
        withId(draft, await inputStep({ ...idStep(around, draft.id), ...position, title })),
      async (draft, position) => {
        const answer = await pickStep({
          ...position,
          title,
          placeholder: "How is the target of a request chosen?",
          choices: strategyChoices(),
          active: draft.strategy,
        });
        return answer.kind === "answer" ? changed(draft, { strategy: answer.value }) : answer;
      },
      targetStep(title, around),
    ],
    EMPTY,
  );
}

/** A tool's fixed name, then the models that are to answer to it. */
export function mapNameFlow(around: RouteSurroundings): Promise<NewRoute | undefined> {
  const title = "Map a Tool's Model Name";
  const free = TOOL_MODEL_NAMES.filter(({ match }) => !around.taken.includes(match));
  const choices = free.map(({ tool, match, hint }) => ({
    label: match,
    description: `${tool}: ${hint}`,
    value: match,
  }));
  return inSteps(
    [
      async (draft, position) => {
        const answer = await pickStep({
          ...position,
          title,
          placeholder: "Which name does the tool send?",
          choices: [
            ...choices,
            { label: "Another name…", description: "* stands for any characters", value: OTHER },
          ],
        });
        if (answer.kind !== "answer") return answer;
        const known = free.find(({ match }) => match === answer.value);
        if (known) return changed(draft, { id: known.match });
        return withId(draft, await inputStep({ ...idStep(around, draft.id), ...position, title }));
      },
      targetStep(title, around),
    ],
    EMPTY,
  );
}

/** One of the ready routes; its proposed targets can be changed before it is saved. */
export function adoptRouteFlow(
  ready: readonly ReadyRoute[],
  around: RouteSurroundings,
): Promise<NewRoute | ReadyRoute | undefined> {
  const title = "Adopt Ready Route";
  let lacking: ReadyRoute | undefined;
  const choose: StepOf = async (draft, position) => {
    const answer = await pickStep({
      ...position,
      title,
      placeholder: "Which route?",
      choices: ready.map((route) => ({
        label: route.name,
        description: summary(route, around.taken.includes(route.name)),
        detail: route.missing === undefined ? route.why : `Missing: ${route.missing}`,
        value: route,
      })),
    });
    if (answer.kind !== "answer") return answer;
    const { name, strategy, targets } = answer.value;
    if (targets.length === 0) {
      lacking = answer.value;
      return { kind: "cancel" };
    }
    if (around.taken.includes(name)) throw new Error(`There is a route ${name} already.`);
    return changed(draft, { id: name, strategy, targets });
  };
  return inSteps([choose, targetStep(title, around)], EMPTY).then((route) => route ?? lacking);
}

function summary({ targets }: ReadyRoute, taken: boolean): string {
  if (taken) return "there already";
  return targets.length === 0
    ? "no model fits"
    : `${counted(targets.length, "target")}: ${targets.join(", ")}`;
}

export function strategyChoices() {
  return STRATEGIES.map((value: Strategy) => {
    const { label, detail } = STRATEGY_WORDS[value];
    return { label, detail, value };
  });
}

/** Asks for a route's name or pattern. */
export function idStep({ taken, models }: RouteSurroundings, value: string) {
  const shadowed = (id: string): ModelChoice | undefined =>
    models.find(({ label, value: model }) => label === id || model.id === id);
  return {
    value,
    placeholder: "fast, claude-*",
    prompt: (text: string) =>
      isPattern(text.trim())
        ? "A pattern: the route answers to every model id that fits, * is any characters"
        : "The model id that tools send for it; with * it is a pattern",
    validate: (text: string) => idFault(text.trim(), taken),
    warn: (text: string) => {
      const model = shadowed(text.trim());
      if (!model) return undefined;
      return `There is a model of this name. Tools that ask for it get the route; as ${model.value.provider.id}/${model.value.id} they still get the model.`;
    },
  };
}

/** What is wrong with a name or pattern; undefined if nothing is. */
export function idFault(id: string, taken: readonly string[]): string | undefined {
  if (id === "") return "A name is needed.";
  if (/\s/.test(id)) return "Model ids have no spaces.";
  return taken.includes(id) ? `There is a route ${id} already.` : undefined;
}

function targetStep(title: string, { models }: RouteSurroundings): StepOf {
  return async (draft, position) => {
    const answer = await targetsStep({
      ...position,
      title: `${title}: ${draft.id}`,
      choices: models,
      picked: draft.targets,
    });
    return answer.kind === "answer" ? changed(draft, { targets: answer.value }) : answer;
  };
}

function withId(draft: NewRoute, answer: Answer<string>): Answer<NewRoute> {
  return answer.kind === "answer" ? changed(draft, { id: answer.value.trim() }) : answer;
}

function changed(draft: NewRoute, change: Partial<NewRoute>): Answer<NewRoute> {
  return { kind: "answer", value: { ...draft, ...change } };
}

/** Runs the steps, to and fro. Nothing is kept if they are left. */
async function inSteps(steps: readonly StepOf[], empty: NewRoute): Promise<NewRoute | undefined> {
  let draft = empty;
  let at = 0;
  for (;;) {
    const ask = steps[at];
    if (!ask) return draft;
    const answer = await ask(draft, { step: at + 1, totalSteps: steps.length, canGoBack: at > 0 });
    if (answer.kind === "cancel") return undefined;
    if (answer.kind === "answer") draft = answer.value;
    at += answer.kind === "back" ? -1 : 1;
  }
}
