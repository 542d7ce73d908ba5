import * as vscode from "vscode";
import { LEDGER_NOTICE } from "../../core/rpc/contract";
import type { PosternState } from "../state";
import { notify } from "../ui/notify";

/** Tells, once in a window that the person is at, that requests and spend are not kept as they should be. */
export class LedgerNotices {
  private readonly told = new Set<string>();

  /**
   * @param focused whether the person is at this window
   * @param claim asks the engine whether this window is the one to tell it
   */
  constructor(
    private readonly focused: () => boolean,
    private readonly claim: (id: string) => Promise<boolean>,
  ) {}

  /** Looks at what the engine has to tell. */
  follow({ engine }: PosternState): void {
    if (engine.kind !== "ready" || !this.focused()) return;
    for (const { kind, message, since } of engine.status.ledger?.notices ?? []) {
      const id = `${kind} ${since}`;
      if (this.told.has(id)) continue;
      this.told.add(id);
      const tell = (): void =>
        notify("warning", message, {
          "Show Log": () => vscode.commands.executeCommand("postern.showLog"),
        });
      void this.claim(`${LEDGER_NOTICE}${id}`).then(
        (first) => first && tell(),
        // It is there again with the next status.
        () => this.told.delete(id),
      );
    }
  }
}
