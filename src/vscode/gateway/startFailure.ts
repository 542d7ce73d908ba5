import * as vscode from "vscode";
import type { GatewayState } from "../../core/rpc/contract";
import type { EngineState } from "../engine/state";
import { notify } from "../ui/notify";
import { freePortAfter } from "./freePort";

type Failed = Extract<GatewayState, { state: "failed" }>;

/** What a failure is said in, and what can be done about it. */
export interface StartFailureSurroundings {
  /** Whether this window wants the gateway to run. Where it does not, another one has said why it does not run. */
  wanted(): boolean;
  /** Whether the person is at this window. One who is not is told on coming here, if it still fails then. */
  focused(): boolean;
  /** Writes the setting and starts again. */
  usePort(port: number): Promise<void>;
  host(): string;
}

/**
 * Says why the gateway does not run, whoever has started it: a command, the engine's return, an edit of the settings.
 * Each failure is said once, and again only after something has changed.
 */
export class StartFailureNotice {
  private said: string | undefined;

  constructor(private readonly around: StartFailureSurroundings) {}

  /** Takes in every change of the engine's state, and of the window's. */
  follow(engine: EngineState): void {
    if (engine.kind !== "ready") return;
    const { gateway } = engine.status;
    if (gateway.state !== "failed") {
      this.said = undefined;
      return;
    }
    const key = `${gateway.code} ${gateway.port} ${gateway.message}`;
    if (key === this.said || !this.around.wanted() || !this.around.focused()) return;
    this.said = key;
    this.say(gateway);
  }

  /** The person asked for a start, so a failure is an answer and has to be given again. */
  forget(): void {
    this.said = undefined;
  }

  private say({ code, message, port }: Failed): void {
    const openSettings = (): unknown => vscode.commands.executeCommand("postern.openSettings");
    if (code !== "port_in_use") {
      notify("error", `The gateway could not start: ${message}`, { "Open Settings": openSettings });
      return;
    }
    notify("error", `Port ${port} is in use by another program, so the gateway could not start.`, {
      "Pick another port": () => this.pickAnother(port),
      "Open Settings": openSettings,
    });
  }

  private async pickAnother(port: number): Promise<void> {
    const free = await freePortAfter(port, this.around.host());
    if (free === undefined) notify("error", `No port near ${port} is free. Choose one in the settings.`);
    else await this.around.usePort(free);
  }
}
