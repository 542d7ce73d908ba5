import * as vscode from "vscode";
import { type ActivityStore, isFiltered } from "../activity/activityState";
import {
  ACTIVITY_FILTER_CONTEXT,
  ACTIVITY_VIEW,
  GATEWAY_CONTEXT,
  GATEWAY_VIEW,
  PROVIDERS_VIEW,
  ROUTES_VIEW,
} from "../common/commandIds";
import { type Disposable, DisposableStore } from "../common/disposables";
import type { Target } from "../common/target";
import { renderActivity } from "../render/activityTree";
import { gatewayView } from "../render/gatewayState";
import { renderGateway } from "../render/gatewayTree";
import { renderProviders } from "../render/providersTree";
import { renderRoutes } from "../render/routesTree";
import { renderStatusBar, STATUS_BAR_COMMANDS, type StatusBarView } from "../render/statusBar";
import type { PosternState, StateStore } from "../state";
import { dragProviders, type OnMove } from "./dragProviders";
import { dragRoutes, type OnMoveRoute } from "./dragRoutes";
import { LastShown } from "./lastShown";
import { RenderedTree } from "./treeView";

/** What the views ask of the rest. */
export interface ViewEvents {
  /** A view comes into sight. */
  readonly onVisible: () => void;
  /** The Activity view comes into sight, or goes out of it. */
  readonly onActivityVisible: (visible: boolean) => void;
  /** A provider was dragged to another place. */
  readonly onMove: OnMove;
  /** A route or one of its targets was dragged to another place. */
  readonly onMoveRoute: OnMoveRoute;
}

/** The views, and what is selected in those of providers and routes. */
export interface Views extends Disposable {
  selection(): readonly Target[];
}

/**
 * Creates the tree views and the status bar item, and keeps them in step with the state.
 * @param begun resolves once the state says something
 */
export function createViews(
  store: StateStore,
  activity: ActivityStore,
  begun: Promise<void>,
  events: ViewEvents,
): Views {
  const { onVisible, onMove, onMoveRoute } = events;
  const disposables = new DisposableStore();
  const providers = disposables.add(new RenderedTree(() => renderProviders(store.value), begun));
  const routes = disposables.add(new RenderedTree(() => renderRoutes(store.value), begun));
  const gateway = disposables.add(new RenderedTree(() => renderGateway(store.value, Date.now()), begun));
  const providersView = vscode.window.createTreeView(PROVIDERS_VIEW, {
    treeDataProvider: providers,
    showCollapseAll: true,
    canSelectMany: true,
    dragAndDropController: dragProviders(onMove),
  });
  const routesView = vscode.window.createTreeView(ROUTES_VIEW, {
    treeDataProvider: routes,
    showCollapseAll: true,
    dragAndDropController: dragRoutes(onMoveRoute),
  });
  const gatewayTree = vscode.window.createTreeView(GATEWAY_VIEW, { treeDataProvider: gateway });
  for (const tree of [providersView, routesView, gatewayTree]) {
    disposables.add(tree);
    disposables.add(tree.onDidChangeVisibility(({ visible }) => visible && onVisible()));
    if (tree.visible) onVisible();
  }
  disposables.add(createActivityView(activity, begun, events));
  const statusItem = disposables.add(createStatusItem());
  const shownStatus = new LastShown();
  const shownContext = new LastShown();
  const apply = (state: PosternState): void => {
    providers.refresh();
    routes.refresh();
    gateway.refresh();
    const status = renderStatusBar(state);
    if (shownStatus.takes(status)) applyStatusBar(statusItem, status);
    const { kind } = gatewayView(state.engine);
    if (shownContext.takes(kind)) void vscode.commands.executeCommand("setContext", GATEWAY_CONTEXT, kind);
  };
  apply(store.value);
  disposables.add(store.onDidChange(apply));
  return {
    selection: () =>
      [...providersView.selection, ...routesView.selection].flatMap(({ target }) => target ?? []),
    dispose: () => disposables.dispose(),
  };
}

function createActivityView(
  activity: ActivityStore,
  begun: Promise<void>,
  { onVisible, onActivityVisible }: ViewEvents,
): DisposableStore {
  const disposables = new DisposableStore();
  const rows = disposables.add(
    new RenderedTree(() => renderActivity(activity.value, { now: Date.now() }), begun),
  );
  const tree = disposables.add(vscode.window.createTreeView(ACTIVITY_VIEW, { treeDataProvider: rows }));
  const seen = (visible: boolean): void => {
    if (visible) onVisible();
    onActivityVisible(visible);
  };
  disposables.add(tree.onDidChangeVisibility(({ visible }) => seen(visible)));
  if (tree.visible) seen(true);
  const filtered = new LastShown();
  disposables.add(
    activity.onDidChange(({ filter }) => {
      rows.refresh();
      const is = isFiltered(filter);
      if (filtered.takes(is)) void vscode.commands.executeCommand("setContext", ACTIVITY_FILTER_CONTEXT, is);
    }),
  );
  return disposables;
}

function createStatusItem(): vscode.StatusBarItem {
  const item = vscode.window.createStatusBarItem("postern.status", vscode.StatusBarAlignment.Left);
  item.name = "Postern";
  item.show();
  return item;
}

function applyStatusBar(item: vscode.StatusBarItem, view: StatusBarView): void {
  // Without theme icons: they are found after escapes are resolved, so a provider's name could hold one.
  const tooltip = new vscode.MarkdownString(view.tooltipMarkdown);
  tooltip.isTrusted = { enabledCommands: [...STATUS_BAR_COMMANDS] };
  item.text = view.text;
  item.tooltip = tooltip;
  item.command = view.command;
  item.accessibilityInformation = { label: view.accessibilityLabel, role: "button" };
  item.backgroundColor =
    view.severity === "normal"
      ? undefined
      : new vscode.ThemeColor(`statusBarItem.${view.severity}Background`);
}
