import * as vscode from "vscode";
import { ActivityFeed, type ActivitySource } from "../activity/activityFeed";
import type { ActivityStore } from "../activity/activityState";
import { RequestDocuments } from "../activity/requestDocuments";
import type { Disposable } from "../common/disposables";
import type { EngineLink } from "../engine/link";
import type { ActivityDetail } from "../render/activityDocument";
import { policyWarningText } from "../render/policyWarning";
import { notify } from "../ui/notify";
import type { EngineParts } from "./engine";

/** What shows requests. */
export interface ActivityParts extends Disposable {
  readonly store: ActivityStore;
  readonly feed: ActivityFeed;
  readonly documents: RequestDocuments;
  readonly detail: (id: string) => Promise<ActivityDetail>;
}

/** Builds what the Activity view and its documents live on. */
export function createActivity(
  store: ActivityStore,
  { api, supervisor }: Pick<EngineParts, "api" | "supervisor">,
): ActivityParts {
  const source = (): ActivitySource | undefined => {
    const link = supervisor.connected;
    return link && sourceOf(link);
  };
  const detail = async (id: string): Promise<ActivityDetail> => {
    const { request: record } = await api.ask("findRequest", { id });
    if (!record) throw new Error("It is not in the ledger any more.");
    return { record, audited: await api.ask("auditedRequest", { id, protocol: record.protocolIn }) };
  };
  const feed = new ActivityFeed(store, source, Date.now);
  const documents = new RequestDocuments(detail);
  const warnings = supervisor.onDidConnect(() => {
    supervisor.connected?.on("policyWarning", (warning) => {
      // One window is enough: the one that the person is at.
      if (vscode.window.state.focused) warn(policyWarningText(warning));
    });
  });
  return {
    store,
    feed,
    documents,
    detail,
    dispose: () => {
      warnings.dispose();
      feed.dispose();
      documents.dispose();
    },
  };
}

function warn(text: string): void {
  notify("warning", text, {
    "Explain Policy": () => vscode.commands.executeCommand("postern.explainPolicy"),
  });
}

function sourceOf(link: EngineLink): ActivitySource {
  return {
    queryRequests: (query) => link.request("queryRequests", query),
    findRequest: async (id) => (await link.request("findRequest", { id })).request,
    runningRequests: async () => (await link.request("runningRequests", {})).requests,
    search: async (filter, limit) => (await link.request("searchAudit", { filter, limit })).ids,
  };
}
