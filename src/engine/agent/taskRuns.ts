import type { TaskRun, TaskRunWithDiff } from "../../core/agent/taskRun";
import { asObject, parseJson } from "../../core/json/access";
import type { Ledger } from "../ledger/ledger";

/** Comparisons are few; a list shows the latest. */
const MOST = 1_000;

type Database = Pick<Ledger, "onDatabase">;

/** Keeps how a model did on a task. @returns whether it could be kept: an engine without a disk keeps none */
export function saveTaskRun(ledger: Database, { diff, ...run }: TaskRunWithDiff): boolean {
  const saved = ledger.onDatabase((database) => {
    database
      .prepare(
        "INSERT INTO task_runs (id, comparison, started_at, content, diff) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET content = excluded.content, diff = excluded.diff",
      )
      .run(run.id, run.comparison, run.startedAt, JSON.stringify(run), diff);
    return true;
  });
  return saved === true;
}

/** The latest first, without what was changed. */
export function taskRuns(ledger: Database): readonly TaskRun[] {
  const rows = ledger.onDatabase((database) =>
    database.prepare("SELECT content FROM task_runs ORDER BY started_at DESC, id LIMIT ?").all(MOST),
  );
  return (rows ?? []).flatMap(({ content }) => {
    const run = parseJson(String(content));
    return typeof asObject(run).model === "string" ? [run as TaskRun] : [];
  });
}

export function taskRunDiff(ledger: Database, id: string): string | undefined {
  const row = ledger.onDatabase((database) =>
    database.prepare("SELECT diff FROM task_runs WHERE id = ?").get(id),
  );
  return row === undefined ? undefined : String(row.diff);
}

/** @returns how many runs that were */
export function deleteTaskRuns(ledger: Database, comparison: string): number {
  const deleted = ledger.onDatabase((database) =>
    database.prepare("DELETE FROM task_runs WHERE comparison = ?").run(comparison),
  );
  return Number(deleted?.changes ?? 0);
}
