import * as vscode from "vscode";
import type { Disposable } from "../common/disposables";
import { type Log, messageOf } from "../common/log";
import type { WorkspaceKeys } from "../secrets/workspaceKeys";
import type { PosternState } from "../state";
import { type TerminalTool, toolVariables } from "./tools";

/** What terminals' environment needs around it. */
export interface TerminalSurroundings {
  readonly keys: WorkspaceKeys;
  /** Lets the engine know of a new key before a terminal has it. */
  changed(): Promise<void>;
  readonly log: Log;
}

const DESCRIPTION = "Address and gateway key of Postern for this folder, from `postern.terminal.tools`.";

/**
 * Puts the gateway's address and a gateway key of the folder's own into the environment of new terminals, for the tools
 * that the person has chosen: while the gateway runs, in a trusted workspace, and nowhere on disk.
 */
export class TerminalEnvironment implements Disposable {
  private applied = "";
  private folders: readonly vscode.WorkspaceFolder[] = [];
  /** Names of the keys that terminals have, and of those the ones that the window knows of, too. */
  private given: readonly string[] = [];
  private known: readonly string[] = [];
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly collection: vscode.GlobalEnvironmentVariableCollection,
    private readonly around: TerminalSurroundings,
  ) {
    // Otherwise VS Code would write the keys to disk, for terminals that come back after a restart.
    collection.persistent = false;
  }

  /** Brings the environment in step with gateway, settings, folders and trust; one after the other. */
  follow({ engine, local }: PosternState): void {
    const gateway = engine.kind === "ready" ? engine.status.gateway : undefined;
    const tools = local.terminalTools;
    const wanted = gateway?.state === "running" && vscode.workspace.isTrusted && tools.length > 0;
    const folders = wanted ? localFolders() : [];
    const url = gateway?.state === "running" ? gateway.url : "";
    // A gateway that comes back in a moment keeps its address, and terminals their environment.
    if (engine.kind === "starting" || engine.kind === "restarting") return;
    const mark = JSON.stringify([folders.length > 0 ? url : "", tools, folders.map(({ uri }) => uri.fsPath)]);
    const present = new Set(
      local.gatewayKeys.flatMap(({ name, source }) => (source === "workspace" ? [name] : [])),
    );
    // A key that was there and was deleted opens nothing any more: new terminals need another one.
    const deleted = this.known.some((name) => !present.has(name));
    this.known = this.given.filter((name) => present.has(name));
    if (mark === this.applied && !deleted) return;
    this.applied = mark;
    this.queue = this.queue.then(async () => {
      try {
        await this.apply(url, tools, folders);
      } catch (error) {
        this.applied = "";
        this.around.log.error(`The terminals' environment could not be set: ${messageOf(error)}`);
      }
    });
  }

  /** Resolves when what was asked for so far is done. */
  settled(): Promise<void> {
    return this.queue;
  }

  /** What new terminals of the first folder get. */
  variables(): Readonly<Record<string, string>> {
    const [workspaceFolder] = vscode.workspace.workspaceFolders ?? [];
    const variables: Record<string, string> = {};
    if (!workspaceFolder) return variables;
    this.collection.getScoped({ workspaceFolder }).forEach((name, { value }) => {
      variables[name] = value;
    });
    return variables;
  }

  dispose(): void {
    this.clear();
  }

  private async apply(
    url: string,
    tools: readonly TerminalTool[],
    folders: readonly vscode.WorkspaceFolder[],
  ): Promise<void> {
    const keys = await Promise.all(folders.map(({ uri }) => this.around.keys.ensure(uri.fsPath)));
    if (keys.length > 0) await this.around.changed();
    this.clear();
    this.folders = folders;
    this.given = keys.map(({ name }) => name);
    folders.forEach((workspaceFolder, index) => {
      const scoped = this.collection.getScoped({ workspaceFolder });
      scoped.persistent = false;
      scoped.description = new vscode.MarkdownString(DESCRIPTION);
      for (const [name, value] of toolVariables(tools, url, keys[index]?.key ?? ""))
        scoped.replace(name, value);
    });
  }

  private clear(): void {
    this.collection.clear();
    for (const workspaceFolder of this.folders) this.collection.getScoped({ workspaceFolder }).clear();
    this.folders = [];
    this.given = [];
  }
}

function localFolders(): readonly vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
}
