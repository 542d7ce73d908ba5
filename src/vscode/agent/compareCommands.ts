import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import { consentText, DEFAULT_PARALLEL } from "../../core/agent/comparison";
import { parseTaskFile, TASK_FOLDER } from "../../core/agent/taskFile";
import { bestFirst, resultText, type TaskRun } from "../../core/agent/taskRun";
import type { CommandHandlers } from "../commands/register";
import type { EngineApi } from "../engine/api";
import { comparisonText } from "../render/agentText";
import { plain } from "../render/policyWarning";
import { notify } from "../ui/notify";
import { pickMany } from "../ui/pickMany";
import { withCancel } from "../ui/progress";
import { pickStep } from "../ui/steps";
import { modelsFor } from "./models";
import type { AgentParts } from "./parts";
import { folderForAgent } from "./place";

type CompareCommands = Pick<
  CommandHandlers,
  "postern.compareModels" | "postern.openComparison" | "postern.deleteComparison"
>;

export type CompareParts = AgentParts & { readonly api: Pick<EngineApi, "ask"> };

const EXAMPLE = `---
setup:
  - npm ci
check:
  - npm test
# protect: test
# models:
#   - provider/model
# minutes: 15
# turns: 50
# usd: 1
---
What the agent shall do.
`;

/** The commands that compare models on the person's own tasks. */
export function compareCommands(parts: CompareParts): CompareCommands {
  return {
    "postern.compareModels": () => compare(parts),
    "postern.openComparison": async () => {
      const runs = await pickComparison(parts.api, "Open Comparison");
      if (runs) await openOne(parts, runs);
    },
    "postern.deleteComparison": async () => {
      const [first] = (await pickComparison(parts.api, "Delete Comparison")) ?? [];
      if (first) await parts.api.ask("deleteTaskRuns", { comparison: first.comparison });
    },
  };
}

async function compare(parts: CompareParts): Promise<void> {
  const { runner, state } = parts;
  const folder = folderForAgent();
  const file = await pickTaskFile(folder);
  if (!file) return;
  const read = parseTaskFile(await readFile(file.fsPath, "utf8"));
  const name = (file.path.split("/").at(-1) ?? "").replace(/\.md$/i, "");
  if (!read.ok) {
    await vscode.window.showTextDocument(file);
    throw new Error(`The task ${name} cannot be used: ${read.faults.join("; ")}`);
  }
  const known = modelsFor(await state());
  const proposed = new Set(read.task.models);
  const models = await pickMany(
    "Compare Models on a Task",
    "Which models shall try it?",
    known.map(({ id }) => ({ label: id, value: id, picked: proposed.has(id) })),
  );
  if (!models) return;
  const plan = { name, task: read.task, folder, parallel: DEFAULT_PARALLEL };
  const detail = consentText({ ...plan, models: models.map((id) => ({ id, protocol: "chat" })) });
  const run = "Run Commands and Models";
  const agreed = await vscode.window.showWarningMessage(
    `Compare ${models.length} models on ${name}?`,
    { modal: true, detail },
    run,
  );
  if (agreed !== run) return;
  const runs = await withCancel(`Comparing models on ${plain(name)}`, (signal, at) => {
    const steps = new Map<string, string>();
    const onStep = (model: string, step: string): void => {
      steps.set(model, step);
      at([...steps].map(([id, reached]) => `${id}: ${reached}`).join(", "));
    };
    return runner.compare({ ...plan, models }, onStep, signal);
  });
  await showTable(parts, runs);
  notify("info", `Compared on ${plain(name)}: ${summary(runs)}`, {
    "Show Changes": () => openOne(parts, runs),
  });
}

/** Drawn as a table; as text where VS Code's own Markdown is switched off. */
async function showTable({ documents }: CompareParts, runs: readonly TaskRun[]): Promise<void> {
  const table = documents.create(`${runs[0]?.task ?? "comparison"}.md`, comparisonText(runs));
  const commands = await vscode.commands.getCommands(true);
  const how = commands.includes("markdown.showPreview") ? "markdown.showPreview" : "vscode.open";
  await vscode.commands.executeCommand(how, table);
}

/** The best first, and all on one line. */
function summary(runs: readonly TaskRun[]): string {
  return plain(
    [...runs]
      .sort(bestFirst)
      .map((run) => `${run.model}: ${resultText(run)}`)
      .join("; "),
  ).slice(0, 300);
}

async function pickTaskFile(folder: string): Promise<vscode.Uri | undefined> {
  const found = await vscode.workspace.findFiles(new vscode.RelativePattern(folder, `${TASK_FOLDER}/*.md`));
  if (found.length === 0) {
    const example = await vscode.workspace.openTextDocument({ language: "markdown", content: EXAMPLE });
    await vscode.window.showTextDocument(example);
    throw new Error(
      `There is no task in ${TASK_FOLDER}. Here is an example; save it there as a file ending in .md.`,
    );
  }
  const answer = await pickStep({
    title: "Compare Models on a Task",
    placeholder: "Which task?",
    choices: found.map((uri) => ({ label: uri.path.split("/").at(-1) ?? "", value: uri })),
  });
  return answer.kind === "answer" ? answer.value : undefined;
}

async function pickComparison(
  api: CompareParts["api"],
  title: string,
): Promise<readonly TaskRun[] | undefined> {
  const { runs } = await api.ask("taskRuns", {});
  const groups = new Map<string, TaskRun[]>();
  for (const run of runs) groups.set(run.comparison, [...(groups.get(run.comparison) ?? []), run]);
  if (groups.size === 0) throw new Error("No comparison is kept yet.");
  const answer = await pickStep({
    title,
    placeholder: "Which one?",
    choices: [...groups.values()].map((group) => ({
      label: group[0]?.task ?? "",
      description: new Date(group[0]?.startedAt ?? 0).toLocaleString(),
      detail: summary(group),
      value: group,
    })),
  });
  return answer.kind === "answer" ? answer.value : undefined;
}

/** The table, or what one model has changed. */
async function openOne(parts: CompareParts, runs: readonly TaskRun[]): Promise<void> {
  const { api, documents } = parts;
  const answer = await pickStep<TaskRun | "table">({
    title: "Open Comparison",
    placeholder: "The table, or what a model has changed",
    choices: [
      { label: "Table", value: "table" },
      ...[...runs]
        .sort(bestFirst)
        .map((run) => ({ label: run.model, description: resultText(run), value: run })),
    ],
  });
  if (answer.kind !== "answer") return;
  if (answer.value === "table") return showTable(parts, runs);
  const { diff = "It is not kept any more.\n" } = await api.ask("taskRunDiff", { id: answer.value.id });
  const name = `${answer.value.task}-${answer.value.model}.diff`;
  await vscode.window.showTextDocument(
    documents.create(name, diff === "" ? "It has changed nothing.\n" : diff),
  );
}
