/** Where task files are, below the workspace's folder. */
export const TASK_FOLDER = ".postern/tasks";

/** A task that models are compared on. */
export interface TaskFile {
  /** What the agent is told. */
  readonly prompt: string;
  /** Commands that make a fresh checkout ready, one after the other. */
  readonly setup: readonly string[];
  /** Commands that all have to end well for the task to be passed. */
  readonly check: readonly string[];
  /** Paths that are put back as they were before the checks run, so that no model passes by changing its tests. */
  readonly protect: readonly string[];
  /** Models that are proposed. */
  readonly models: readonly string[];
  readonly limits: TaskLimits;
}

export interface TaskLimits {
  /** For the agent's work; setup and checks have as long again, each. */
  readonly minutes: number;
  readonly turns: number;
  /** For each model; absent: none but the budgets that hold for everything. */
  readonly usd?: number;
}

export const DEFAULT_LIMITS: TaskLimits = { minutes: 15, turns: 50 };
const MOST = { minutes: 240, turns: 1_000, usd: 10_000 } as const;

const LISTS = ["setup", "check", "protect", "models"] as const;
const NUMBERS = ["minutes", "turns", "usd"] as const;

export type TaskFileResult =
  | { readonly ok: true; readonly task: TaskFile }
  | { readonly ok: false; readonly faults: readonly string[] };

/**
 * Reads a task file: lines `name: value` and lists of `- item` between two lines of `---`, and then the prompt. Of YAML
 * this is a small part on purpose: what stands here is run, and must mean to a person what it means to us.
 */
export function parseTaskFile(text: string): TaskFileResult {
  const faults: string[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const close = lines[0] === "---" ? lines.indexOf("---", 1) : -1;
  if (close < 0) faults.push('it must begin with a line "---", settings, and another line "---"');
  const fields = close < 0 ? new Map<string, string[]>() : readFields(lines.slice(1, close), faults);
  const prompt = lines
    .slice(close + 1)
    .join("\n")
    .trim();
  if (prompt === "") faults.push("the prompt is missing: write it below the settings");
  const list = (name: (typeof LISTS)[number]): readonly string[] => fields.get(name) ?? [];
  if (close >= 0 && list("check").length === 0)
    faults.push("check: a command is needed by whose end it is seen whether a model has passed");
  for (const path of list("protect")) {
    if (!isWithin(path)) faults.push(`protect: ${path} must be a path within the folder that .postern is in`);
    // It would be taken for a name, and nothing would be put back.
    else if (/[*?]/.test(path))
      faults.push(`protect: ${path} must name a file or folder by its own name, without wildcards`);
  }
  const limits: Partial<Record<(typeof NUMBERS)[number], number>> = {};
  for (const name of NUMBERS) {
    const [value, ...more] = fields.get(name) ?? [];
    if (value === undefined) continue;
    const number = Number(value);
    const whole = name !== "turns" || Number.isInteger(number);
    if (more.length > 0 || !(number > 0 && number <= MOST[name]) || !whole)
      faults.push(
        `${name}: must be a ${name === "turns" ? "whole " : ""}number above 0 and up to ${MOST[name]}`,
      );
    else limits[name] = number;
  }
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    task: {
      prompt,
      setup: list("setup"),
      check: list("check"),
      protect: list("protect"),
      models: list("models"),
      limits: { ...DEFAULT_LIMITS, ...limits },
    },
  };
}

function isWithin(path: string): boolean {
  const parts = path.split(/[\\/]/).filter((part) => part !== "" && part !== ".");
  const [first = ".git"] = parts;
  return !/^([/\\:-]|[A-Za-z]:)/.test(path) && !parts.includes("..") && first.toLowerCase() !== ".git";
}

function readFields(lines: readonly string[], faults: string[]): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  let current: string[] | undefined;
  for (const line of lines) {
    if (/^\s*(#|$)/.test(line)) continue;
    const item = /^\s*-\s+(.+)$/.exec(line)?.[1];
    if (item !== undefined) {
      if (current) current.push(unquoted(item));
      else faults.push(`"${line.trim().slice(0, 80)}" belongs to no setting`);
      continue;
    }
    const [, name, value = ""] = /^(\w+):\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || !isKnown(name)) {
      faults.push(
        `"${line.trim().slice(0, 80)}" is no setting; there are ${[...LISTS, ...NUMBERS].join(", ")}`,
      );
      current = undefined;
      continue;
    }
    if (fields.has(name)) faults.push(`${name}: stands there twice`);
    current = value.trim() === "" ? [] : [unquoted(value)];
    if (current[0] !== undefined && /^[|>[{&*!%@`]/.test(current[0]))
      faults.push(`${name}: a plain text or a list of "- …" is wanted`);
    fields.set(name, current);
  }
  return fields;
}

function isKnown(name: string): boolean {
  return [...LISTS, ...NUMBERS].some((known) => known === name);
}

/** Quotes around the whole are left off, as in YAML; within they stay. */
function unquoted(text: string): string {
  const trimmed = text.trim();
  return /^"([^"\\]*)"$/.exec(trimmed)?.[1] ?? /^'([^']*)'$/.exec(trimmed)?.[1] ?? trimmed;
}
