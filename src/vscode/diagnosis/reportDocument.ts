import * as vscode from "vscode";
import { DisposableStore } from "../common/disposables";

const SCHEME = "postern-diagnosis";

/** The latest report, as a document that can be read and copied and that nobody has to save or throw away. */
export class ReportDocument {
  private text = "";
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly uri = vscode.Uri.from({ scheme: SCHEME, path: "Postern Diagnosis.md" });
  readonly disposables = new DisposableStore();

  constructor() {
    this.disposables.add(this.changed);
    this.disposables.add(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
        onDidChange: this.changed.event,
        provideTextDocumentContent: () => this.text,
      }),
    );
  }

  async show(text: string): Promise<void> {
    this.text = text;
    this.changed.fire(this.uri);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(this.uri), {
      preview: false,
    });
  }

  async copy(): Promise<void> {
    await vscode.env.clipboard.writeText(this.text);
  }
}
