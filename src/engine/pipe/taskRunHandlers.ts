import { optional } from "../../core/json/access";
import type { TaskRunRequests } from "../../core/rpc/taskRuns";
import { deleteTaskRuns, saveTaskRun, taskRunDiff, taskRuns } from "../agent/taskRuns";
import type { Ledger } from "../ledger/ledger";
import type { SessionHandlers } from "./session";

/** What a window may ask of the comparisons that are kept. */
export function taskRunHandlers(ledger: Ledger): Pick<SessionHandlers, keyof TaskRunRequests> {
  return {
    saveTaskRun: async (run) => ({ saved: saveTaskRun(ledger, run) }),
    taskRuns: async () => ({ runs: taskRuns(ledger) }),
    taskRunDiff: async ({ id }) => optional("diff", taskRunDiff(ledger, id)),
    deleteTaskRuns: async ({ comparison }) => ({ deleted: deleteTaskRuns(ledger, comparison) }),
  };
}
