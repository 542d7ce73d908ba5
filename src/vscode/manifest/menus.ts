import { AGENT_SCHEME } from "../agent/scheme";
import {
  ACTIVITY_FILTER_CONTEXT,
  ACTIVITY_VIEW,
  AGENT_CHANGE_CONTEXT,
  type CommandId,
  GATEWAY_CONTEXT,
  GATEWAY_VIEW,
  PROVIDERS_VIEW,
  ROUTES_VIEW,
} from "../common/commandIds";

interface MenuItem {
  readonly command: CommandId;
  readonly when?: string;
  readonly group?: string;
}

const AGENT_CHANGE = ["postern.applyChange", "postern.applyAllChanges", "postern.denyChange"] as const;

const running = `${GATEWAY_CONTEXT} == running`;
const notRunning = `${GATEWAY_CONTEXT} != running && ${GATEWAY_CONTEXT} != busy`;

/** A row of the Providers view whose context value has these words. */
const provider = (...words: string[]): string => row(PROVIDERS_VIEW, "provider", ...words);
const request = (...words: string[]): string => row(ACTIVITY_VIEW, "request", ...words);
const gateway = (...words: string[]): string => row(GATEWAY_VIEW, ...words);

function row(view: string, ...words: string[]): string {
  // A space or an end on either side: `\b` would also find a word inside a hyphenated one.
  const conditions = words.map((word) => `viewItem =~ /(^| )${word}( |$)/`);
  return [`view == ${view}`, ...conditions].join(" && ");
}

/** `contributes.menus`: which command shows where. The words of `viewItem` come from the render functions. */
export function menus(): Record<string, readonly MenuItem[]> {
  return {
    commandPalette: [
      { command: "postern.startGateway", when: notRunning },
      { command: "postern.stopGateway", when: running },
      { command: "postern.restartGateway", when: running },
      { command: "postern.clearActivityFilter", when: ACTIVITY_FILTER_CONTEXT },
      { command: "postern.showMoreActivity", when: "false" },
      ...AGENT_CHANGE.map((command) => ({ command, when: AGENT_CHANGE_CONTEXT })),
    ],
    "editor/title": AGENT_CHANGE.map((command, index) => ({
      command,
      when: `${AGENT_CHANGE_CONTEXT} && resourceScheme == ${AGENT_SCHEME}`,
      group: `navigation@${index - AGENT_CHANGE.length}`,
    })),
    "view/title": [
      { command: "postern.filterActivity", when: `view == ${ACTIVITY_VIEW}`, group: "navigation@1" },
      {
        command: "postern.clearActivityFilter",
        when: `view == ${ACTIVITY_VIEW} && ${ACTIVITY_FILTER_CONTEXT}`,
        group: "navigation@2",
      },
      { command: "postern.exportAudit", when: `view == ${ACTIVITY_VIEW}`, group: "1_audit@1" },
      { command: "postern.verifyAudit", when: `view == ${ACTIVITY_VIEW}`, group: "1_audit@2" },
      { command: "postern.deleteActivity", when: `view == ${ACTIVITY_VIEW}`, group: "1_audit@3" },
      { command: "postern.explainPolicy", when: `view == ${ACTIVITY_VIEW}`, group: "2_policy@1" },
      { command: "postern.addProvider", when: `view == ${PROVIDERS_VIEW}`, group: "navigation@1" },
      { command: "postern.importProviders", when: `view == ${PROVIDERS_VIEW}`, group: "0_exchange@1" },
      { command: "postern.exportConfiguration", when: `view == ${PROVIDERS_VIEW}`, group: "0_exchange@2" },
      { command: "postern.openSettings", when: `view == ${PROVIDERS_VIEW}`, group: "1_settings@1" },
      { command: "postern.newRoute", when: `view == ${ROUTES_VIEW}`, group: "navigation@1" },
      { command: "postern.adoptRoute", when: `view == ${ROUTES_VIEW}`, group: "navigation@2" },
      { command: "postern.mapModelName", when: `view == ${ROUTES_VIEW}`, group: "1_routes@1" },
      { command: "postern.diagnose", when: `view == ${PROVIDERS_VIEW}`, group: "1_settings@2" },
      { command: "postern.showLog", when: `view == ${PROVIDERS_VIEW}`, group: "1_settings@3" },
      {
        command: "postern.startGateway",
        when: `view == ${GATEWAY_VIEW} && ${notRunning}`,
        group: "navigation@1",
      },
      {
        command: "postern.stopGateway",
        when: `view == ${GATEWAY_VIEW} && ${running}`,
        group: "navigation@1",
      },
      {
        command: "postern.restartGateway",
        when: `view == ${GATEWAY_VIEW} && ${running}`,
        group: "navigation@2",
      },
      { command: "postern.newGatewayKey", when: `view == ${GATEWAY_VIEW}`, group: "1_keys@1" },
      { command: "postern.addBudget", when: `view == ${GATEWAY_VIEW}`, group: "1_keys@2" },
      { command: "postern.chooseStatusBarLimit", when: `view == ${GATEWAY_VIEW}`, group: "1_keys@3" },
      { command: "postern.openSettings", when: `view == ${GATEWAY_VIEW}`, group: "2_settings@1" },
      { command: "postern.diagnose", when: `view == ${GATEWAY_VIEW}`, group: "2_settings@2" },
      { command: "postern.showLog", when: `view == ${GATEWAY_VIEW}`, group: "2_settings@3" },
    ],
    "view/item/context": [
      { command: "postern.setKey", when: provider("keyWanted"), group: "inline@1" },
      { command: "postern.testConnection", when: provider("enabled"), group: "inline@2" },
      { command: "postern.editProvider", when: provider(), group: "inline@3" },
      { command: "postern.editProvider", when: provider(), group: "1_edit@1" },
      { command: "postern.setKey", when: provider("keyAbsent"), group: "1_edit@2" },
      { command: "postern.replaceKey", when: provider("keyStored"), group: "1_edit@3" },
      { command: "postern.addKey", when: provider("keyStored"), group: "1_edit@4" },
      { command: "postern.addCredential", when: provider("enabled"), group: "1_edit@5" },
      { command: "postern.deleteKey", when: provider("keyStored"), group: "1_edit@6" },
      { command: "postern.testConnection", when: provider("enabled"), group: "2_test@1" },
      { command: "postern.tryModel", when: provider("enabled"), group: "2_test@2" },
      { command: "postern.refreshModels", when: provider("enabled"), group: "2_test@3" },
      { command: "postern.addModel", when: provider("enabled"), group: "2_test@4" },
      { command: "postern.showHiddenModels", when: provider("hasHidden"), group: "2_test@5" },
      { command: "postern.moveProviderUp", when: provider(), group: "4_order@1" },
      { command: "postern.moveProviderDown", when: provider(), group: "4_order@2" },
      { command: "postern.enableProvider", when: provider("disabled"), group: "3_state@1" },
      { command: "postern.disableProvider", when: provider("enabled"), group: "3_state@2" },
      { command: "postern.removeProvider", when: provider(), group: "9_remove@1" },
      ...credentialItems(),
      ...modelItems(),
      ...routeItems(),
      ...gatewayItems(),
      ...activityItems(),
    ],
  };
}

