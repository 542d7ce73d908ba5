import * as vscode from "vscode";
import type { AuditFilter } from "../../core/governance/audit/auditEntry";
import type { RequestRecord } from "../../core/governance/requestRecord";
import type { CommandHandlers } from "../commands/register";
import type { Target } from "../common/target";
import type { EngineApi } from "../engine/api";
import type { ActivityDetail } from "../render/activityDocument";
import { filterText } from "../render/activityTree";
import { commitTrailer, curlCommand, type Replayable, replayable } from "../render/requestActions";
import type { WholeGatewayKey } from "../secrets/gatewayKeys";
import { confirm, notify } from "../ui/notify";
import { withCancel } from "../ui/progress";
import { type Choice, pickStep } from "../ui/steps";
import type { ActivityFeed } from "./activityFeed";
import { type ActivityStore, isFiltered } from "./activityState";
import { replay } from "./gatewayReplay";
import { requestUri } from "./requestDocuments";
import { pickModel, pickRequest, titleOf } from "./requestPicks";

type RequestCommands = Pick<
  CommandHandlers,
  | "postern.openRequest"
  | "postern.replayRequest"
  | "postern.replayRequestOnModel"
  | "postern.copyRequestAsCurl"
  | "postern.diffRequest"
  | "postern.copyCommitTrailer"
  | "postern.deleteActivity"
>;

/** What the commands on requests need. */
export interface ActivityAround {
  readonly api: Pick<EngineApi, "ask" | "status">;
  readonly store: ActivityStore;
  readonly feed: ActivityFeed;
  readonly detail: (id: string) => Promise<ActivityDetail>;
  /** The gateway keys of this window. */
  readonly gatewayKeys: () => Promise<readonly WholeGatewayKey[]>;
}

/** The commands on single requests. */
export function activityCommands(around: ActivityAround): RequestCommands {
  const { store, detail } = around;
  const chosen = async (target: Target | undefined, title: string): Promise<ActivityDetail | undefined> => {
    const id = target?.kind === "request" ? target.name : await pickRequest(store.value.requests, title);
    return id === undefined ? undefined : detail(id);
  };
  return {
    "postern.openRequest": async (target) => {
      const found = await chosen(target, "Open Request");
      if (found) await open(found.record);
    },
    "postern.replayRequest": async (target) => {
      const found = await chosen(target, "Replay");
      if (found) await replayAgain(around, found, undefined);
    },
    "postern.replayRequestOnModel": async (target) => {
      const found = await chosen(target, "Replay on Another Model");
      const model = found && (await pickModel((await around.api.status()).providers));
      if (found && model !== undefined) await replayAgain(around, found, model);
    },
    "postern.copyRequestAsCurl": async (target) => {
      const found = await chosen(target, "Copy as curl");
      const request = found && sendable(found);
      if (!request) return;
      const { gateway } = await around.api.status();
      const url = gateway.state === "running" ? gateway.url : "http://127.0.0.1:4141";
      await vscode.env.clipboard.writeText(curlCommand(url, request));
      notify("info", "Copied. It has no key in it: put a gateway key into POSTERN_KEY before you run it.");
    },
    "postern.diffRequest": async (target) => {
      const one = await chosen(target, "Diff with…");
      if (!one) return;
      const others = store.value.requests.filter(({ id }) => id !== one.record.id);
      const otherId = await pickRequest(others, "Diff with…");
      if (otherId !== undefined) await diff(one.record, (await detail(otherId)).record);
    },
    "postern.copyCommitTrailer": async (target) => {
      const found = await chosen(target, "Copy Commit Trailer");
      if (!found) return;
      const trailer = commitTrailer(found.record);
      await vscode.env.clipboard.writeText(trailer);
      notify("info", `Copied "${trailer}".`);
    },
    "postern.deleteActivity": async (target) => {
      if (target?.kind !== "request") return deleteMany(around);
      const { record } = await detail(target.name);
      await deleteKept(around, { id: record.id }, `what was kept of ${titleOf(record)}`);
    },
  };
}

async function open(record: RequestRecord): Promise<void> {
  await vscode.window.showTextDocument(requestUri(record.id, titleOf(record)), { preview: true });
}

async function diff(one: RequestRecord, other: RequestRecord): Promise<void> {
  const [left, right] = [one, other].toSorted((a, b) => a.startedAt - b.startedAt) as [
    RequestRecord,
    RequestRecord,
  ];
  await vscode.commands.executeCommand(
    "vscode.diff",
    requestUri(left.id, titleOf(left)),
    requestUri(right.id, titleOf(right)),
    `${titleOf(left)} ↔ ${titleOf(right)}`,
  );
}

