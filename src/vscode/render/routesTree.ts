import type { CheckedRoute } from "../../core/config/routes";
import type { RouteConfig } from "../../core/config/schema";
import { routeFacts, servedModel } from "../../core/routing/routeFacts";
import { routeLabel } from "../../core/routing/routeTable";
import type { ProviderStatus, RouteStatus, RouteTargetStatus } from "../../core/rpc/contract";
import type { EngineState } from "../engine/state";
import type { PosternState } from "../state";
import { escapeMarkdown } from "./markdown";
import { shortPrice, spokenFacts } from "./modelFacts";
import { counted } from "./numbers";
import { STRATEGY_WORDS } from "./routeWords";
import { infoNode, type TreeIcon, type TreeNode } from "./treeNode";

type FaultyRoute = Extract<CheckedRoute, { ok: false }>;

/** The rows of the Routes view. */
export function renderRoutes({ local, engine }: PosternState): readonly TreeNode[] {
  const seen = new Set<string>();
  return local.routes.map((checked, index) => {
    const name = checked.ok ? routeLabel(checked.route) : checked.name;
    // By its name alone, so that a row that moves stays selected; two entries of one name are a fault to show.
    const id = seen.has(name) ? `route/${index}/${name}` : `route/${name}`;
    seen.add(name);
    return checked.ok ? routeNode(id, index, checked.route, engine) : faultyNode(id, index, checked);
  });
}

function routeNode(id: string, index: number, route: RouteConfig, engine: EngineState): TreeNode {
  const name = routeLabel(route);
  const status = statusOf(engine, name);
  const providers = engine.kind === "ready" ? engine.status.providers : [];
  const standing = standingOf(route, status);
  const words = STRATEGY_WORDS[route.strategy].short;
  const kind = route.name === undefined ? "pattern" : "name";
  const notes = (status?.notes ?? []).map((note, at) => ({
    ...infoNode(`${id}/note/${at}`, note),
    tooltip: escapeMarkdown(`${name} ${note}.`),
  }));
  return {
    id,
    label: name,
    description: [kind === "pattern" ? "pattern" : "", words, standing.text].filter(Boolean).join(" · "),
    icon: standing.icon,
    tooltip: routeTooltip(route, status, providers),
    contextValue: `route usable ${kind}`,
    accessibilityLabel: `Route ${kind === "pattern" ? "for models named " : ""}${name}, ${words}, ${standing.text}`,
    children: [...targetNodes(id, index, route, status, providers), ...notes],
    expanded: true,
    target: { kind: "route", name, index },
  };
}

function faultyNode(id: string, index: number, { name, problems }: FaultyRoute): TreeNode {
  const whole = problems.some(({ path }) => path === "routes");
  const [first] = problems;
  const text = `faulty: ${first?.message ?? "it cannot be used"}`;
  const lines = problems.map(({ path, message }) => `${path} ${message}`.trim());
  return {
    id,
    label: name,
    description: text,
    icon: ICONS.faulty,
    tooltip: [
      `**${escapeMarkdown(name)}** is faulty and not used:`,
      "",
      ...lines.map((line) => `- ${escapeMarkdown(line)}`),
    ].join("\n"),
    contextValue: whole ? "info" : "route faulty",
    accessibilityLabel: `Route ${name}, ${text}`,
    children: lines.map((line, at) => infoNode(`${id}/problem/${at}`, line, { id: "warning" })),
    expanded: true,
    ...(whole ? {} : { target: { kind: "route", name, index } as const }),
  };
}