function credentialItems(): readonly MenuItem[] {
  const credential = (...words: string[]): string => row(PROVIDERS_VIEW, "credential", ...words);
  return [
    { command: "postern.confirmCredential", when: credential("consent"), group: "inline@1" },
    { command: "postern.signIn", when: credential("signIn"), group: "inline@1" },
    { command: "postern.refreshCredential", when: credential("asked"), group: "inline@2" },
    { command: "postern.confirmCredential", when: credential("consent"), group: "1_use@1" },
    { command: "postern.signIn", when: credential("signIn"), group: "1_use@2" },
    { command: "postern.refreshCredential", when: credential("asked"), group: "1_use@3" },
    { command: "postern.enableCredential", when: credential("stopped"), group: "1_use@4" },
    { command: "postern.disableCredential", when: credential("switchable"), group: "1_use@4" },
    { command: "postern.replaceKey", when: credential("stored"), group: "2_edit@1" },
    { command: "postern.renameKey", when: credential("named"), group: "2_edit@2" },
    { command: "postern.moveKeyUp", when: credential("named"), group: "3_order@1" },
    { command: "postern.moveKeyDown", when: credential("named"), group: "3_order@2" },
    { command: "postern.deleteKey", when: credential("named"), group: "9_remove@1" },
  ];
}

function modelItems(): readonly MenuItem[] {
  const model = (...words: string[]): string => row(PROVIDERS_VIEW, "model", ...words);
  return [
    { command: "postern.copyModelId", when: model(), group: "inline@1" },
    { command: "postern.copyModelId", when: model(), group: "1_copy@1" },
    // With several rows selected, too: VS Code goes on saying so after such rows were drawn anew.
    { command: "postern.tryModel", when: model(), group: "1_copy@2" },
    { command: "postern.pinModels", when: model("unpinned"), group: "2_list@1" },
    { command: "postern.unpinModels", when: model("pinned"), group: "2_list@2" },
    { command: "postern.hideModels", when: model(), group: "2_list@3" },
    { command: "postern.renameModel", when: model(), group: "3_edit@1" },
    { command: "postern.removeModel", when: model("added"), group: "9_remove@1" },
    { command: "postern.showHiddenModels", when: row(PROVIDERS_VIEW, "hiddenModels"), group: "inline@1" },
    { command: "postern.showHiddenModels", when: row(PROVIDERS_VIEW, "hiddenModels"), group: "1_list@1" },
  ];
}

