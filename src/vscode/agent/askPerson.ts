import * as vscode from "vscode";
import type { PermissionQuestion } from "../../core/agent/contract";
import {
  ASK_ALWAYS,
  allowingAllLike,
  isAllowed,
  type PermissionRules,
  questionText,
} from "../../core/agent/permissions";
import { Turns } from "../../core/turns";
import { plain } from "../render/policyWarning";
import { type Changes, LastChanges } from "./changes";
import type { AgentDocuments } from "./documents";
import { type Choice, ProposedChange } from "./proposedChange";

const ALL_TITLE: Partial<Record<PermissionQuestion["kind"], string>> = {
  read: "Allow All Reading",
  command: "Allow All Commands",
};

/** What the runs of a window have in common: its person. */
export class WindowPerson {
  readonly change: ProposedChange;
  readonly changes = new LastChanges();
  /** One question after the other, whichever run it is of. */
  readonly turns = new Turns();

  constructor(documents: AgentDocuments) {
    this.change = new ProposedChange(documents);
  }
}

/** Asks the person what the agent may in one run; an edit is shown as a diff first. */
export class AskPerson {
  private rules: PermissionRules = ASK_ALWAYS;
  /** What it was allowed to change. */
  readonly changes: Changes;

  /** @param waits told what is asked, while it is asked */
  constructor(
    private readonly person: WindowPerson,
    private readonly waits: (text: string) => void,
  ) {
    this.changes = person.changes.begin();
  }

  permit(question: PermissionQuestion, signal: AbortSignal): Promise<boolean> {
    return this.person.turns.take(async () => {
      if (signal.aborted) return false;
      const choice = isAllowed(question, this.rules) ? "allow" : await this.ask(question, signal);
      if (choice === "all") this.rules = allowingAllLike(question, this.rules) ?? this.rules;
      if (choice === "deny") return false;
      if (question.kind === "edit") await this.changes.keep(question);
      return true;
    });
  }

  private ask(question: PermissionQuestion, signal: AbortSignal): Promise<Choice> {
    const all = allowingAllLike(question, ASK_ALWAYS) !== undefined;
    const wish = questionText(shortened(question));
    const text = `Copilot's agent wants to ${wish.charAt(0).toLowerCase()}${wish.slice(1)}`;
    this.waits(`Waiting for your answer: ${plain(wish)}`);
    if (question.kind === "edit") return this.person.change.ask(question, all, signal);
    return askInDialog(question, text, all ? ALL_TITLE[question.kind] : undefined, signal);
  }
}

function shortened(question: PermissionQuestion): PermissionQuestion {
  if (!("path" in question)) return question;
  const path = vscode.workspace.asRelativePath(question.path);
  if (question.kind === "read" || question.from === undefined) return { ...question, path };
  return { ...question, path, from: vscode.workspace.asRelativePath(question.from) };
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
