import * as vscode from "vscode";
import { type ExportInputs, exportedConfig } from "../../core/interchange/exported";
import { notify } from "../ui/notify";

/** Shows the configuration for the headless program in an editor, from where the person saves it where they like. */
export async function exportConfiguration(inputs: ExportInputs): Promise<void> {
  const { text, variables, problems, lacking, unsure } = exportedConfig(inputs);
  const document = await vscode.workspace.openTextDocument({ language: "jsonc", content: text });
  await vscode.window.showTextDocument(document);
  const wanted =
    variables.length === 0
      ? "It needs no environment variables."
      : `It names ${variables.length} environment variables, listed at its top; there is no stored key in it.`;
  if (problems.length > 0) notify("warning", `The headless program would refuse it: ${problems[0]}`);
  else if (lacking.length > 0) notify("warning", `It is not complete, as its top says: ${lacking[0]}.`);
  else if (unsure)
    notify("info", `${wanted} Read its commands and extraBody for secrets before you pass it on.`);
  else notify("info", wanted);
}
