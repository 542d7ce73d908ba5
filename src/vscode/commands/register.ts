import * as vscode from "vscode";
import { COMMAND_IDS, type CommandId } from "../common/commandIds";
import { DisposableStore } from "../common/disposables";
import { type Log, messageOf } from "../common/log";
import { type Target, targetOf, targetsOf } from "../common/target";
import { notify } from "../ui/notify";

/**
 * What a command does; the target is there when it was called from a tree, and with it all that was selected there.
 */
export type CommandHandler = (target: Target | undefined, selected?: readonly Target[]) => Promise<void>;

/** One handler for each command: none can be forgotten. */
export type CommandHandlers = Readonly<Record<CommandId, CommandHandler>>;

/** Registers the commands. Whatever one throws is logged and shown, once, here. */
export function registerCommands(
  handle: (id: CommandId, target: Target | undefined, selected: readonly Target[]) => Promise<void>,
  log: Log,
): DisposableStore {
  const disposables = new DisposableStore();
  for (const id of COMMAND_IDS) {
    const run = async (argument: unknown, selection: unknown): Promise<void> => {
      try {
        await handle(id, targetOf(argument), targetsOf(selection));
      } catch (error) {
        log.error(`${id}: ${messageOf(error)}`);
        notify("error", `Postern: ${messageOf(error)}`, {
          "Show Log": () => vscode.commands.executeCommand("postern.showLog"),
        });
      }
    };
    disposables.add(vscode.commands.registerCommand(id, run));
  }
  return disposables;
}
