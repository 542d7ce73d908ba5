import * as vscode from "vscode";
import type { Disposable } from "../common/disposables";
import { AGENT_SCHEME } from "./scheme";

/** A document that grows is shown anew this often. */
const REFRESH_MS = 150;

/** Read-only documents of runs: what the agent says, and files as it would have them. In memory only. */
export class AgentDocuments implements vscode.TextDocumentContentProvider, Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(AGENT_SCHEME, this);
  private readonly following = vscode.workspace.onDidChangeTextDocument(({ document }) =>
    this.follow(document),
  );
  private readonly lines = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private count = 0;

  provideTextDocumentContent({ path }: vscode.Uri): string {
    return this.texts.get(path) ?? "This is not kept any more.\n";
  }

  /** A document of this name. @param name its end decides the language */
  create(name: string, text: string): vscode.Uri {
    this.count += 1;
    const safe =
      name
        .replace(/[^\p{L}\p{N}. _-]+/gu, "-")
        .replace("-.", ".")
        .slice(-80) || "agent";
    const uri = vscode.Uri.from({ scheme: AGENT_SCHEME, path: `/${this.count}/${safe}` });
    this.texts.set(uri.path, text);
    return uri;
  }

  /** Adds to a document; a paragraph begins after one empty line, whatever the one before ended with. */
  append(uri: vscode.Uri, text: string): void {
    const before = this.texts.get(uri.path) ?? "";
    this.texts.set(uri.path, (text.startsWith("\n\n") ? before.trimEnd() : before) + text);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.changed.fire(uri);
    }, REFRESH_MS);
  }

  /** Whoever reads the end keeps to it; who has scrolled up stays. */
  private follow({ uri, lineCount }: vscode.TextDocument): void {
    if (uri.scheme !== AGENT_SCHEME) return;
    const before = this.lines.get(uri.path) ?? 0;
    this.lines.set(uri.path, lineCount);
    const end = new vscode.Range(lineCount - 1, 0, lineCount - 1, 0);
    for (const editor of vscode.window.visibleTextEditors) {
      const seen = editor.visibleRanges.at(-1)?.end.line ?? 0;
      // What is seen is told some time after it has changed.
      if (String(editor.document.uri) === String(uri) && seen > before - 10) editor.revealRange(end);
    }
  }

  forget(uri: vscode.Uri): void {
    this.texts.delete(uri.path);
    this.lines.delete(uri.path);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.registration.dispose();
    this.following.dispose();
    this.changed.dispose();
  }
}
