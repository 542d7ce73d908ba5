import type { WireProtocol } from "../protocols/wire";
import type { AgentGateway, AgentModel } from "./contract";
import type { RunCost } from "./runCost";
import type { TaskFile } from "./taskFile";
import type { TaskRunWithDiff } from "./taskRun";

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

/** What a person has to know before a comparison runs: everything that will be run, as it stands in the file. */
export function consentText({
  task,
  models,
  parallel,
}: Pick<ComparisonPlan, "task" | "models" | "parallel">): string {
  const commands = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [title, ...lines.map((line) => `    ${visible(line)}`)];
  const { minutes, turns, usd } = task.limits;
  return [
    ...commands("Setup:", task.setup),
    ...commands("Check:", task.check),
    ...commands("Put back before the check:", task.protect),
    `Models: ${models.map(({ id }) => id).join(", ")} (${parallel} at once)`,
    `Limits for each: ${minutes} min, ${turns} turns${usd === undefined ? "" : `, $${usd}`}`,
    "These commands, and whatever commands the models choose, run on this machine with your rights, each in a checkout of its own. Nobody is asked again.",
  ].join("\n");
}

/** Control characters and those that turn the direction of writing would hide what really runs. */
function visible(line: string): string {
  return line.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
