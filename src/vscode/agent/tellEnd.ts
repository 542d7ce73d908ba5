import * as vscode from "vscode";
import { outcomeText } from "../../core/agent/outcomeText";
import { costText } from "../../core/agent/runCost";
import { plain } from "../render/policyWarning";
import { type Actions, notify } from "../ui/notify";
import type { FinishedRun } from "./runner";

/** The button of a run that has changed files. */
export const UNDO_CHANGES: Actions = {
  "Undo Changes": () => vscode.commands.executeCommand("postern.undoAgentChanges"),
};

/** Tells a person how a run has ended and what it has cost. */
export function tellEnd({ outcome, cost }: FinishedRun, actions: Actions): void {
  notify(
    outcome.end === "failed" ? "error" : "info",
    `Copilot's agent: ${plain(outcomeText(outcome))}, cost: ${costText(cost)}`,
    actions,
  );
}
