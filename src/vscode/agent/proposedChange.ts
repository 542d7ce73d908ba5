import * as vscode from "vscode";
import type { PermissionQuestion } from "../../core/agent/contract";
import { whereText } from "../../core/agent/permissions";
import { AGENT_CHANGE_CONTEXT } from "../common/commandIds";
import { plain } from "../render/policyWarning";
import type { AgentDocuments } from "./documents";

export type Choice = "allow" | "all" | "deny";

type EditQuestion = Extract<PermissionQuestion, { kind: "edit" }>;

/** The change that the person is asked about; there is one at a time. */
export class ProposedChange {
  private answer: ((choice: Choice) => void) | undefined;

  constructor(private readonly documents: AgentDocuments) {}

  /** Answers the change that is shown, if one is. */
  choose(choice: Choice): void {
    this.answer?.(choice);
  }

  /**
   * Shows a change as a diff until it is answered: by the buttons above it, in the notification, or by closing it, which
   * is a no. The notification is one of progress, because others fade and cannot be taken away once they are answered.
   */
  async ask(question: EditQuestion, all: boolean, signal: AbortSignal): Promise<Choice> {
    const shown = await show(this.documents, question);
    let closed: vscode.Disposable | undefined;
    try {
      const answered = new Promise<Choice>((resolve) => {
        this.answer = resolve;
        signal.addEventListener("abort", () => resolve("deny"), { once: true });
        // Showing it takes a moment, in which the run may have ended: nobody would answer, nor be asked anything else.
        if (signal.aborted) resolve("deny");
        closed = vscode.window.tabGroups.onDidChangeTabs((event) => {
          // One that is moved to another group is closed in the first.
          if (event.closed.some(isOneOf(shown)) && tabsOf(shown).length === 0) resolve("deny");
        });
      });
      // VS Code shows one line of it: the links must not be behind a long path.
      const name = plain(nameOf(question.path)).slice(0, 28);
      const more = all ? " · [Apply All](command:postern.applyAllChanges)" : "";
      const links = `[Apply](command:postern.applyChange)${more} · [Deny](command:postern.denyChange)`;
      const verb = question.deletes ? "Delete" : question.from === undefined ? "Change" : "Move";
      const title = `${verb} ${name}? ${links}${whereText(question)}`;
      void vscode.commands.executeCommand("setContext", AGENT_CHANGE_CONTEXT, true);
      const location = vscode.ProgressLocation.Notification;
      return await vscode.window.withProgress({ location, title }, () => answered);
    } finally {
      this.answer = undefined;
      closed?.dispose();
      void vscode.commands.executeCommand("setContext", AGENT_CHANGE_CONTEXT, false);
      await vscode.window.tabGroups.close(tabsOf(shown), true);
      for (const uri of shown) this.documents.forget(uri);
    }
  }
}

async function show(
  documents: AgentDocuments,
  { path, from = path, deletes, newText, diff }: EditQuestion,
): Promise<readonly vscode.Uri[]> {
  // Of its own: a preview goes, and with it the question, when another file is looked at.
  const options = { preview: false, preserveFocus: true };
  if (newText === undefined) {
    const uri = documents.create("change.diff", diff);
    await vscode.window.showTextDocument(uri, options);
    return [uri];
  }
  const file = vscode.Uri.file(from);
  const name = nameOf(path);
  const proposed = documents.create(name, newText);
  const exists = await vscode.workspace.fs.stat(file).then(
    () => true,
    () => false,
  );
  const empty = exists ? undefined : documents.create(name, "");
  const moved = from === path ? "" : `${vscode.workspace.asRelativePath(from)} → `;
  const title = `${moved}${name} (${deletes ? "to be deleted" : "proposed"})`;
  await vscode.commands.executeCommand("vscode.diff", empty ?? file, proposed, title, options);
  return empty ? [proposed, empty] : [proposed];
}

function nameOf(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

function tabsOf(uris: readonly vscode.Uri[]): vscode.Tab[] {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter(isOneOf(uris));
}

function isOneOf(uris: readonly vscode.Uri[]): (tab: vscode.Tab) => boolean {
  const own = new Set(uris.map(String));
  return ({ input }) => {
    if (input instanceof vscode.TabInputTextDiff) return own.has(String(input.modified));
    return input instanceof vscode.TabInputText && own.has(String(input.uri));
  };
}
