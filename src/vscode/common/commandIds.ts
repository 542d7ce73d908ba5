/** Every command of the extension, by its id; the manifest is generated from this list and a test holds it against it. */
export const COMMANDS = {
  "postern.addProvider": { title: "Add Provider", icon: "$(add)" },
  "postern.addCopilot": { title: "Add GitHub Copilot…" },
  "postern.downloadCopilotRuntime": { title: "Download Copilot Runtime" },
  "postern.editProvider": { title: "Edit Provider", icon: "$(edit)" },
  "postern.enableProvider": { title: "Enable Provider" },
  "postern.disableProvider": { title: "Disable Provider" },
  "postern.removeProvider": { title: "Remove Provider" },
  "postern.setKey": { title: "Set Key", icon: "$(key)" },
  "postern.replaceKey": { title: "Replace Key" },
  "postern.addKey": { title: "Add Key…" },
  "postern.addCredential": { title: "Add Credential…" },
  "postern.deleteKey": { title: "Remove Key", icon: "$(trash)" },
  "postern.renameKey": { title: "Rename Key…" },
  "postern.moveKeyUp": { title: "Move Key Up" },
  "postern.moveKeyDown": { title: "Move Key Down" },
  "postern.confirmCredential": { title: "Review Credential…", icon: "$(shield)" },
  "postern.signIn": { title: "Sign In…", icon: "$(account)" },
  "postern.refreshCredential": { title: "Refresh Credential", icon: "$(refresh)" },
  "postern.enableCredential": { title: "Enable Credential" },
  "postern.disableCredential": { title: "Disable Credential" },
  "postern.importProviders": { title: "Import…" },
  "postern.exportConfiguration": { title: "Export…" },
  "postern.testConnection": { title: "Test Connection", icon: "$(debug-disconnect)" },
  "postern.tryModel": { title: "Try Model", icon: "$(beaker)" },
  "postern.diagnose": { title: "Diagnose", icon: "$(pulse)" },
  "postern.refreshModels": { title: "Refresh Models", icon: "$(refresh)" },
  "postern.moveProviderUp": { title: "Move Provider Up" },
  "postern.moveProviderDown": { title: "Move Provider Down" },
  "postern.copyModelId": { title: "Copy Model ID", icon: "$(copy)" },
  "postern.addModel": { title: "Add Model" },
  "postern.removeModel": { title: "Remove Added Model" },
  "postern.renameModel": { title: "Rename Model" },
  "postern.pinModels": { title: "Pin Models", icon: "$(pin)" },
  "postern.unpinModels": { title: "Unpin Models", icon: "$(pinned)" },
  "postern.hideModels": { title: "Hide Models", icon: "$(eye-closed)" },
  "postern.showHiddenModels": { title: "Show Hidden Models", icon: "$(eye)" },
  "postern.newRoute": { title: "New Route", icon: "$(add)" },
  "postern.adoptRoute": { title: "Adopt Ready Route", icon: "$(wand)" },
  "postern.mapModelName": { title: "Map a Tool's Model Name" },
  "postern.addRouteTarget": { title: "Add Route Target", icon: "$(add)" },
  "postern.removeRouteTarget": { title: "Remove Route Target", icon: "$(close)" },
  "postern.changeTargetWeight": { title: "Change Target Weight" },
  "postern.changeRouteStrategy": { title: "Change Route Strategy" },
  "postern.renameRoute": { title: "Rename Route" },
  "postern.deleteRoute": { title: "Delete Route" },
  "postern.moveRouteUp": { title: "Move Route or Target Up" },
  "postern.moveRouteDown": { title: "Move Route or Target Down" },
  "postern.copyRouteName": { title: "Copy Route Name", icon: "$(copy)" },
  "postern.startGateway": { title: "Start Gateway", icon: "$(play)" },
  "postern.stopGateway": { title: "Stop Gateway", icon: "$(debug-stop)" },
  "postern.restartGateway": { title: "Restart Gateway", icon: "$(debug-restart)" },
  "postern.copyGatewayUrl": { title: "Copy Gateway URL", icon: "$(copy)" },
  "postern.copyGatewayKey": { title: "Copy Gateway Key", icon: "$(copy)" },
  "postern.newGatewayKey": { title: "New Gateway Key", icon: "$(add)" },
  "postern.editGatewayKey": { title: "Edit Gateway Key Limits", icon: "$(edit)" },
  "postern.enableGatewayKey": { title: "Enable Gateway Key" },
  "postern.disableGatewayKey": { title: "Disable Gateway Key" },
  "postern.rotateGatewayKey": { title: "Rotate Gateway Key" },
  "postern.forgetGatewayKeyCopy": { title: "Forget Copy of Gateway Key" },
  "postern.deleteGatewayKey": { title: "Delete Gateway Key", icon: "$(trash)" },
  "postern.addBudget": { title: "Add Budget", icon: "$(add)" },
  "postern.raiseBudget": { title: "Raise Budget", icon: "$(arrow-up)" },
  "postern.deleteBudget": { title: "Delete Budget" },
  "postern.chooseStatusBarLimit": { title: "Choose Status Bar Limit" },
  "postern.chooseUtilityModel": { title: "Choose Model for VS Code's Utility Tasks…" },
  "postern.showLog": { title: "Show Log", icon: "$(output)" },
  "postern.openSettings": { title: "Open Settings", icon: "$(settings-gear)" },
  "postern.openRequest": { title: "Open Request", icon: "$(go-to-file)" },
  "postern.replayRequest": { title: "Replay", icon: "$(debug-rerun)" },
  "postern.replayRequestOnModel": { title: "Replay on Another Model" },
  "postern.copyRequestAsCurl": { title: "Copy as curl" },
  "postern.diffRequest": { title: "Diff with…", icon: "$(diff)" },
  "postern.copyCommitTrailer": { title: "Copy Commit Trailer" },
  "postern.deleteActivity": { title: "Delete from Activity…", icon: "$(trash)" },
  "postern.filterActivity": { title: "Filter Activity…", icon: "$(filter)" },
  "postern.clearActivityFilter": { title: "Clear Activity Filter", icon: "$(clear-all)" },
  "postern.showMoreActivity": { title: "Show More Activity" },
  "postern.exportAudit": { title: "Export Audit…", icon: "$(export)" },
  "postern.verifyAudit": { title: "Verify Audit", icon: "$(verified)" },
  "postern.askAgent": { title: "Ask Copilot Agent…", icon: "$(robot)" },
  "postern.resumeAgent": { title: "Resume Copilot Agent Session…" },
  "postern.forgetAgentSession": { title: "Forget Copilot Agent Session…" },
  "postern.undoAgentChanges": { title: "Undo Changes of Copilot Agent…", icon: "$(discard)" },
  "postern.applyChange": { title: "Apply the Agent's Change", icon: "$(check)" },
  "postern.applyAllChanges": { title: "Apply All of the Agent's Changes", icon: "$(check-all)" },
  "postern.denyChange": { title: "Deny the Agent's Change", icon: "$(close)" },
  "postern.compareModels": { title: "Compare Models on a Task…", icon: "$(beaker)" },
  "postern.openComparison": { title: "Open Comparison…" },
  "postern.deleteComparison": { title: "Delete Comparison…" },
  "postern.explainPolicy": { title: "Explain Policy…", icon: "$(law)" },
} as const satisfies Record<`postern.${string}`, { readonly title: string; readonly icon?: string }>;

export type CommandId = keyof typeof COMMANDS;

/** The ids, in the order of the list. */
export const COMMAND_IDS = Object.keys(COMMANDS) as readonly CommandId[];

/** Ids of the container and its views. */
export const VIEW_CONTAINER = "postern";
export const PROVIDERS_VIEW = "postern.providers";
export const ROUTES_VIEW = "postern.routes";
export const GATEWAY_VIEW = "postern.gateway";
export const ACTIVITY_VIEW = "postern.activity";

/** Set while the Activity view shows only some requests. */
export const ACTIVITY_FILTER_CONTEXT = "postern.activityFiltered";
/** Set while the agent asks whether it may change a file. */
export const AGENT_CHANGE_CONTEXT = "postern.agentChange";
/** running, stopped, failed or busy: which gateway commands make sense. */
export const GATEWAY_CONTEXT = "postern.gatewayState";
