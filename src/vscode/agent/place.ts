import * as vscode from "vscode";

/**
 * The folder that the agent is to work in: the active editor's, else the first.
 * @throws Error with a reason for the person
 */
export function folderForAgent(): string {
  if (!vscode.workspace.isTrusted)
    throw new Error("The agent runs commands, and this workspace is not trusted. Trust it first.");
  const active = vscode.window.activeTextEditor?.document.uri;
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const own = active && vscode.workspace.getWorkspaceFolder(active);
  const folder = folders.find(({ uri }) => uri.toString() === own?.uri.toString()) ?? folders[0];
  if (!folder) throw new Error("The agent works in a folder of this machine: open one first.");
  return folder.uri.fsPath;
}
