import * as vscode from "vscode";
import type { PermissionQuestion } from "../../core/agent/contract";
import {
  ASK_ALWAYS,
  allowingAllLike,
  isAllowed,
  type PermissionRules,
  questionText,
} from "../../core/agent/permissions";
import { plain } from "../render/policyWarning";
import { Changes } from "./changes";
import type { AgentDocuments } from "./documents";
import { askChange, type Choice } from "./proposedChange";

const ALL_TITLE: Partial<Record<PermissionQuestion["kind"], string>> = {
  read: "Allow All Reading",
  command: "Allow All Commands",
};

/** One question after the other, whichever run it is of. */
let queue: Promise<unknown> = Promise.resolve();

/** Asks the person what the agent may; an edit is shown as a diff first. */
export class AskPerson {
  private rules: PermissionRules = ASK_ALWAYS;
  /** What it was allowed to change. */
  readonly changes = new Changes();

  /** @param waits told what is asked, while it is asked */
  constructor(
    private readonly documents: AgentDocuments,
    private readonly waits: (text: string) => void,
  ) {}

  permit(question: PermissionQuestion, signal: AbortSignal): Promise<boolean> {
    const turn = queue.then(async () => {
      if (signal.aborted) return false;
      const choice = isAllowed(question, this.rules) ? "allow" : await this.ask(question, signal);
      if (choice === "all") this.rules = allowingAllLike(question, this.rules) ?? this.rules;
      if (choice === "deny") return false;
      if (question.kind === "edit" && question.newText !== undefined)
        await this.changes.keep(question.path, question.newText);
      return true;
    });
    queue = turn.catch(() => {});
    return turn;
  }

  private ask(question: PermissionQuestion, signal: AbortSignal): Promise<Choice> {
    const all = allowingAllLike(question, ASK_ALWAYS) !== undefined;
    const wish = questionText(
      "path" in question ? { ...question, path: vscode.workspace.asRelativePath(question.path) } : question,
    );
    const text = `Copilot's agent wants to ${wish.charAt(0).toLowerCase()}${wish.slice(1)}`;
    this.waits(`Waiting for your answer: ${plain(wish)}`);
    if (question.kind === "edit") return askChange(this.documents, question, all, signal);
    return askInDialog(question, text, all ? ALL_TITLE[question.kind] : undefined, signal);
  }
}

/** What ends the run takes the answer as no. */
async function askInDialog(
  question: PermissionQuestion,
  text: string,
  all: string | undefined,
  signal: AbortSignal,
): Promise<Choice> {
  // The dialog takes the focus, perhaps from somebody who types: what Enter does then must do no harm.
  const buttons = ["Deny", "Allow", ...(all === undefined ? [] : [all])];
  const detail = question.kind === "command" ? question.intention.slice(0, 300) : "";
  const asked = vscode.window.showWarningMessage(text, { modal: true, detail }, ...buttons);
  const over = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const chosen = await Promise.race([asked, over]);
  if (chosen === "Allow") return "allow";
  return chosen !== undefined && chosen === all ? "all" : "deny";
}
