import { join } from "node:path";
import type { Comparer, ComparisonHost, ComparisonPlan } from "../../../core/agent/comparison";
import type { AgentOutcome, CopilotAgent, PermissionQuestion } from "../../../core/agent/contract";
import type { TaskRunWithDiff } from "../../../core/agent/taskRun";
import { logSafeText, PosternError } from "../../../core/errors";
import { agentEnvironment } from "../environment";
import { type CommandOptions, runShell } from "./commands";
import { type DiffOfWork, Worktrees } from "./worktrees";

const MINUTE_MS = 60_000;
const OUTPUT_LINES = 40;
const NO_WORK: DiffOfWork = { diff: "", filesChanged: 0, linesAdded: 0, linesRemoved: 0 };

/** A step of a run that did not go well, and is not the model's doing. */
class StepFailure extends Error {
  constructor(
    message: string,
    readonly output: string,
  ) {
    super(message);
  }
}

export function createComparer(
  agent: CopilotAgent,
  environment: Readonly<Record<string, string | undefined>>,
): Comparer {
  const passedOn = agentEnvironment(environment);
  return {
    async compare(plan, host, signal) {
      const trees = await Worktrees.open(plan.folder, passedOn);
      const broken = new AbortController();
      const over = AbortSignal.any([signal, broken.signal]);
      const waiting = plan.models.entries();
      // Where a checkout has lost its .git, git must not take a repository above it for the one to work on.
      const ceiling = { GIT_CEILING_DIRECTORIES: trees.home };
      const means = { agent, trees, host, environment: { ...passedOn, ...ceiling }, ceiling };
      const results: TaskRunWithDiff[] = [];
      const work = async (): Promise<void> => {
        for (const [index, model] of waiting) {
          const result = await new OneModel(plan, model, `${index + 1}`, means).do(over);
          results.push(result);
          await host.onResult(result);
          host.onStep(model.id, "done");
        }
      };
      try {
        for (const { id } of plan.models) host.onStep(id, "waiting");
        const atOnce = Math.min(Math.max(1, plan.parallel), plan.models.length);
        // No checkout goes away under a model that still works in it.
        await Promise.allSettled(
          Array.from({ length: atOnce }, () => work().catch((fault: unknown) => broken.abort(fault))),
        );
        if (broken.signal.aborted) throw broken.signal.reason;
        return results;
      } finally {
        await trees.close();
      }
    },
  };
}

interface Means {
  readonly agent: CopilotAgent;
  readonly trees: Worktrees;
  readonly host: ComparisonHost;
  readonly environment: Readonly<Record<string, string>>;
  readonly ceiling: Readonly<Record<string, string>>;
}

/** A task done by one model in a checkout of its own. */
class OneModel {
  private readonly id: string;
  private readonly startedAt = Date.now();
  private durationMs = 0;
  private outcome: AgentOutcome = { end: "failed", turns: 0 };
  private passed: boolean | undefined;
  private reason: string | undefined;
  private output: string | undefined;
  private work = NO_WORK;

  constructor(
    private readonly plan: ComparisonPlan,
    private readonly model: ComparisonPlan["models"][number],
    number: string,
    private readonly means: Means,
  ) {
    this.id = `${plan.id}-${number}`;
  }

  /** Rejects only where the host does. */
  async do(signal: AbortSignal): Promise<TaskRunWithDiff> {
    const { trees, host } = this.means;
    let path: string | undefined;
    try {
      signal.throwIfAborted();
      path = await trees.add(this.id);
      await this.steps(path, signal);
    } catch (error) {
      this.reason = signal.aborted ? undefined : logSafeOf(error);
      if (error instanceof StepFailure) this.output = error.output;
    } finally {
      if (path !== undefined) await trees.remove(path).catch(() => {});
    }
    if (signal.aborted) this.outcome = { ...this.outcome, end: "cancelled" };
    return this.result(await host.cost(this.id));
  }