/** The kept request, ready to be sent; undefined, and said why, where there is none. */
function sendable({ record, audited }: ActivityDetail, model?: string): Replayable | undefined {
  const kept = audited.content?.request;
  if (!kept) {
    notify(
      "warning",
      "The request was not kept, so it cannot be sent again. postern.audit.level decides what is kept.",
      {
        "Open Settings": () =>
          vscode.commands.executeCommand("workbench.action.openSettings", "postern.audit.level"),
      },
    );
    return undefined;
  }
  if (kept.keptBytes < kept.bytes) {
    notify("warning", "The request was too large to be kept whole, so it cannot be sent again.");
    return undefined;
  }
  const request = replayable(record, kept.text, model);
  if (!request) notify("warning", "A request of this kind cannot be sent again.");
  return request;
}

async function replayAgain(
  around: ActivityAround,
  detail: ActivityDetail,
  model: string | undefined,
): Promise<void> {
  const request = sendable(detail, model);
  if (!request) return;
  const { gateway } = await around.api.status();
  if (gateway.state !== "running") {
    notify("warning", "The gateway is not running, and a replay goes through it.", {
      "Start Gateway": () => vscode.commands.executeCommand("postern.startGateway"),
    });
    return;
  }
  const { record, audited } = detail;
  const redacted = audited.content?.request?.redacted ?? [];
  const what = `Its secrets (${redacted.join(", ")}) were taken out when it was kept, so the model gets marks in their place.`;
  if (redacted.length > 0 && !(await confirm("Replay without the secrets?", what, "Replay"))) return;
  const keys = await around.gatewayKeys();
  const key = keys.find(({ name }) => name === record.caller.name) ?? keys[0];
  if (!key) {
    notify("warning", "There is no gateway key in this window to send it with.", {
      "New Gateway Key": () => vscode.commands.executeCommand("postern.newGatewayKey"),
    });
    return;
  }
  const from = Date.now();
  const title = `Replaying ${titleOf(record)}${model === undefined ? "" : ` on ${model}`}`;
  const status = await withCancel(title, (signal) => replay(gateway.url, key.key, request, signal));
  await around.feed.refresh();
  const range = { from, until: Number.MAX_SAFE_INTEGER };
  const { requests } = await around.api.ask("queryRequests", {
    filter: { range, gatewayKey: key.name },
    limit: 1,
  });
  const [again] = requests;
  if (!again) {
    notify("warning", `The replay was answered with HTTP ${status}, and is not in the ledger.`);
    return;
  }
  notify("info", `Replayed with the gateway key "${key.name}": HTTP ${status}.`, {
    Open: () => open(again),
    "Compare with the First": () => diff(record, again),
  });
}

/** Without a request to begin with: all that the filter shows, or all there is. */
async function deleteMany(around: ActivityAround): Promise<void> {
  const { filter } = around.store.value;
  const { outcome: _, ...wanted } = filter;
  const filtered = isFiltered(wanted);
  // An older engine that still runs has no outcomes in the audit's filter, and must not delete more than the view shows.
  if (filter.outcome !== undefined) {
    notify("info", "Take the outcome out of the filter first: what is deleted cannot be told by it.");
    return;
  }
  const what = filtered
    ? `what was kept of every request with ${filterText(wanted)}`
    : "everything that was kept";
  await deleteKept(around, wanted, what);
}

async function deleteKept({ api, feed }: ActivityAround, filter: AuditFilter, what: string): Promise<void> {
  const choices: Choice<"content" | "rows">[] = [
    {
      label: "What was said",
      detail: "The kept requests and answers. That there were requests stays in the audit.",
      value: "content",
    },
    {
      label: "The audit's rows too",
      detail: "Only their hashes stay, so that the chain can still be checked.",
      value: "rows",
    },
  ];
  const answer = await pickStep({
    title: "Delete from Activity",
    placeholder: "What is to be deleted?",
    choices,
  });
  if (answer.kind !== "answer") return;
  const note =
    "It cannot be brought back. What requests have cost stays in the ledger, since budgets are measured with it.";
  if (!(await confirm(`Delete ${what}?`, note, "Delete"))) return;
  const { removed } = await api.ask("removeAudit", { filter, what: answer.value });
  notify("info", removed > 0 ? "Deleted." : "There was nothing to delete.");
  await feed.refresh();
}
