import * as vscode from "vscode";
import type { PermissionQuestion } from "../../core/agent/contract";
import {
  ASK_ALWAYS,
  allowingAllLike,
  isAllowed,
  type PermissionRules,
  questionText,
} from "../../core/agent/permissions";
import type { AgentDocuments } from "./documents";

type Choice = "allow" | "all" | "deny";

const ALL_TITLE: Partial<Record<PermissionQuestion["kind"], string>> = {
  read: "Allow All Reading",
  edit: "Apply All Changes",
  command: "Allow All Commands",
};

/** Asks the person what the agent may, one question after the other; an edit is shown as a diff first. */
export class AskPerson {
  private rules: PermissionRules = ASK_ALWAYS;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly documents: AgentDocuments) {}

  permit(question: PermissionQuestion, signal: AbortSignal): Promise<boolean> {
    const turn = this.queue.then(async () => {
      if (signal.aborted) return false;
      if (isAllowed(question, this.rules)) return true;
      const choice =
        question.kind === "edit" ? await this.askEdit(question, signal) : await ask(question, signal);
      if (choice === "all") this.rules = allowingAllLike(question, this.rules) ?? this.rules;
      return choice !== "deny";
    });
    this.queue = turn.catch(() => {});
    return turn;
  }

  private async askEdit(
    question: Extract<PermissionQuestion, { kind: "edit" }>,
    signal: AbortSignal,
  ): Promise<Choice> {
    const shown = await this.showEdit(question);
    try {
      return await ask(question, signal);
    } finally {
      await closeTabs(shown);
      for (const uri of shown) this.documents.forget(uri);
    }
  }

  private async showEdit({
    path,
    newText,
    diff,
  }: Extract<PermissionQuestion, { kind: "edit" }>): Promise<readonly vscode.Uri[]> {
    const options = { preview: true, preserveFocus: true };
    if (newText === undefined) {
      const uri = this.documents.create("change.diff", diff);
      await vscode.window.showTextDocument(uri, options);
      return [uri];
    }
    const file = vscode.Uri.file(path);
    const name = path.split(/[\\/]/).at(-1) ?? path;
    const proposed = this.documents.create(name, newText);
    const exists = await vscode.workspace.fs.stat(file).then(
      () => true,
      () => false,
    );
    const empty = exists ? undefined : this.documents.create(name, "");
    await vscode.commands.executeCommand(
      "vscode.diff",
      empty ?? file,
      proposed,
      `${name} (proposed)`,
      options,
    );
    return empty ? [proposed, empty] : [proposed];
  }
}

/**
 * A dialog over everything would hide the diff, so edits are asked about beside it; a notification can be hidden but not
 * lost. What ends the run takes the answer as no.
 */
async function ask(question: PermissionQuestion, signal: AbortSignal): Promise<Choice> {
  const all = allowingAllLike(question, ASK_ALWAYS) ? ALL_TITLE[question.kind] : undefined;
  const yes = question.kind === "edit" ? "Apply" : "Allow";
  const buttons = [yes, ...(all === undefined ? [] : [all]), "Deny"];
  const text = `The agent wants to: ${questionText(question)}`;
  const detail = question.kind === "command" ? question.intention.slice(0, 300) : "";
  const asked =
    question.kind === "edit"
      ? vscode.window.showInformationMessage(text, ...buttons)
      : vscode.window.showWarningMessage(text, { modal: true, detail }, ...buttons.slice(0, -1));
  const over = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const chosen = await Promise.race([asked, over]);
  if (chosen === yes) return "allow";
  return chosen !== undefined && chosen === all ? "all" : "deny";
}

async function closeTabs(uris: readonly vscode.Uri[]): Promise<void> {
  const own = new Set(uris.map(String));
  const tabs = vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(({ input }) => {
      if (input instanceof vscode.TabInputTextDiff) return own.has(String(input.modified));
      return input instanceof vscode.TabInputText && own.has(String(input.uri));
    });
  if (tabs.length > 0) await vscode.window.tabGroups.close(tabs, true);
}
