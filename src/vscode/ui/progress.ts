import * as vscode from "vscode";

/**
 * Runs something that may take long under a notification that can cancel it.
 * @param run may say what it is at
 */
export async function withCancel<T>(
  title: string,
  run: (signal: AbortSignal, at: (message: string) => void) => Promise<T>,
): Promise<T> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      const abort = new AbortController();
      let last = "";
      const at = (message: string): void => {
        if (message !== last) progress.report({ message });
        last = message;
      };
      const cancelled = token.onCancellationRequested(() => abort.abort());
      try {
        return await run(abort.signal, at);
      } finally {
        cancelled.dispose();
      }
    },
  );
}
