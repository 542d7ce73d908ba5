import * as vscode from "vscode";
import type { WorkspaceOrigin } from "../../core/governance/caller";
import { withoutCredentials } from "../render/gitRemote";

/** What is used of the API of VS Code's own git extension: https://github.com/microsoft/vscode/blob/main/extensions/git/src/api/git.d.ts */
interface GitExtension {
  getAPI(version: 1): { getRepository(uri: vscode.Uri): GitRepository | null };
}
interface GitRepository {
  readonly state: {
    readonly HEAD?: { readonly name?: string };
    readonly remotes: readonly { readonly name: string; readonly fetchUrl?: string }[];
  };
}

/**
 * The workspace folder that a request comes from, as far as VS Code says: the active editor's, else the first. Git is
 * asked only if its extension runs already.
 */
export function workspaceOrigin(): WorkspaceOrigin | undefined {
  const active = vscode.window.activeTextEditor?.document.uri;
  const folder =
    (active && vscode.workspace.getWorkspaceFolder(active)) ?? vscode.workspace.workspaceFolders?.[0];
  if (!folder) return undefined;
  const { remote, branch } = gitOf(folder.uri);
  return {
    folder: folder.uri.fsPath,
    trusted: vscode.workspace.isTrusted,
    ...(remote === undefined ? {} : { remote }),
    ...(branch === undefined ? {} : { branch }),
  };
}

function gitOf(uri: vscode.Uri): { readonly remote?: string; readonly branch?: string } {
  try {
    const git = vscode.extensions.getExtension<GitExtension>("vscode.git");
    const state = git?.isActive ? git.exports.getAPI(1).getRepository(uri)?.state : undefined;
    const remote = state?.remotes.find(({ name }) => name === "origin") ?? state?.remotes[0];
    const address = remote?.fetchUrl && withoutCredentials(remote.fetchUrl);
    const branch = state?.HEAD?.name;
    return { ...(address ? { remote: address } : {}), ...(branch ? { branch } : {}) };
  } catch {
    // Switched off by its setting, the extension throws; a request is not held up by it.
    return {};
  }
}
