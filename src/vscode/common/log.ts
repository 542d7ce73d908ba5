/** Where messages go; `vscode.LogOutputChannel` fits. Never pass a key, a token or a body. */
export interface Log {
  error(message: string): void;
  warn(message: string): void;
  info(message: string): void;
  debug(message: string): void;
  trace(message: string): void;
}

/** An error's message without its stack, for one line in the log or a notification. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
