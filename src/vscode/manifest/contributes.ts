import { gatewaySchema } from "../../core/config/schema";
import { AGENT_PARTICIPANT } from "../agent/participantId";
import { CHAT_VENDOR } from "../chat/vendor";
import {
  ACTIVITY_VIEW,
  COMMAND_IDS,
  COMMANDS,
  GATEWAY_VIEW,
  PROVIDERS_VIEW,
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
        { id: PROVIDERS_VIEW, name: "Providers", icon: "media/postern.svg" },
        { id: GATEWAY_VIEW, name: "Gateway", icon: "media/postern.svg" },
        { id: ACTIVITY_VIEW, name: "Activity", icon: "media/postern.svg" },
      ],
    },
    viewsWelcome: [
      {
        view: PROVIDERS_VIEW,
        contents:
          "No model providers yet. Enter one with its key once, and every tool on this machine can use it through the gateway.\n[Add Provider](command:postern.addProvider)\n[Open Settings](command:postern.openSettings)\nKeys are kept in VS Code's secret storage and in no file.",
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
