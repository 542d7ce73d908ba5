import type { UsageToday } from "../../core/rpc/contract";
import type { CommandId } from "../common/commandIds";
import type { PosternState } from "../state";
import { type GatewayView, gatewayView } from "./gatewayState";
import { commandLink, escapeMarkdown } from "./markdown";
import { counted, shortCount } from "./numbers";
import { providerStanding } from "./providerState";

/** What the status bar item shows. */
export interface StatusBarView {
  readonly text: string;
  readonly tooltipMarkdown: string;
  readonly severity: "normal" | "warning";
  readonly accessibilityLabel: string;
  readonly command: string;
}

/** The commands that the hover's links run; no other is allowed in it. */
export const STATUS_BAR_COMMANDS: readonly CommandId[] = [
  "postern.startGateway",
  "postern.stopGateway",
  "postern.copyGatewayUrl",
  "postern.copyGatewayKey",
  "postern.addProvider",
  "postern.showLog",
];

/** The status bar item for a state: the gateway's state, and today's requests and tokens while it runs. */
export function renderStatusBar(state: PosternState): StatusBarView {
  const view = gatewayView(state.engine);
  const usage = state.engine.kind === "ready" ? state.engine.status.usage : undefined;
  return {
    text: `${view.kind === "busy" ? "$(sync~spin)" : "$(shield)"} Postern: ${shortText(view, usage)}`,
    tooltipMarkdown: tooltip(state, view, usage),
    severity: view.kind === "failed" ? "warning" : "normal",
    accessibilityLabel: spoken(view, usage),
    command: "postern.gateway.focus",
  };
}

function spoken(view: GatewayView, usage: UsageToday | undefined): string {
  // A failure's message ends with a full stop of its own.
  const state = `Postern gateway ${spokenState(view)}`.replace(/\.$/, "");
  return usage ? `${state}. Today ${usageText(usage)}` : state;
}

function shortText(view: GatewayView, usage: UsageToday | undefined): string {
  if (view.kind === "busy") return view.text;
  if (view.kind !== "running") return view.kind;
  const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  return `${shortCount(usage?.requests ?? 0)} req · ${shortCount(tokens)} tok`;
}

function spokenState(view: GatewayView): string {
  switch (view.kind) {
    case "running":
      return `running at ${view.url}`;
    case "failed":
      return `failed: ${view.message}`;
    case "busy":
      return view.text;
    case "stopped":
      return "stopped";
  }
}

function usageText({ requests, inputTokens, outputTokens, unreported }: UsageToday): string {
  const text = `${counted(requests, "request")}, ${counted(inputTokens, "input token")} and ${counted(outputTokens, "output token")} reported by providers`;
  return unreported > 0 ? `${text}, ${counted(unreported, "request")} without a report` : text;
}

function tooltip(state: PosternState, view: GatewayView, usage: UsageToday | undefined): string {
  const parts = [`**Postern gateway**: ${escapeMarkdown(spokenState(view))}`];
  if (usage) parts.push(`Today: ${escapeMarkdown(usageText(usage))}`);
  const providers = state.local.providers.map((entry) => {
    const name = entry.faulty ? entry.id : entry.name;
    return `- ${escapeMarkdown(name)}: ${escapeMarkdown(providerStanding(entry, state.engine).text)}`;
  });
  parts.push(providers.length > 0 ? providers.join("\n") : "No providers yet.");
  parts.push(links(view).join(" · "));
  return parts.join("\n\n");
}

function links(view: GatewayView): readonly string[] {
  const startOrStop =
    view.kind === "running"
      ? [commandLink("Stop", "postern.stopGateway")]
      : view.kind === "busy"
        ? []
        : [commandLink("Start", "postern.startGateway")];
  return [
    ...startOrStop,
    commandLink("Copy URL", "postern.copyGatewayUrl"),
    commandLink("Copy Key", "postern.copyGatewayKey"),
    commandLink("Add Provider", "postern.addProvider"),
    commandLink("Show Log", "postern.showLog"),
  ];
}
