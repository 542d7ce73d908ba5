import * as vscode from "vscode";
import type { GatewayState } from "../../core/rpc/contract";
import type { Disposable } from "../common/disposables";
import { notify } from "../ui/notify";
import { freePortAfter } from "./freePort";

type Failed = Extract<GatewayState, { state: "failed" }>;

/** What can be done about a gateway that did not start. */
export interface StartRemedies {
  /** Writes the setting and starts again. */
  usePort(port: number): Promise<void>;
  host(): string;
}

/** Says once why the gateway did not start, and offers the remedy; again only after something has changed. */
export class StartFailureNotice implements Disposable {
  private said: string | undefined;

  constructor(private readonly remedies: StartRemedies) {}

  /** Takes in how a start ended. */
  report(gateway: GatewayState): void {
    if (gateway.state !== "failed") {
      this.said = undefined;
      return;
    }
    const key = `${gateway.code} ${gateway.port} ${gateway.message}`;
    if (key === this.said) return;
    this.said = key;
    this.say(gateway);
  }

  /** The person asked for a start, so a failure is an answer and has to be given again. */
  forget(): void {
    this.said = undefined;
  }

  dispose(): void {
    this.forget();
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
    const free = await freePortAfter(port, this.remedies.host());
    if (free === undefined) notify("error", `No port near ${port} is free. Choose one in the settings.`);
    else await this.remedies.usePort(free);
  }
}
