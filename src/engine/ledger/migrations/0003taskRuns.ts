import type { Migration } from "./migration";

/** How models did on tasks (docs/agent.md), and what each has changed. Their requests are rows of `requests` as any. */
export const taskRuns: Migration = {
  version: 3,
  sql: `
CREATE TABLE task_runs (
  id TEXT PRIMARY KEY,
  comparison TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  content TEXT NOT NULL,
  diff TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX task_runs_by_comparison ON task_runs (comparison);
`,
};
