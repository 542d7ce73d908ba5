import * as vscode from "vscode";
import type { Disposable } from "../common/disposables";
import { messageOf } from "../common/log";
import { type ActivityDetail, renderRequestDocument } from "../render/activityDocument";

/** The scheme of the documents that show requests, and of those that explain the policy. */
export const DOCUMENT_SCHEME = "postern";

/** Read-only documents that are rendered when they are opened, and are in no file. */
export class RequestDocuments implements vscode.TextDocumentContentProvider, Disposable {
  private readonly registration: vscode.Disposable;
  private readonly texts = new Map<string, string>();

  /** @param detail asks the engine for a request */
  constructor(private readonly detail: (id: string) => Promise<ActivityDetail>) {
    this.registration = vscode.workspace.registerTextDocumentContentProvider(DOCUMENT_SCHEME, this);
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const id = requestIdOf(uri);
    if (id === undefined) return this.texts.get(uri.path) ?? "This is not kept any more.\n";
    try {
      return renderRequestDocument(await this.detail(id));
    } catch (error) {
      return `This request cannot be shown: ${messageOf(error)}\n`;
    }
  }

  /** Shows a text that is kept for as long as the window is open. */
  async showText(name: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: DOCUMENT_SCHEME, path: `/${this.texts.size + 1}/${name}` });
    this.texts.set(uri.path, text);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  dispose(): void {
    this.registration.dispose();
  }
}

/** The document of a request. @param title what its tab says */
export function requestUri(id: string, title: string): vscode.Uri {
  const name = title.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 60) || "request";
  return vscode.Uri.from({ scheme: DOCUMENT_SCHEME, authority: "request", path: `/${id}/${name}.md` });
}

function requestIdOf({ authority, path }: vscode.Uri): string | undefined {
  return authority === "request" ? path.split("/")[1] : undefined;
}
