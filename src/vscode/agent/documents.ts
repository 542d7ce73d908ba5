import * as vscode from "vscode";
import type { Disposable } from "../common/disposables";

const SCHEME = "postern-agent";
/** A document that grows is shown anew this often. */
const REFRESH_MS = 150;

/** Read-only documents of runs: what the agent says, and files as it would have them. In memory only. */
export class AgentDocuments implements vscode.TextDocumentContentProvider, Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  private timer: NodeJS.Timeout | undefined;
  private count = 0;

  provideTextDocumentContent({ path }: vscode.Uri): string {
    return this.texts.get(path) ?? "This is not kept any more.\n";
  }

  /** A document of this name. @param name its end decides the language */
  create(name: string, text: string): vscode.Uri {
    this.count += 1;
    const safe = name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(-80) || "agent";
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${this.count}/${safe}` });
    this.texts.set(uri.path, text);
    return uri;
  }

  append(uri: vscode.Uri, text: string): void {
    this.texts.set(uri.path, (this.texts.get(uri.path) ?? "") + text);
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.changed.fire(uri);
    }, REFRESH_MS);
  }

  forget(uri: vscode.Uri): void {
    this.texts.delete(uri.path);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.registration.dispose();
    this.changed.dispose();
  }
}
