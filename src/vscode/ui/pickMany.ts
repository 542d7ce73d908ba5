import * as vscode from "vscode";

/** Lets the person choose several. @returns undefined if they choose none or leave */
export async function pickMany<T>(
  title: string,
  placeHolder: string,
  choices: readonly (vscode.QuickPickItem & { readonly value: T })[],
): Promise<readonly T[] | undefined> {
  const chosen = await vscode.window.showQuickPick([...choices], {
    title,
    placeHolder,
    canPickMany: true,
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  return chosen && chosen.length > 0 ? chosen.map(({ value }) => value) : undefined;
}
