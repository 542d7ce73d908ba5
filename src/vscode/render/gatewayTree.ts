import { isLoopbackHost } from "../../core/gateway/hostGuard";
import type { GatewayKeyEntry, PosternState } from "../state";
import { type GatewayView, gatewayUrl, gatewayView } from "./gatewayState";
import { escapeMarkdown } from "./markdown";
import { infoNode, type TreeIcon, type TreeNode } from "./treeNode";

/** The rows of the Gateway view. */
export function renderGateway(state: PosternState): readonly TreeNode[] {
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
    keysNode(local.gatewayKeys, view),
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
  const detail = view.kind === "failed" ? view.message : view.kind === "busy" ? view.text : undefined;
  return {
    id: "gateway/state",
    label,
    ...(detail === undefined ? {} : { description: detail }),
    tooltip: detail === undefined ? stateTooltip(view) : escapeMarkdown(detail),
    icon: ICONS[view.kind],
    contextValue: `gateway ${view.kind}`,
    accessibilityLabel: `Gateway: ${label}${detail === undefined ? "" : `, ${detail}`}`,
  };
}

function stateTooltip(view: GatewayView): string {
  return view.kind === "running"
    ? `Tools that send a gateway key to ${escapeMarkdown(view.url)} can use every enabled provider. It runs for all windows.`
    : "No tool can use your providers until the gateway is started.";
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

function keysNode(keys: readonly GatewayKeyEntry[], view: GatewayView): TreeNode {
  const none = noKeys(view);
  const children = keys.length > 0 ? keys.map(keyNode) : [infoNode("gateway/keys/none", none)];
  return {
    id: "gateway/keys",
    label: "Gateway keys",
    icon: { id: "key" },
    tooltip: "What a tool has to send. One for each tool can be taken back without the others.",
    contextValue: "gatewayKeys",
    accessibilityLabel: `Gateway keys, ${keys.length}`,
    children,
    expanded: true,
  };
}

function noKeys(view: GatewayView): string {
  if (view.kind !== "running") return "made at the first start";
  // Secrets belong to the browser, where VS Code runs in one; the engine has those of all of them.
  return view.keys > 0
    ? `${view.keys} made elsewhere; New Gateway Key makes one here`
    : "none: nobody is let in";
}

function keyNode(key: GatewayKeyEntry, index: number): TreeNode {
  const usable = key.fault === undefined;
  const description =
    key.fault ?? (key.source === "settings" ? `${key.masked} · from the environment` : key.masked);
  return {
    // With its place: two keys of one name are a fault to show, and VS Code refuses rows of the same id.
    id: `gateway/key/${key.source}/${index}/${key.name}`,
    label: key.name,
    description,
    icon: usable ? { id: "key" } : { id: "warning", color: "list.warningForeground" },
    tooltip: usable
      ? `What a tool sends to be let in: ${escapeMarkdown(description)}`
      : `Not accepted: ${escapeMarkdown(description)}`,
    contextValue: `gatewayKey ${key.source} ${usable ? "usable" : "faulty"}`,
    accessibilityLabel: `Gateway key ${key.name}, ${usable ? "accepted" : description}`,
    target: { kind: "gatewayKey", name: key.name },
  };
}