  private async steps(path: string, signal: AbortSignal): Promise<void> {
    const { task } = this.plan;
    const { host, trees } = this.means;
    const folder = join(path, trees.prefix);
    host.onStep(this.model.id, "setup");
    await this.runAll("setup", task.setup, folder, signal);
    const before = await trees.snapshot(path);
    host.onStep(this.model.id, "working");
    const begun = performance.now();
    this.outcome = await this.agentWorks(folder, signal);
    this.durationMs = Math.round(performance.now() - begun);
    this.reason = this.outcome.reason;
    this.work = await trees.diff(path, before);
    // What was reached before a limit may be enough; what broke off says nothing about the model.
    if (this.outcome.end === "failed" || this.outcome.end === "cancelled") return;
    host.onStep(this.model.id, "checking");
    await trees.restore(path, task.protect);
    try {
      await this.runAll("check", task.check, folder, signal);
      this.passed = true;
    } catch (error) {
      if (!(error instanceof StepFailure) || signal.aborted) throw error;
      this.passed = false;
      this.output = error.output;
      this.reason = this.reason === undefined ? error.message : `${this.reason} ${error.message}`;
    }
  }

  private async agentWorks(folder: string, signal: AbortSignal): Promise<AgentOutcome> {
    const { plan, model } = this;
    const { minutes, turns, usd } = plan.task.limits;
    const limit = AbortSignal.timeout(minutes * MINUTE_MS);
    const outcome = await this.means.agent.run(
      {
        prompt: plan.task.prompt,
        model: model.id,
        protocol: model.protocol,
        models: plan.known,
        gateway: plan.gateway,
        folder,
        environment: this.means.ceiling,
        task: this.id,
        maxTurns: turns,
        keep: false,
      },
      {
        onEvent: () => {},
        permit: async (question) => isWithin(question),
        mayGoOn: async () => {
          if (usd === undefined) return undefined;
          const { microUsd } = await this.means.host.cost(this.id);
          return microUsd >= usd * 1_000_000 ? `It has cost $${usd}, which is its limit.` : undefined;
        },
      },
      AbortSignal.any([signal, limit]),
    );
    if (outcome.end === "cancelled" && !signal.aborted)
      return { ...outcome, end: "limit", reason: `It has had its ${minutes} minutes.` };
    return outcome;
  }

  private async runAll(
    what: "setup" | "check",
    lines: readonly string[],
    folder: string,
    signal: AbortSignal,
  ): Promise<void> {
    const milliseconds = this.plan.task.limits.minutes * MINUTE_MS;
    const options: CommandOptions = { folder, environment: this.means.environment, milliseconds, signal };
    for (const line of lines) {
      const { code, timedOut, output } = await runShell(line, options);
      signal.throwIfAborted();
      if (code === 0 && !timedOut) continue;
      const how = timedOut ? "took too long" : code === null ? "could not be run" : `ended with ${code}`;
      throw new StepFailure(`${what} "${line.slice(0, 100)}" ${how}.`, endOf(output));
    }
  }

  private result(cost: TaskRunWithDiff["cost"]): TaskRunWithDiff {
    const { plan, outcome, passed, reason, output } = this;
    return {
      id: this.id,
      comparison: plan.id,
      task: plan.name,
      folder: this.means.trees.root,
      commit: this.means.trees.commit,
      model: this.model.id,
      startedAt: this.startedAt,
      durationMs: this.durationMs,
      ...(passed === undefined ? {} : { passed }),
      end: outcome.end,
      ...(reason === undefined ? {} : { reason }),
      turns: outcome.turns,
      cost,
      ...this.work,
      ...(output === undefined ? {} : { output }),
    };
  }
}

/** The person has agreed to commands; files are only those of the checkout, and nothing is fetched. */
function isWithin(question: PermissionQuestion): boolean {
  if (question.kind === "read" || question.kind === "edit") return question.inside;
  return question.kind === "command";
}

function endOf(output: string): string {
  return output.trimEnd().split("\n").slice(-OUTPUT_LINES).join("\n");
}

function logSafeOf(error: unknown): string {
  if (error instanceof StepFailure || error instanceof PosternError) return error.message;
  return logSafeText(error);
}
