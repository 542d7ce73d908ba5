import { homedir } from "node:os";
import * as vscode from "vscode";
import { originOf } from "../../core/credentials/stored";
import type { Remedy } from "../../core/diagnosis/finding";
import type { ProviderRegistry, ProviderTarget } from "../providers/registry";
import { remedyLabel } from "../render/verdict";
import type { Actions } from "../ui/notify";

/** What the buttons of findings work on. */
export interface RemedyNeeds {
  readonly registry: Pick<ProviderRegistry, "patch" | "keyOrigin">;
  /** Tries again what has failed, also after a change that should have mended it. */
  again(): unknown;
}

/** More than these make a notification hard to read. */
const BUTTONS = 3;

/** The buttons for a finding, the likeliest first. */
export function remedyActions(
  remedies: readonly Remedy[],
  target: ProviderTarget | undefined,
  needs: RemedyNeeds,
): Actions {
  const fitting = remedies.filter((remedy) => target !== undefined || !isForProvider(remedy));
  const buttons = fitting.slice(0, BUTTONS);
  return Object.fromEntries(
    buttons.map((remedy) => [remedyLabel(remedy), () => apply(remedy, target, needs)]),
  );
}

const FOR_PROVIDER: ReadonlySet<Remedy["kind"]> = new Set([
  "setKey",
  "refreshCredential",
  "changeAddress",
  "changeType",
  "changeApi",
  "changeApiVersion",
  "nameModels",
]);

function isForProvider({ kind }: Remedy): boolean {
  return FOR_PROVIDER.has(kind);
}

/** Does what a button says. */
export async function apply(
  remedy: Remedy,
  target: ProviderTarget | undefined,
  needs: RemedyNeeds,
): Promise<void> {
  const onProvider = (command: string): Thenable<unknown> =>
    vscode.commands.executeCommand(command, { target });
  switch (remedy.kind) {
    case "setKey":
      await onProvider("postern.setKey");
      return;
    case "refreshCredential":
      await onProvider("postern.refreshCredential");
      return;
    case "changeAddress":
      if (target && remedy.baseUrl !== undefined && (await keyMayGo(target, remedy.baseUrl, needs))) {
        await needs.registry.patch(target, { baseUrl: remedy.baseUrl });
        await needs.again();
      } else await onProvider("postern.editProvider");
      return;
    case "changeType": {
      const { type, baseUrl } = remedy;
      if (!target) return;
      if (baseUrl !== undefined && !(await keyMayGo(target, baseUrl, needs))) {
        await onProvider("postern.editProvider");
        return;
      }
      await needs.registry.patch(target, baseUrl === undefined ? { type } : { type, baseUrl });
      await needs.again();
      return;
    }
    case "changeApi":
      if (!target) return;
      // The default goes out of the settings.
      await needs.registry.patch(target, {
        wireApi: remedy.wireApi === "completions" ? undefined : remedy.wireApi,
      });
      await needs.again();
      return;
    case "changeApiVersion":
    case "nameModels":
      await onProvider("postern.editProvider");
      return;
    case "startRuntime": {
      // Not in the open folder: some shells look there first, and a repository may bring a program of that name.
      const terminal = vscode.window.createTerminal({ name: remedy.runtime, cwd: homedir() });
      terminal.show();
      terminal.sendText(remedy.command);
      return;
    }
    case "openPage":
      await vscode.env.openExternal(vscode.Uri.parse(remedy.url));
      return;
    case "openSettings":
      await vscode.commands.executeCommand("workbench.action.openSettings", remedy.query);
      return;
    case "runCommand":
      await vscode.commands.executeCommand(remedy.command);
      return;
    case "tryAgain":
      await needs.again();
      return;
  }
}

/** A stored key belongs to the host it was entered for; to another it goes only through the form that asks. */
async function keyMayGo(
  target: ProviderTarget,
  baseUrl: string,
  { registry }: RemedyNeeds,
): Promise<boolean> {
  const origin = await registry.keyOrigin(target);
  return origin === undefined || origin === originOf(baseUrl);
}
