import * as vscode from "vscode";
import { type Check, checksOf } from "../../core/diagnosis/report/checks";
import { renderReport, summary } from "../../core/diagnosis/report/render";
import type { ProviderRegistry, ProviderTarget } from "../providers/registry";
import { remedyLabel } from "../render/verdict";
import { notify } from "../ui/notify";
import { type DiagnosisSources, gatherDiagnosis } from "./gather";
import { apply, type RemedyNeeds } from "./remedies";
import type { ReportDocument } from "./reportDocument";

/** What *Postern: Diagnose* works on. */
export interface DiagnoseNeeds extends DiagnosisSources {
  readonly registry: Pick<ProviderRegistry, "patch" | "keyOrigin">;
  readonly report: ReportDocument;
}

/** Looks at everything, opens the report, and offers to mend what was found. */
export async function diagnose(needs: DiagnoseNeeds): Promise<void> {
  const found = await withSteps("Postern: looking at", (step, signal) =>
    gatherDiagnosis(needs, step, signal),
  );
  if (found === undefined) return;
  const checks = checksOf(found.inputs);
  await needs.report.show(renderReport(found.inputs, checks, found.hidden));
  const open = checks.filter(({ level }) => level === "problem" || level === "warning");
  const copy = async (): Promise<void> => {
    await needs.report.copy();
    notify("info", "Copied the report. It has no keys in it, but the ids and hosts of your providers.");
  };
  notify(open.length === 0 ? "info" : "warning", `Postern: ${summary(checks)}`, {
    ...(open.length === 0 ? {} : { "Fix…": () => offerRemedies(open, needs) }),
    "Copy Report": copy,
  });
}

/** @returns undefined if the person has cancelled it */
async function withSteps<T>(
  title: string,
  run: (step: (what: string) => void, signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      const abort = new AbortController();
      const cancelled = token.onCancellationRequested(() => abort.abort());
      try {
        return await run((message) => progress.report({ message }), abort.signal);
      } catch (error) {
        if (abort.signal.aborted) return undefined;
        throw error;
      } finally {
        cancelled.dispose();
      }
    },
  );
}

interface ProblemItem extends vscode.QuickPickItem {
  readonly check: Check;
}

/** The problems in a list: Enter does what is likeliest to help, the row's buttons do the rest. */
function offerRemedies(checks: readonly Check[], needs: DiagnoseNeeds): void {
  const pick = vscode.window.createQuickPick<ProblemItem>();
  const again: RemedyNeeds = {
    registry: needs.registry,
    again: () => vscode.commands.executeCommand("postern.diagnose"),
  };
  const run = (check: Check, index: number): void => {
    const remedy = check.remedies[index];
    pick.hide();
    if (remedy === undefined) return;
    apply(remedy, targetOf(check), again).catch((error: unknown) =>
      notify("error", `${remedyLabel(remedy)} did not work: ${String(error)}`),
    );
  };
  pick.title = "Postern: Problems";
  pick.placeholder = "Choose one to mend it";
  pick.ignoreFocusOut = true;
  pick.matchOnDetail = true;
  pick.items = checks.map((check) => itemOf(check));
  pick.onDidAccept(() => {
    const [chosen] = pick.selectedItems;
    if (chosen) run(chosen.check, 0);
  });
  pick.onDidTriggerItemButton(({ item, button }) =>
    run(item.check, (item.buttons ?? []).indexOf(button) + 1),
  );
  pick.onDidHide(() => pick.dispose());
  pick.show();
}

function itemOf(check: Check): ProblemItem {
  const [first, ...others] = check.remedies;
  const icon = check.level === "problem" ? "$(error)" : "$(warning)";
  return {
    label: `${icon} ${first ? remedyLabel(first) : check.area}`,
    detail: `${check.area}: ${check.text}`,
    buttons: others.map((remedy) => ({
      iconPath: new vscode.ThemeIcon(ICONS[remedy.kind] ?? "lightbulb"),
      tooltip: remedyLabel(remedy),
    })),
    check,
  };
}

const ICONS: Partial<Record<Check["remedies"][number]["kind"], string>> = {
  setKey: "key",
  changeAddress: "link",
  openPage: "link-external",
  openSettings: "settings-gear",
  startRuntime: "terminal",
  tryAgain: "refresh",
};

function targetOf({ provider }: Check): ProviderTarget | undefined {
  return provider && { kind: "provider", ...provider };
}