function routeItems(): readonly MenuItem[] {
  const route = (...words: string[]): string => row(ROUTES_VIEW, "route", ...words);
  const target = (...words: string[]): string => row(ROUTES_VIEW, "routeTarget", ...words);
  return [
    { command: "postern.copyRouteName", when: route("usable"), group: "inline@1" },
    { command: "postern.addRouteTarget", when: route(), group: "inline@2" },
    { command: "postern.copyRouteName", when: route("usable"), group: "1_copy@1" },
    { command: "postern.addRouteTarget", when: route(), group: "2_edit@1" },
    { command: "postern.changeRouteStrategy", when: route(), group: "2_edit@2" },
    { command: "postern.renameRoute", when: route(), group: "2_edit@3" },
    { command: "postern.moveRouteUp", when: route(), group: "4_order@1" },
    { command: "postern.moveRouteDown", when: route(), group: "4_order@2" },
    { command: "postern.openSettings", when: route("faulty"), group: "5_settings@1" },
    { command: "postern.deleteRoute", when: route(), group: "9_remove@1" },
    { command: "postern.removeRouteTarget", when: target(), group: "inline@1" },
    { command: "postern.changeTargetWeight", when: target(), group: "2_edit@1" },
    { command: "postern.moveRouteUp", when: target(), group: "4_order@1" },
    { command: "postern.moveRouteDown", when: target(), group: "4_order@2" },
    { command: "postern.removeRouteTarget", when: target(), group: "9_remove@1" },
  ];
}

/** `contributes.keybindings`: what else could only be done with a mouse. */
export function keybindings(): readonly object[] {
  const inView = (view: string): string => `focusedView == ${view} && !inputFocus`;
  return [
    { command: "postern.moveProviderUp", key: "alt+up", when: inView(PROVIDERS_VIEW) },
    { command: "postern.moveProviderDown", key: "alt+down", when: inView(PROVIDERS_VIEW) },
    { command: "postern.moveRouteUp", key: "alt+up", when: inView(ROUTES_VIEW) },
    { command: "postern.moveRouteDown", key: "alt+down", when: inView(ROUTES_VIEW) },
  ];
}

function gatewayItems(): readonly MenuItem[] {
  const startable = `${gateway("gateway")} && ${notRunning}`;
  const stoppable = `${gateway("gateway")} && ${running}`;
  return [
    { command: "postern.startGateway", when: startable, group: "inline@1" },
    { command: "postern.stopGateway", when: stoppable, group: "inline@1" },
    { command: "postern.startGateway", when: startable, group: "1_run@1" },
    { command: "postern.stopGateway", when: stoppable, group: "1_run@1" },
    { command: "postern.restartGateway", when: stoppable, group: "1_run@2" },
    { command: "postern.copyGatewayUrl", when: gateway("gatewayAddress"), group: "inline@1" },
    { command: "postern.copyGatewayUrl", when: gateway("gatewayAddress"), group: "1_copy@1" },
    { command: "postern.openSettings", when: gateway("gatewayPort"), group: "inline@1" },
    { command: "postern.newGatewayKey", when: gateway("gatewayKeys"), group: "inline@1" },
    { command: "postern.newGatewayKey", when: gateway("gatewayKeys"), group: "1_keys@1" },
    { command: "postern.copyGatewayKey", when: gateway("gatewayKey", "copyable"), group: "inline@1" },
    { command: "postern.editGatewayKey", when: gateway("gatewayKey", "editable"), group: "inline@2" },
    { command: "postern.copyGatewayKey", when: gateway("gatewayKey", "copyable"), group: "1_copy@1" },
    { command: "postern.editGatewayKey", when: gateway("gatewayKey", "editable"), group: "2_edit@1" },
    { command: "postern.enableGatewayKey", when: gateway("gatewayKey", "disabled"), group: "2_edit@2" },
    { command: "postern.disableGatewayKey", when: gateway("gatewayKey", "enabled"), group: "2_edit@2" },
    { command: "postern.rotateGatewayKey", when: gateway("gatewayKey", "settings"), group: "3_key@1" },
    {
      command: "postern.forgetGatewayKeyCopy",
      when: gateway("gatewayKey", "settings", "copyable"),
      group: "3_key@2",
    },
    { command: "postern.deleteGatewayKey", when: gateway("gatewayKey", "deletable"), group: "9_remove@1" },
    { command: "postern.addBudget", when: gateway("budgets"), group: "inline@1" },
    { command: "postern.addBudget", when: gateway("budgets"), group: "1_budget@1" },
    { command: "postern.raiseBudget", when: gateway("budget"), group: "inline@1" },
    { command: "postern.raiseBudget", when: gateway("budget"), group: "1_budget@1" },
    { command: "postern.deleteBudget", when: gateway("budget"), group: "9_remove@1" },
  ];
}

function activityItems(): readonly MenuItem[] {
  const settled = request("settled");
  return [
    { command: "postern.replayRequest", when: settled, group: "inline@1" },
    { command: "postern.openRequest", when: settled, group: "1_open@1" },
    { command: "postern.diffRequest", when: settled, group: "1_open@2" },
    { command: "postern.replayRequest", when: settled, group: "2_replay@1" },
    { command: "postern.replayRequestOnModel", when: settled, group: "2_replay@2" },
    { command: "postern.copyRequestAsCurl", when: settled, group: "3_copy@1" },
    { command: "postern.copyCommitTrailer", when: settled, group: "3_copy@2" },
    { command: "postern.deleteActivity", when: settled, group: "9_remove@1" },
    { command: "postern.clearActivityFilter", when: row(ACTIVITY_VIEW, "activityFilter"), group: "inline@1" },
  ];
}
