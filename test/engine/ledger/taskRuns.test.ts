import { afterAll, afterEach, describe, expect, it } from "vitest";
import { runCost } from "../../../src/core/agent/runCost";
import type { TaskRunWithDiff } from "../../../src/core/agent/taskRun";
import { deleteTaskRuns, saveTaskRun, taskRunDiff, taskRuns } from "../../../src/engine/agent/taskRuns";
import { Ledgers } from "../../support/ledgers";

const ledgers = new Ledgers();
afterEach(() => ledgers.closeAll());
afterAll(() => ledgers.remove());

const run = (id: string, about: Partial<TaskRunWithDiff> = {}): TaskRunWithDiff => ({
  id,
  comparison: "first",
  task: "mend",
  folder: "/w",
  commit: "abc",
  model: "a/b",
  startedAt: 1_000,
  durationMs: 5,
  passed: true,
  end: "done",
  turns: 3,
  cost: runCost([]),
  filesChanged: 1,
  linesAdded: 1,
  linesRemoved: 0,
  diff: `+${id} 'quoted'\n`,
  ...about,
});

describe("comparisons in the ledger", () => {
  it("are there after a restart, the latest first, each with its diff", () => {
    const folder = ledgers.newFolder();
    const ledger = ledgers.open(folder);
    expect(saveTaskRun(ledger, run("1"))).toBe(true);
    saveTaskRun(ledger, run("2", { startedAt: 2_000, comparison: "second", model: "c/d" }));
    ledgers.closeAll();
    const again = ledgers.open(folder);
    expect(taskRuns(again).map(({ id, model }) => [id, model])).toEqual([
      ["2", "c/d"],
      ["1", "a/b"],
    ]);
    const { diff, ...rest } = run("1");
    expect(taskRuns(again)[1]).toEqual(rest);
    expect(taskRunDiff(again, "1")).toBe(diff);
    expect(taskRunDiff(again, "3")).toBeUndefined();
  });

  it("are deleted as they were compared", () => {
    const ledger = ledgers.open(ledgers.newFolder());
    for (const id of ["1", "2"]) saveTaskRun(ledger, run(id));
    saveTaskRun(ledger, run("3", { comparison: "second" }));
    expect(deleteTaskRuns(ledger, "first")).toBe(2);
    expect(taskRuns(ledger).map(({ id }) => id)).toEqual(["3"]);
  });

  it("are not kept where there is no disk, which is said", () => {
    const nowhere = { onDatabase: () => undefined };
    expect(saveTaskRun(nowhere, run("1"))).toBe(false);
    expect(taskRuns(nowhere)).toEqual([]);
    expect(deleteTaskRuns(nowhere, "first")).toBe(0);
  });
});
