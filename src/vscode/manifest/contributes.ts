import { gatewaySchema } from "../../core/config/schema";
import { AGENT_PARTICIPANT } from "../agent/participantId";
import { CHAT_VENDOR } from "../chat/vendor";
import {
  ACTIVITY_VIEW,
  COMMAND_IDS,
  COMMANDS,
  GATEWAY_VIEW,
  PROVIDERS_VIEW,
  ROUTES_VIEW,
  VIEW_CONTAINER,
} from "../common/commandIds";
import { MCP_PROVIDER } from "../mcp/providerId";
import { configuration } from "./configuration";
import { keybindings, menus } from "./menus";

const quiet = { label: "Postern gateway", onAutoForward: "ignore" };

/**
 * `contributes` of package.json, made from the same lists and schemas that the code runs on. `npm run manifest` writes
 * it, a test holds package.json against it; nothing of it is in the bundle.
 */
export function contributes(): Record<string, unknown> {
  return {
    commands: COMMAND_IDS.map((command) => ({ command, category: "Postern", ...COMMANDS[command] })),
    viewsContainers: {
      activitybar: [{ id: VIEW_CONTAINER, title: "Postern", icon: "media/postern.svg" }],
    },
    views: {
      [VIEW_CONTAINER]: [
        { id: PROVIDERS_VIEW, name: "Providers", icon: "media/postern.svg", initialSize: 3 },
        { id: ROUTES_VIEW, name: "Routes", icon: "media/postern.svg", initialSize: 2 },
        { id: GATEWAY_VIEW, name: "Gateway", icon: "media/postern.svg", initialSize: 3 },
        { id: ACTIVITY_VIEW, name: "Activity", icon: "media/postern.svg", initialSize: 2 },
      ],
    },
    viewsWelcome: [
      {
        view: PROVIDERS_VIEW,
        contents:
          "No model providers yet. Enter one with its key once, and every tool on this machine can use it through the gateway.\n[Add Provider](command:postern.addProvider)\n[Import...](command:postern.importProviders)\n[Open Settings](command:postern.openSettings)\nKeys are kept in VS Code's secret storage and in no file.",
      },
      {
        view: ROUTES_VIEW,
        contents:
          "No routes yet. A route is a model id of your own; where one of its models fails, the next one answers.\n[Adopt Ready Route](command:postern.adoptRoute)\n[New Route](command:postern.newRoute)\nA tool whose model names are fixed can be given others.\n[Map a Tool's Model Name](command:postern.mapModelName)",
      },
    ],
    // `configuration` would make VS Code keep keys and addresses, too: a second truth beside our settings.
    languageModelChatProviders: [
      { vendor: CHAT_VENDOR, displayName: "Postern", managementCommand: "postern.addProvider" },
    ],
    chatParticipants: [
      {
        id: AGENT_PARTICIPANT,
        name: "postern",
        fullName: "Postern",
        description: "Copilot's agent on your own models",
        isSticky: true,
      },
    ],
    mcpServerDefinitionProviders: [{ id: MCP_PROVIDER, label: "Postern" }],
    menus: menus(),
    keybindings: keybindings(),
    configuration: configuration(),
    configurationDefaults: {
      // The gateway is for tools where it runs. VS Code would offer to open it in a browser, and would forward it.
      "remote.portsAttributes": {
        [String(gatewaySchema.shape.port.parse(undefined))]: quiet,
        // On another port the engine is told by its command line.
        "postern.*[\\\\/]engine\\.js": quiet,
      },
    },
  };
}
