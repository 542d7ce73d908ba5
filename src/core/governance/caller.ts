/**
 * Who sent a request, as far as the gateway knows it for certain: by the gateway key that was presented, or because
 * it came through the private pipe.
 */
export interface Caller {
  readonly kind: "gatewayKey" | "vscode";
  /** The gateway key's name; for VS Code the id of the extension that asked, e.g. `github.copilot-chat`. */
  readonly name: string;
  /** The gateway key's own labels, such as team or cost bucket. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where the request comes from, if that is known: a gateway key minted for a workspace, or a window. */
  readonly workspace?: WorkspaceOrigin;
}

/** A workspace folder, and what git says of it. */
export interface WorkspaceOrigin {
  /** Absolute path. */
  readonly folder: string;
  /** Address of the git remote, without credentials in it. */
  readonly remote?: string;
  readonly branch?: string;
  /** Whether the person trusts the workspace. */
  readonly trusted?: boolean;
}
