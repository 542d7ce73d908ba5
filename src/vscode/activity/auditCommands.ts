import * as vscode from "vscode";
import { verdictLines } from "../../core/governance/audit/auditVerdict";
import { explanationLines } from "../../core/governance/policy/explanationText";
import type { RequestRecord } from "../../core/governance/requestRecord";
import type { ExportFormat, PolicyQuestion } from "../../core/rpc/audit";
import type { CommandHandlers } from "../commands/register";
import type { EngineApi } from "../engine/api";
import { OUTCOME_TEXT } from "../render/requestText";
import { notify } from "../ui/notify";
import { type Choice, inputStep, pickStep } from "../ui/steps";
import type { ActivityFeed } from "./activityFeed";
import type { ActivityFilter, ActivityStore } from "./activityState";
import type { RequestDocuments } from "./requestDocuments";

type AuditCommands = Pick<
  CommandHandlers,
  | "postern.filterActivity"
  | "postern.clearActivityFilter"
  | "postern.showMoreActivity"
  | "postern.exportAudit"
  | "postern.verifyAudit"
  | "postern.explainPolicy"
>;

/** What the commands on all of the activity need. */
export interface AuditAround {
  readonly api: Pick<EngineApi, "ask">;
  readonly store: ActivityStore;
  readonly feed: ActivityFeed;
  readonly documents: RequestDocuments;
}

/** The commands on all that passed, and on the policy. */
export function auditCommands({ api, store, feed, documents }: AuditAround): AuditCommands {
  return {
    "postern.filterActivity": async () => {
      const filter = await askFilter(store.value.requests, store.value.filter);
      if (filter) await feed.setFilter(filter);
    },
    "postern.clearActivityFilter": () => feed.setFilter({}),
    "postern.showMoreActivity": () => feed.showMore(),
    "postern.exportAudit": async () => exportAudit(api, store.value.filter),
    "postern.verifyAudit": async () => {
      const verdict = await api.ask("verifyAudit", {});
      await documents.showText("Audit.txt", `${verdictLines(verdict).join("\n")}\n`);
    },
    "postern.explainPolicy": async () => {
      const question = await askQuestion();
      if (!question) return;
      const explanation = await api.ask("explainPolicy", question);
      await documents.showText("Policy.txt", `${explanationLines(explanation).join("\n")}\n`);
    },
  };
}

/** Lets the person narrow the filter by one thing at a time; what was set before stays. */
async function askFilter(
  requests: readonly RequestRecord[],
  before: ActivityFilter,
): Promise<ActivityFilter | undefined> {
  const found = <T extends string>(of: (request: RequestRecord) => T | undefined): T[] =>
    [...new Set(requests.flatMap((request) => of(request) ?? []))].toSorted();
  const choice = (label: string, description: string, value: ActivityFilter) => ({
    label,
    description,
    value,
  });
  const choices = [
    choice("Words…", "in the kept requests and answers", { text: "" }),
    ...found(({ caller }) => (caller.kind === "gatewayKey" ? caller.name : undefined)).map((name) =>
      choice(name, "gateway key", { gatewayKey: name }),
    ),
    ...found(({ provider }) => provider).map((name) => choice(name, "provider", { provider: name })),
    ...found(({ caller }) => caller.workspace?.folder).map((name) =>
      choice(name, "workspace", { workspace: name }),
    ),
    ...found(({ outcome }) => outcome).map((name) =>
      choice(OUTCOME_TEXT[name], "outcome", { outcome: name }),
    ),
  ];
  const answer = await pickStep({ title: "Filter Activity", placeholder: "Show only requests…", choices });
  if (answer.kind !== "answer") return undefined;
  if (answer.value.text === undefined) return { ...before, ...answer.value };
  const words = await inputStep({
    title: "Filter Activity",
    prompt:
      "Words that stand in the request or the answer. Only what was kept whole can be searched (postern.audit.level).",
    value: before.text ?? "",
  });
  if (words.kind !== "answer") return undefined;
  const { text: _, ...rest } = before;
  return words.value.trim() === "" ? rest : { ...rest, text: words.value.trim() };
}

async function exportAudit(api: Pick<EngineApi, "ask">, filter: ActivityFilter): Promise<void> {
  const choices: Choice<{ readonly format: ExportFormat; readonly content: boolean }>[] = [
    {
      label: "CSV",
      detail: "One line a request, for a spreadsheet.",
      value: { format: "csv", content: false },
    },
    { label: "JSON Lines", detail: "One object a request.", value: { format: "jsonl", content: false } },
    {
      label: "JSON Lines with content",
      detail: "With the kept requests and answers.",
      value: { format: "jsonl", content: true },
    },
  ];
  const answer = await pickStep({
    title: "Export Audit",
    placeholder: "In which form? The Activity view's filter applies.",
    choices,
  });
  if (answer.kind !== "answer") return;
  const { format, content } = answer.value;
  const uri = await vscode.window.showSaveDialog({
    title: "Export Audit",
    filters: format === "csv" ? { CSV: ["csv"] } : { "JSON Lines": ["jsonl"] },
  });
  if (!uri) return;
  if (uri.scheme !== "file") throw new Error("The audit can only be written to a file of this machine.");
  const { requests } = await api.ask("exportAudit", { file: uri.fsPath, format, filter, content });
  notify("info", `Exported ${requests} requests.`, { Open: () => vscode.window.showTextDocument(uri) });
}

/** What the policy is asked about: this window's workspace, and what the person enters. */
async function askQuestion(): Promise<PolicyQuestion | undefined> {
  const folder = vscode.workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
  const title = "Explain Policy";
  const model = await inputStep({
    title,
    step: 1,
    totalSteps: 2,
    prompt: "Which model would be asked for? Leave it empty to see what applies to every one.",
    placeholder: "openai/gpt-5.4",
  });
  if (model.kind !== "answer") return undefined;
  const task = await inputStep({
    title,
    step: 2,
    totalSteps: 2,
    prompt: "What would the request be for? Leave it empty if it says nothing.",
    placeholder: "incident",
  });
  if (task.kind !== "answer") return undefined;
  return {
    ...(folder === undefined ? {} : { workspace: folder, trusted: vscode.workspace.isTrusted }),
    ...(model.value.trim() === "" ? {} : { model: model.value.trim() }),
    ...(task.value.trim() === "" ? {} : { task: task.value.trim() }),
  };
}
