import { isLoopbackHost } from "../../core/gateway/hostGuard";
import type { PosternState } from "../state";
import { budgetsNode } from "./budgetNodes";
import { keysNode } from "./gatewayKeyNodes";
import { type GatewayView, gatewayUrl, gatewayView, OPEN } from "./gatewayState";
import { escapeMarkdown } from "./markdown";
import { infoNode, type TreeIcon, type TreeNode } from "./treeNode";

/**
 * The rows of the Gateway view.
 * @param now milliseconds since the epoch, for gateway keys that expire
 */
export function renderGateway(state: PosternState, now: number): readonly TreeNode[] {
  const { local } = state;
  const view = gatewayView(state.engine);
  const problems = local.problems.map(({ path, message }, index) =>
    infoNode(`gateway/problem/${index}`, `${path} ${message}`, {
      id: "warning",
      color: "list.warningForeground",
    }),
  );
  return [
    stateNode(view),
    addressNode(state, view),
    portNode(local.port, view),
    keysNode(state, view, now),
    budgetsNode(state),
    ...problems,
  ];
}

const ICONS: Record<GatewayView["kind"], TreeIcon> = {
  running: { id: "pass-filled", color: "testing.iconPassed" },
  stopped: { id: "circle-outline" },
  failed: { id: "error", color: "list.errorForeground" },
  busy: { id: "sync~spin" },
};

function stateNode(view: GatewayView): TreeNode {
  const label = { running: "Running", stopped: "Stopped", failed: "Failed", busy: "Waiting for the engine" }[
    view.kind
  ];
  const open = view.kind === "running" && view.open;
  const fault = view.kind === "failed" ? view.message : view.kind === "busy" ? view.text : undefined;
  const detail = open ? OPEN : fault;
  return {
    id: "gateway/state",
    label,
    ...(detail === undefined ? {} : { description: detail }),
    tooltip: fault === undefined ? stateTooltip(view) : escapeMarkdown(fault),
    icon: open ? { id: "globe", color: "list.warningForeground" } : ICONS[view.kind],
    contextValue: `gateway ${view.kind}`,
    accessibilityLabel: `Gateway: ${label}${detail === undefined ? "" : `, ${detail}`}`,
  };
}

function stateTooltip(view: GatewayView): string {
  if (view.kind !== "running") return "No tool can use your providers until the gateway is started.";
  const text = `Tools that send a gateway key to ${escapeMarkdown(view.url)} can use every enabled provider. It runs for all windows.`;
  return view.open ? `${text}\n\n**Other machines can reach it**, over plain HTTP.` : text;
}

function addressNode(state: PosternState, view: GatewayView): TreeNode {
  const url = gatewayUrl(state.engine, state.local);
  const open = !isLoopbackHost(state.local.host);
  const lines = [
    view.kind === "running"
      ? `Tools reach the gateway at ${escapeMarkdown(url)}`
      : "The address once the gateway runs.",
    `OpenAI clients: ${escapeMarkdown(`${url}/v1`)}`,
    `Anthropic clients: ${escapeMarkdown(url)}`,
  ];
  if (open) lines.push("**Other machines can reach this address.**");
  return {
    id: "gateway/address",
    label: "Address",
    description: url,
    icon: open ? { id: "globe", color: "list.warningForeground" } : { id: "link" },
    tooltip: lines.join("\n\n"),
    contextValue: "gatewayAddress",
    accessibilityLabel: `Address ${url}${open ? ", open to the network" : ""}`,
  };
}

function portNode(configured: number, view: GatewayView): TreeNode {
  const port = view.kind === "running" ? view.port : configured;
  const text = port === 0 ? "any free one" : String(port);
  return {
    id: "gateway/port",
    label: "Port",
    description: text,
    icon: { id: "plug" },
    tooltip: portTooltip(port),
    contextValue: "gatewayPort",
    accessibilityLabel: `Port ${text}`,
  };
}

function portTooltip(port: number): string {
  const text = "The port that tools connect to, from the setting `postern.gateway.port`.";
  return port === 0 ? `${text} 0 takes a free one at each start.` : text;
}
