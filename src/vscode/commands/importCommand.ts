import path from "node:path";
import * as vscode from "vscode";
import type { Environment } from "../../core/config/reference";
import { readForeignFile } from "../../core/interchange/detect";
import { providersOfEnvironment } from "../../core/interchange/dotenv";
import type { ImportedProvider } from "../../core/interchange/imported";
import { KnownProviders } from "../../core/interchange/known";
import { type Existing, importPlan } from "../../core/interchange/plan";
import { UnreadableFile } from "../../core/interchange/readable";
import { PROVIDER_PRESETS } from "../../core/providers/presets";
import type { ForeignFile } from "../interchange/foreignFiles";
import { presentFiles, readForeignText } from "../interchange/foreignFiles";
import { type ImportRow, importedText, importRows } from "../render/importRows";
import { notify } from "../ui/notify";
import { pickStep } from "../ui/steps";

/** What an import works on. */
export interface ImportNeeds {
  readonly environment: Environment;
  /** The providers that are there, as they stand in the settings. */
  existing(): readonly Existing[];
  readonly files: readonly ForeignFile[];
  /**
   * Adds what was chosen.
   * @returns the ids, and what takes all of it away again
   */
  add(
    chosen: readonly ImportedProvider[],
  ): Promise<{ readonly ids: readonly string[]; readonly undo: () => Promise<void> }>;
}

type Source =
  | { readonly kind: "environment" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "browse" };

const TITLE = "Import";

/** Lets the person choose a source, shows what is in it, and adds what they choose of that. */
export async function importProviders(needs: ImportNeeds): Promise<void> {
  const known = new KnownProviders(PROVIDER_PRESETS);
  const source = await askSource(needs, known);
  if (source === undefined) return;
  const found =
    source.kind === "environment"
      ? { format: "VS Code's environment", ...providersOfEnvironment(needs.environment, known) }
      : await readSource(source.path, known);
  if (found === undefined) return;
  const plan = importPlan(found, needs.existing());
  if (plan.providers.length === 0) {
    const reasons = plan.skipped.map(({ what, why }) => `${what}: ${why}`).slice(0, 3);
    notify("info", [`There is nothing to import in ${found.format}.`, ...reasons].join(" "));
    return;
  }
  const chosen = await preview(found.format, importRows(plan));
  if (chosen.length === 0) return;
  const { ids, undo } = await needs.add(chosen);
  notify("info", importedText(ids), { Undo: undo });
}

async function askSource(
  needs: ImportNeeds,
  known: KnownProviders,
): Promise<Exclude<Source, { kind: "browse" }> | undefined> {
  const fromEnvironment = providersOfEnvironment(needs.environment, known).providers;
  const files = await presentFiles(needs.files);
  const answer = await pickStep<Source>({
    title: TITLE,
    placeholder: "From where?",
    choices: [
      ...(fromEnvironment.length === 0
        ? []
        : [
            {
              label: "$(symbol-variable) Environment variables",
              description: fromEnvironment.map(({ at }) => at).join(", "),
              value: { kind: "environment" } as const,
            },
          ]),
      ...files.map((file) => ({
        label: `$(file) ${file.label}`,
        description: file.path,
        value: { kind: "file", path: file.path } as const,
      })),
      {
        label: "$(folder-opened) A file…",
        detail: "A .env file, chatLanguageModels.json, or the configuration of LiteLLM, Continue or opencode",
        value: { kind: "browse" },
      },
    ],
  });
  if (answer.kind !== "answer") return undefined;
  if (answer.value.kind !== "browse") return answer.value;
  const [picked] = (await vscode.window.showOpenDialog({ title: TITLE, openLabel: "Import" })) ?? [];
  if (picked === undefined) return undefined;
  return { kind: "file", path: picked.fsPath };
}

async function readSource(file: string, known: KnownProviders) {
  const name = path.basename(file);
  try {
    const text = await readForeignText(file);
    return await readForeignFile(name, text, known, async (yaml) => {
      const { parseYaml } = await import("../interchange/yaml");
      return parseYaml(yaml);
    });
  } catch (error) {
    // Its own messages hold nothing of the file, and no other may.
    const why = error instanceof UnreadableFile ? error.message : undefined;
    notify("error", `${name} is not imported: ${why ?? "it could not be read"}.`);
    return undefined;
  }
}

/** Shows what can be added and what is left out. @returns what the person has chosen */
function preview(format: string, rows: readonly ImportRow[]): Promise<readonly ImportedProvider[]> {
  const pick = vscode.window.createQuickPick();
  pick.title = `${TITLE}: ${format}`;
  pick.placeholder = "Which providers are to be added?";
  pick.canSelectMany = true;
  pick.ignoreFocusOut = true;
  // Apart from the rows, so that no key is in what is shown.
  const providers = new Map<vscode.QuickPickItem, ImportedProvider>();
  const picked: vscode.QuickPickItem[] = [];
  pick.items = rows.map((row): vscode.QuickPickItem => {
    if ("heading" in row) return { label: row.heading, kind: vscode.QuickPickItemKind.Separator };
    const item = { label: row.label, description: row.description, detail: row.detail };
    providers.set(item, row.provider);
    if (row.picked) picked.push(item);
    return item;
  });
  pick.selectedItems = picked;
  return new Promise<readonly ImportedProvider[]>((resolve) => {
    pick.onDidAccept(() => resolve(pick.selectedItems.flatMap((item) => providers.get(item) ?? [])));
    pick.onDidHide(() => resolve([]));
    pick.show();
  }).finally(() => pick.dispose());
}
