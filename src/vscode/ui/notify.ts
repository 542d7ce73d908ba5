import * as vscode from "vscode";
import { messageOf } from "../common/log";

type Severity = "info" | "warning" | "error";

/** What a button of a notification does. */
export type Actions = Readonly<Record<string, () => unknown>>;

const SHOW = {
  info: vscode.window.showInformationMessage,
  warning: vscode.window.showWarningMessage,
  error: vscode.window.showErrorMessage,
} as const;

/** Shows a notification and runs what its buttons stand for. Nobody waits for it: it may stay open for ever. */
export function notify(severity: Severity, message: string, actions: Actions = {}): void {
  const show: (text: string, ...buttons: string[]) => Thenable<string | undefined> = SHOW[severity];
  void show(message, ...Object.keys(actions)).then(async (chosen) => {
    if (chosen === undefined) return;
    try {
      await actions[chosen]?.();
    } catch (error) {
      notify("error", `${chosen} did not work: ${messageOf(error)}`);
    }
  });
}

/**
 * Asks before something that cannot be taken back, or that may be a mistake.
 *
 * @param instead what Enter does; absent: the action itself
 */
export async function confirm(
  message: string,
  detail: string,
  action: string,
  instead?: string,
): Promise<boolean> {
  // VS Code gives the first button the focus.
  const buttons = instead === undefined ? [action] : [instead, action];
  const chosen = await vscode.window.showWarningMessage(message, { modal: true, detail }, ...buttons);
  return chosen === action;
}
