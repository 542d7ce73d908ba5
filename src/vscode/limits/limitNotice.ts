import * as vscode from "vscode";
import type { LimitNotice } from "../../core/rpc/limitsStatus";
import { type Log, messageOf } from "../common/log";
import type { PosternState } from "../state";
import { notify } from "../ui/notify";

/** What the notices need around them. */
export interface NoticeSurroundings {
  /** Whether the person is at this window. */
  focused(): boolean;
  /** Asks the engine whether this window is the one to tell a notice. */
  claim(id: string): Promise<boolean>;
  readonly log: Log;
}

/** Tells of a budget that is nearly or wholly used up: once, in the window that the person is at. */
export class LimitNotices {
  private readonly asked = new Set<string>();

  constructor(private readonly around: NoticeSurroundings) {}

  /** Looks at what the engine has to tell. */
  follow({ engine }: PosternState): void {
    if (engine.kind !== "ready" || !this.around.focused()) return;
    for (const notice of engine.status.limits?.notices ?? []) {
      if (this.asked.has(notice.id)) continue;
      this.asked.add(notice.id);
      void this.tell(notice);
    }
  }

  private async tell(notice: LimitNotice): Promise<void> {
    try {
      if (await this.around.claim(notice.id)) show(notice);
    } catch (error) {
      // It is there again with the next status.
      this.asked.delete(notice.id);
      this.around.log.debug(`A notice could not be claimed: ${messageOf(error)}`);
    }
  }
}

function show({ text, limit, of }: LimitNotice): void {
  // What a provider allows cannot be raised here.
  if (of === "quota") {
    notify("warning", text);
    return;
  }
  notify("warning", text, {
    "Raise by…": () =>
      vscode.commands.executeCommand("postern.raiseBudget", { target: { kind: "limit", name: limit } }),
  });
}
