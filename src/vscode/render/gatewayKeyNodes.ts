import { spentText } from "../../core/governance/limitText";
import type { LimitStatus } from "../../core/rpc/limitsStatus";
import { limitWords } from "../limits/keyFields";
import type { GatewayKeyEntry, PosternState } from "../state";
import type { GatewayView } from "./gatewayState";
import { limitLine } from "./limitLines";
import { escapeMarkdown } from "./markdown";
import { infoNode, type TreeIcon, type TreeNode } from "./treeNode";

/** The group of gateway keys. */
export function keysNode(state: PosternState, view: GatewayView, now: number): TreeNode {
  const keys = state.local.gatewayKeys;
  const status = state.engine.kind === "ready" ? state.engine.status.limits : undefined;
  const ofKey = (name: string): readonly LimitStatus[] =>
    status?.limits.filter((limit) => limit.of === "gatewayKey" && limit.name === name) ?? [];
  const children =
    keys.length > 0
      ? keys.map((key, index) => keyNode(key, index, ofKey(key.name), status?.at ?? now, now))
      : [infoNode("gateway/keys/none", noKeys(view))];
  return {
    id: "gateway/keys",
    label: "Gateway keys",
    icon: { id: "key" },
    tooltip: "What a tool has to send. One for each tool can be limited and taken back without the others.",
    contextValue: "gatewayKeys",
    accessibilityLabel: `Gateway keys, ${keys.length}`,
    children,
    expanded: true,
  };
}

function noKeys(view: GatewayView): string {
  if (view.kind !== "running") return "made at the first start";
  // An environment may differ from window to window; the engine has the keys of all of them.
  return view.keys > 0
    ? `${view.keys} made elsewhere; New Gateway Key makes one here`
    : "none: nobody is let in";
}

const SOURCES: Readonly<Record<GatewayKeyEntry["source"], string | undefined>> = {
  settings: undefined,
  stored: undefined,
  environment: "from the environment",
  workspace: "for a workspace's terminals",
};

function keyNode(
  key: GatewayKeyEntry,
  index: number,
  limits: readonly LimitStatus[],
  at: number,
  now: number,
): TreeNode {
  const standing = standingOf(key, limits, now);
  const words = [
    ...(standing.text === undefined ? [] : [standing.text]),
    ...(key.fault === undefined ? [key.masked, ...spendWords(key, limits)] : []),
    SOURCES[key.source],
  ].filter((word): word is string => word !== undefined && word !== "");
  const description = words.join(" · ");
  return {
    // With its place: two keys of one name are a fault to show, and VS Code refuses rows of the same id.
    id: `gateway/key/${key.source}/${index}/${key.name}`,
    label: key.name,
    description,
    icon: standing.icon,
    tooltip: [
      standing.accepted
        ? `What a tool sends to be let in: ${escapeMarkdown(description)}`
        : `Not accepted: ${escapeMarkdown(description)}`,
      ...(key.folder === undefined ? [] : [`Folder: ${escapeMarkdown(key.folder)}`]),
      ...limits.map((limit) => limitLine(limit, at)),
      ...(key.source === "settings" && key.copyable
        ? ["A copy is kept in the secret storage, so that it can be copied again."]
        : []),
    ].join("\n\n"),
    contextValue: contextOf(key),
    accessibilityLabel: `Gateway key ${key.name}, ${standing.accepted ? "accepted" : "not accepted"}, ${description}`,
    target: { kind: "gatewayKey", name: key.name },
  };
}

interface Standing {
  readonly accepted: boolean;
  readonly text?: string;
  readonly icon: TreeIcon;
}

const WARNING: TreeIcon = { id: "warning", color: "list.warningForeground" };

function standingOf(key: GatewayKeyEntry, limits: readonly LimitStatus[], now: number): Standing {
  if (key.fault !== undefined) return { accepted: false, text: key.fault, icon: WARNING };
  if (key.disabled) return { accepted: false, text: "disabled", icon: { id: "circle-slash" } };
  if (key.expiresAt !== undefined && now >= key.expiresAt)
    return { accepted: false, text: "expired", icon: WARNING };
  if (limits.some(({ spent, amount }) => spent >= amount))
    return { accepted: true, text: "used up", icon: { id: "error", color: "list.errorForeground" } };
  return { accepted: true, icon: { id: "key" } };
}

/** What was spent of each amount; without the engine only what may be. */
function spendWords(key: GatewayKeyEntry, limits: readonly LimitStatus[]): string[] {
  if (limits.length === 0) return limitWords(key);
  const rest = limitWords({ ...key, limits: { ...key.limits, budget: undefined } });
  return [...limits.map((limit) => spentText(limit, limit.spent)), ...rest];
}

/** Words that the menus look for. */
function contextOf({ source, fault, disabled, copyable }: GatewayKeyEntry): string {
  const inSettings = fault === undefined && (source === "settings" || source === "environment");
  return [
    "gatewayKey",
    source,
    ...(fault === undefined ? [] : ["faulty"]),
    ...(copyable ? ["copyable"] : []),
    ...(inSettings ? ["editable", disabled ? "disabled" : "enabled"] : []),
    ...(fault === undefined && source !== "environment" ? ["deletable"] : []),
  ].join(" ");
}
