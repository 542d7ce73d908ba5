import type { WireProtocol } from "../protocols/wire";
import type { AgentGateway, AgentModel } from "./contract";
import type { RunCost } from "./runCost";
import type { TaskFile } from "./taskFile";
import type { TaskRunWithDiff } from "./taskRun";
import { visible } from "./visible";

/** A task to be done by each of several models. */
export interface ComparisonPlan {
  readonly id: string;
  /** Name of the task's file, without its ending. */
  readonly name: string;
  readonly task: TaskFile;
  /** A folder in the repository. */
  readonly folder: string;
  readonly models: readonly { readonly id: string; readonly protocol: WireProtocol }[];
  /** Everything that is known of models. */
  readonly known: readonly AgentModel[];
  readonly gateway: AgentGateway;
  /** Models that work at once. */
  readonly parallel: number;
}

/** What a model is at. */
export type ComparisonStep = "waiting" | "setup" | "working" | "checking" | "done";

export interface ComparisonHost {
  onStep(model: string, step: ComparisonStep): void;
  /** What the ledger has of a run's requests. */
  cost(task: string): Promise<RunCost>;
  /** A model is done; the others may not be yet. */
  onResult(run: TaskRunWithDiff): Promise<void>;
}

/** Runs comparisons. The person has seen the commands and said yes. */
export interface Comparer {
  /**
   * Never touches the working tree, and leaves no worktree behind.
   * @throws PosternError invalid_request where the folder is in no git repository with a commit
   */
  compare(
    plan: ComparisonPlan,
    host: ComparisonHost,
    signal: AbortSignal,
  ): Promise<readonly TaskRunWithDiff[]>;
}

export const DEFAULT_PARALLEL = 2;

/** Of a long prompt the beginning and the end are shown, each so many characters. */
const SHOWN_OF_PROMPT = 600;

/** What a person has to know before a comparison runs: all that will be run and said, as it stands in the file. */
export function consentText({
  task,
  models,
  parallel,
}: Pick<ComparisonPlan, "task" | "models" | "parallel">): string {
  const commands = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `    ${visible(line)}`)];
  const { minutes, turns, usd } = task.limits;
  return [
    ...commands("The models are told:", shortened(task.prompt).split("\n")),
    ...commands("Setup:", task.setup),
    ...commands("Check:", task.check),
    ...commands("Put back before the check:", task.protect),
    `Models: ${models.map(({ id }) => visible(id)).join(", ")} (${parallel} at once)`,
    `Limits for each: ${minutes} min, ${turns} turns${usd === undefined ? "" : `, $${usd}`}`,
    "These commands, and whatever commands the models choose, run on this machine with your rights, each in a checkout of its own. Nobody is asked again.",
  ].join("\n");
}

function shortened(prompt: string): string {
  const more = prompt.length - 2 * SHOWN_OF_PROMPT;
  if (more <= 0) return prompt;
  const note = `… (${more} characters more stand in the file) …`;
  return [prompt.slice(0, SHOWN_OF_PROMPT), note, prompt.slice(-SHOWN_OF_PROMPT)].join("\n");
}
