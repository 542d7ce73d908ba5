import type { RequestBeginning } from "../../core/governance/openRequest";
import type { RequestRecord } from "../../core/governance/requestRecord";
import { type ActivityFilter, type ActivityState, isFiltered } from "../activity/activityState";
import { escapeMarkdown } from "./markdown";
import { shortCount } from "./numbers";
import {
  askedText,
  type Clock,
  callerText,
  costText,
  dateTimeText,
  durationText,
  momentText,
  OUTCOME_ICON,
  OUTCOME_TEXT,
} from "./requestText";
import { infoNode, type TreeNode } from "./treeNode";

const OPEN = { command: "postern.openRequest", title: "Open Request" } as const;
const MORE = { command: "postern.showMoreActivity", title: "Show More" } as const;

/** The rows of the Activity view: what runs, then what has been, the latest first. */
export function renderActivity(state: ActivityState, clock: Clock): readonly TreeNode[] {
  const { kind, running, requests, filter, next, fault } = state;
  if (kind === "unknown") return [];
  if (kind === "away") return [infoNode("activity/away", "No engine is running, so nothing passes.")];
  const shown = running.filter((request) => matches(request, filter)).toSorted(latestFirst);
  const rows = [
    ...shown.map((request) => runningNode(request, state.at)),
    ...requests.map((one) => requestNode(one, clock)),
  ];
  return [
    ...(fault === undefined ? [] : [faultNode(fault)]),
    ...(isFiltered(filter) ? [filterNode(filter)] : []),
    ...(rows.length > 0 ? rows : [infoNode("activity/none", emptyText(filter))]),
    ...(next ? [moreNode()] : []),
  ];
}

function emptyText(filter: ActivityFilter): string {
  if (filter.text !== undefined) return "No kept request or answer has these words.";
  return isFiltered(filter) ? "No request fits the filter." : "No requests yet.";
}

function latestFirst(one: RequestBeginning, other: RequestBeginning): number {
  return other.startedAt - one.startedAt || (one.id < other.id ? 1 : -1);
}

/** What a running request can be told by; its words are not kept yet, and its outcome is not known. */
function matches({ caller, provider }: RequestBeginning, filter: ActivityFilter): boolean {
  const wanted = (want: string | undefined, is: string | undefined) => want === undefined || want === is;
  return (
    filter.text === undefined &&
    filter.outcome === undefined &&
    wanted(filter.gatewayKey, caller.kind === "gatewayKey" ? caller.name : undefined) &&
    wanted(filter.provider, provider) &&
    wanted(filter.workspace, caller.workspace?.folder)
  );
}

function runningNode(request: RequestBeginning, now: number): TreeNode {
  const { id, modelAsked, provider, startedAt } = request;
  const since = durationText(Math.max(0, Math.floor((now - startedAt) / 1_000) * 1_000));
  const description = [callerText(request), provider, since].filter((text) => text).join(" · ");
  return {
    id: `activity/running/${id}`,
    label: modelAsked,
    description,
    icon: { id: "sync~spin" },
    tooltip: `Running since ${since}, for ${escapeMarkdown(callerText(request))}.`,
    contextValue: "request running",
    accessibilityLabel: `Running: ${modelAsked}, ${description}`,
    target: { kind: "request", name: id },
  };
}

function requestNode(request: RequestRecord, clock: Clock): TreeNode {
  const { id, outcome, durationMs, startedAt, usage, cost, provider } = request;
  const about = request.usageBasis === "estimated" ? "≈ " : "";
  const tokens = usage && `${about}${countText(usage.inputTokens)} → ${countText(usage.outputTokens)} tokens`;
  const parts = [
    ...(outcome === "answered" ? [] : [OUTCOME_TEXT[outcome]]),
    momentText(startedAt, clock),
    callerText(request),
    provider,
    durationText(durationMs),
    tokens,
    cost && costText(cost),
  ].filter((text) => text);
  return {
    id: `activity/${id}`,
    label: askedText(request),
    description: parts.join(" · "),
    icon: OUTCOME_ICON[outcome],
    tooltip: tooltip(request, clock),
    contextValue: `request settled ${outcome}`,
    accessibilityLabel: `${askedText(request)}, ${OUTCOME_TEXT[outcome]}, ${parts.join(", ")}`,
    target: { kind: "request", name: id },
    open: OPEN,
  };
}

function countText(count: number | undefined): string {
  return count === undefined ? "?" : shortCount(count);
}

function tooltip(request: RequestRecord, { timeZone }: Clock): string {
  const { caller, provider, model, outcome, status, errorCode, policyRule, startedAt } = request;
  const lines = [
    `**${OUTCOME_TEXT[outcome]}**${status === 0 ? "" : ` (${status})`}${errorCode ? ` ${escapeMarkdown(errorCode)}` : ""}`,
    dateTimeText(startedAt, timeZone),
    provider && `To ${escapeMarkdown(`${provider}/${model ?? "?"}`)}`,
    caller.workspace && `From ${escapeMarkdown(caller.workspace.folder)}`,
    policyRule && `Policy: ${escapeMarkdown(policyRule)}`,
  ];
  return lines.filter((line) => line).join("\n\n");
}

function filterNode(filter: ActivityFilter): TreeNode {
  const text = filterText(filter);
  return {
    id: "activity/filter",
    label: "Filter",
    description: text,
    icon: { id: "filter-filled" },
    tooltip: "Only requests that fit are shown.",
    contextValue: "activityFilter",
    accessibilityLabel: `Filter: ${text}`,
  };
}

/** A filter in words. */
export function filterText({ text, gatewayKey, provider, workspace, outcome }: ActivityFilter): string {
  return [
    text !== undefined && `"${text}"`,
    gatewayKey !== undefined && `key ${gatewayKey}`,
    provider !== undefined && `provider ${provider}`,
    workspace !== undefined && `workspace ${workspace}`,
    outcome !== undefined && OUTCOME_TEXT[outcome],
  ]
    .filter((part) => part !== false)
    .join(", ");
}

function faultNode(fault: string): TreeNode {
  return infoNode("activity/fault", fault, { id: "warning", color: "list.warningForeground" });
}

function moreNode(): TreeNode {
  return {
    id: "activity/more",
    label: "Show more…",
    icon: { id: "ellipsis" },
    contextValue: "activityMore",
    accessibilityLabel: "Show more requests",
    open: MORE,
  };
}
