import * as vscode from "vscode";
import type { GatewayController } from "../gateway/controller";
import { gatewayUrl, gatewayView } from "../render/gatewayState";
import type { StateStore } from "../state";
import { notify } from "../ui/notify";
import type { CommandHandlers } from "./register";

type GatewayCommands = Pick<
  CommandHandlers,
  "postern.startGateway" | "postern.stopGateway" | "postern.restartGateway" | "postern.copyGatewayUrl"
>;

/** The commands on the gateway. */
export function gatewayCommands(store: StateStore, gateway: GatewayController): GatewayCommands {
  return {
    "postern.startGateway": async () => {
      // How it went shows in the state, which everything that tells it follows.
      await gateway.start();
    },
    "postern.stopGateway": async () => {
      // Starting an engine only to stop its gateway would be odd.
      if (store.value.engine.kind !== "idle") await gateway.stop();
    },
    "postern.restartGateway": async () => {
      await gateway.restart();
    },
    "postern.copyGatewayUrl": async () => {
      const { engine, local } = store.value;
      if (local.port === 0 && gatewayView(engine).kind !== "running") {
        notify("warning", "The gateway has no address yet: its port is any free one, taken when it starts.", {
          "Start Gateway": () => vscode.commands.executeCommand("postern.startGateway"),
        });
        return;
      }
      const url = gatewayUrl(engine, local);
      await vscode.env.clipboard.writeText(url);
      notify("info", `Copied ${url}`);
    },
  };
}
