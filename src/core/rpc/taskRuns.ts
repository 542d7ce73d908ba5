import type { TaskRun, TaskRunWithDiff } from "../agent/taskRun";

/** What a window asks of the comparisons that are kept. */
export interface TaskRunRequests {
  /** Keeps how a model did on a task; not where the engine has no disk to keep it on. */
  saveTaskRun: { params: TaskRunWithDiff; result: { readonly saved: boolean } };
  /** The latest first. */
  taskRuns: { params: Record<string, never>; result: { readonly runs: readonly TaskRun[] } };
  taskRunDiff: { params: { readonly id: string }; result: { readonly diff?: string } };
  deleteTaskRuns: { params: { readonly comparison: string }; result: { readonly deleted: number } };
}