function targetNodes(
  id: string,
  index: number,
  route: RouteConfig,
  status: RouteStatus | undefined,
  providers: readonly ProviderStatus[],
): readonly TreeNode[] {
  const seen = new Set<string>();
  return route.targets.map(({ model, weight }, at) => {
    const target = status?.targets[at]?.model === model ? status.targets[at] : undefined;
    const rowId = `${id}/target/${seen.has(model) ? `${at}/` : ""}${model}`;
    seen.add(model);
    const share = route.strategy === "weighted" ? `weight ${weight ?? 1}` : "";
    const price = servedModel(target?.servedBy, providers)?.facts.price;
    const elsewhere =
      target?.servedBy !== undefined && target.servedBy !== model ? target.servedBy : undefined;
    const { latencyMs } = target ?? {};
    const state = target && stateText(target);
    return {
      id: rowId,
      label: model,
      description: [
        state ?? "",
        share,
        latencyMs === undefined ? "" : `${latencyMs.toLocaleString("en-US")} ms`,
        price === undefined ? "" : shortPrice(price),
        elsewhere === undefined ? "" : `is ${elsewhere}`,
      ]
        .filter(Boolean)
        .join(" · "),
      icon: target === undefined ? UNKNOWN : ICONS[target.state],
      tooltip: targetTooltip(model, target, state),
      contextValue: "routeTarget",
      accessibilityLabel: [
        `Target ${at + 1} of ${route.targets.length}: ${model}`,
        state ?? "",
        share,
        latencyMs === undefined ? "" : `begins to answer after ${latencyMs} milliseconds`,
        price === undefined ? "" : spokenFacts({ price }),
        elsewhere === undefined ? "" : `served by ${elsewhere}`,
      ]
        .filter(Boolean)
        .join(", "),
      target: { kind: "routeTarget", model, at, route: { name: routeLabel(route), index } },
    };
  });
}

const STATE_WORDS = { ready: "ready", resting: "resting", unusable: "unusable" } as const;

function stateText({ state, detail }: RouteTargetStatus): string {
  return detail === undefined ? STATE_WORDS[state] : `${STATE_WORDS[state]}: ${detail}`;
}

const UNKNOWN: TreeIcon = { id: "circle-outline" };
const ICONS = {
  ready: { id: "pass-filled", color: "testing.iconPassed" },
  resting: { id: "watch", color: "list.warningForeground" },
  unusable: { id: "error", color: "list.errorForeground" },
  faulty: { id: "warning", color: "list.errorForeground" },
} as const satisfies Record<string, TreeIcon>;

/** How many of a route's targets can be asked now; unknown while no engine tells. */
function standingOf(
  { targets }: RouteConfig,
  status: RouteStatus | undefined,
): { readonly text: string; readonly icon: TreeIcon } {
  if (!status) return { text: counted(targets.length, "target"), icon: UNKNOWN };
  const ready = status.targets.filter(({ state }) => state === "ready").length;
  const all = status.targets.length;
  if (ready === all) return { text: all === 1 ? "ready" : `all ${all} ready`, icon: ICONS.ready };
  if (ready > 0) return { text: `${ready} of ${all} ready`, icon: ICONS.resting };
  const resting = status.targets.some(({ state }) => state === "resting");
  return { text: "no target ready", icon: resting ? ICONS.resting : ICONS.unusable };
}

function routeTooltip(
  route: RouteConfig,
  status: RouteStatus | undefined,
  providers: readonly ProviderStatus[],
): string {
  const name = escapeMarkdown(routeLabel(route));
  const shared = status === undefined ? "" : spokenFacts(routeFacts(status, providers));
  return [
    `**${name}**`,
    route.name === undefined
      ? `Stands for every model id that ${name} fits, unless a provider stands in front of it`
      : `Clients send it as the model id ${name}`,
    STRATEGY_WORDS[route.strategy].detail,
    route.affinity ? "A conversation stays on its target while that is well" : "Each request chooses anew",
    ...(shared === "" ? [] : [`All its targets have: ${escapeMarkdown(shared)}`]),
    ...(status?.notes ?? []).map((note) => escapeMarkdown(`${routeLabel(route)} ${note}`)),
  ].join("\n\n");
}

function targetTooltip(
  model: string,
  target: RouteTargetStatus | undefined,
  state: string | undefined,
): string {
  return [
    `**${escapeMarkdown(model)}**`,
    ...(target?.servedBy === undefined ? [] : [`Served by ${escapeMarkdown(target.servedBy)}`]),
    escapeMarkdown(state ?? "Its state is told when the engine runs"),
  ].join("\n\n");
}

function statusOf(engine: EngineState, name: string): RouteStatus | undefined {
  return engine.kind === "ready" ? engine.status.routes.find((route) => route.name === name) : undefined;
}
