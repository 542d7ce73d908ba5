import type { EngineStatus, UsageToday } from "../../core/rpc/contract";
import type { LimitsStatus } from "../../core/rpc/limitsStatus";
import type { CommandId } from "../common/commandIds";
import type { PosternState } from "../state";
import { type GatewayView, gatewayView, OPEN } from "./gatewayState";
import { type Indicator, indicatorsOf, indicatorText, shownIndicator, worstSeverity } from "./indicator";
import { limitParagraphs } from "./limitLines";
import { commandLink, escapeMarkdown } from "./markdown";
import { counted, shortCount } from "./numbers";
import { providerStanding } from "./providerState";

/** What the status bar item shows. */
export interface StatusBarView {
  readonly text: string;
  readonly tooltipMarkdown: string;
  readonly severity: "normal" | "warning" | "error";
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
  "postern.addBudget",
  "postern.raiseBudget",
  "postern.chooseStatusBarLimit",
  "postern.showLog",
];

/** The status bar item for a state: the gateway's state and, while it runs, what is nearest to its end. */
export function renderStatusBar(state: PosternState): StatusBarView {
  const view = gatewayView(state.engine);
  const status = state.engine.kind === "ready" ? state.engine.status : undefined;
  const indicators = status?.limits ? indicatorsOf(status.limits) : [];
  const shown = shownIndicator(indicators, state.local.statusBarLimit);
  const short = shortText(view, status?.usage, shown && indicatorText(shown, state.local.statusBarForm));
  return {
    text: `${icon(view)} Postern: ${short}`,
    tooltipMarkdown: tooltip(state, view, status),
    severity:
      view.kind === "failed" ? "warning" : view.kind === "running" ? worstSeverity(indicators) : "normal",
    accessibilityLabel: spoken(view, status?.usage, shown),
    command: "postern.gateway.focus",
  };
}

function icon(view: GatewayView): string {
  if (view.kind === "busy") return "$(sync~spin)";
  return view.kind === "running" && view.open ? "$(globe)" : "$(shield)";
}

function spoken(view: GatewayView, usage: UsageToday | undefined, shown: Indicator | undefined): string {
  // A failure's message ends with a full stop of its own.
  const state = `Postern gateway ${spokenState(view)}`.replace(/\.$/, "");
  const limit = shown ? `. ${shown.title}: ${shown.amount}` : "";
  return usage ? `${state}${limit}. Today ${usageText(usage)}` : state;
}

function shortText(view: GatewayView, usage: UsageToday | undefined, left: string | undefined): string {
  if (view.kind === "busy") return view.text;
  if (view.kind !== "running") return view.kind;
  const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  const used = left ?? `${shortCount(usage?.requests ?? 0)} req · ${shortCount(tokens)} tok`;
  return view.open ? `${OPEN} · ${used}` : used;
}

function spokenState(view: GatewayView): string {
  switch (view.kind) {
    case "running":
      return `running at ${view.url}${view.open ? `, ${OPEN}` : ""}`;
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

function tooltip(state: PosternState, view: GatewayView, status: EngineStatus | undefined): string {
  const parts = [`**Postern gateway**: ${escapeMarkdown(spokenState(view))}`];
  if (view.kind === "running" && view.open)
    parts.push(
      "$(warning) **Other machines can reach it**, over plain HTTP; only gateway keys keep them out.",
    );
  if (status?.limits) parts.push(...limitParagraphs(status.limits));
  else if (status) parts.push(`Today: ${escapeMarkdown(usageText(status.usage))}`);
  const providers = state.local.providers.map((entry) => {
    const name = entry.faulty ? entry.id : entry.name;
    return `- ${escapeMarkdown(name)}: ${escapeMarkdown(providerStanding(entry, state.engine).text)}`;
  });
  parts.push(providers.length > 0 ? `**Providers**\n\n${providers.join("\n")}` : "No providers yet.");
  parts.push(links(view, status).join(" · "));
  return parts.join("\n\n");
}

function limitLinks({ limits, quotas }: LimitsStatus): string[] {
  const raise = limits.length > 0 ? [commandLink("Raise Budget", "postern.raiseBudget")] : [];
  const choose =
    limits.length + quotas.length > 0
      ? [commandLink("Choose What Is Shown", "postern.chooseStatusBarLimit")]
      : [];
  return [commandLink("Add Budget", "postern.addBudget"), ...raise, ...choose];
}

function links(view: GatewayView, status: EngineStatus | undefined): readonly string[] {
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
    ...(status?.limits ? limitLinks(status.limits) : []),
    commandLink("Show Log", "postern.showLog"),
  ];
}
