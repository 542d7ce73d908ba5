import * as vscode from "vscode";
import { type ExportInputs, exportedConfig } from "../../core/interchange/exported";
import { notify } from "../ui/notify";

/** Shows the configuration for the headless program in an editor, from where the person saves it where they like. */
export async function exportConfiguration(inputs: ExportInputs): Promise<void> {
  const { text, variables, problems } = exportedConfig(inputs);
  const document = await vscode.workspace.openTextDocument({ language: "jsonc", content: text });
  await vscode.window.showTextDocument(document);
  const wanted =
    variables.length === 0
      ? "It needs no environment variables."
      : `It names ${variables.length} environment variables, listed at its top; there is no key in it.`;
  if (problems.length > 0) notify("warning", `The headless program would refuse it: ${problems[0]}`);
  else notify("info", wanted);
}
