import * as vscode from "vscode";
import { DisposableStore } from "../common/disposables";

const SCHEME = "postern-diagnosis";

/** Reports as documents that can be read and copied and that nobody has to save or throw away. */
export class ReportDocument {
  /** By the query of its address, which makes each another document. */
  private readonly texts = new Map<string, string>();
  private latest = "";
  private count = 0;
  readonly disposables = new DisposableStore();

  constructor() {
    this.disposables.add(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
        provideTextDocumentContent: ({ query }) => this.texts.get(query) ?? "",
      }),
    );
    this.disposables.add(
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === SCHEME) this.texts.delete(uri.query);
      }),
    );
  }

  async show(text: string): Promise<void> {
    this.latest = text;
    this.count += 1;
    const query = String(this.count);
    this.texts.set(query, text);
    const uri = vscode.Uri.from({ scheme: SCHEME, path: "Postern Diagnosis.md", query });
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: true });
  }

  async copy(): Promise<void> {
    await vscode.env.clipboard.writeText(this.latest);
  }
}
