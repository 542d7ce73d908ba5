import type { EngineConfig } from "../../core/config/engineConfig";
import type { CredentialRefusal, EngineStatus, LogEntry } from "../../core/rpc/contract";
import type { Log } from "../common/log";
import type { EngineLink } from "./link";
import { startGateway } from "./startGateway";

/** Gets another credential in place of one that a provider has refused. */
export interface Renewal {
  /** Whether it is this window that it was from. */
  knows(refusal: CredentialRefusal): boolean;
  /** @returns whether there is another one, which the engine has by then */
  renew(refusal: CredentialRefusal): Promise<boolean>;
}

/** What this window wants of whichever engine it is connected to. It outlives each of them. */
export class EngineSession {
  /** Whether the gateway is to run: an engine that comes after one that died takes it up again. */
  private gatewayWanted = false;

  constructor(
    private readonly configuration: () => Promise<EngineConfig>,
    private readonly log: Log,
    private readonly renewal: Renewal,
  ) {}

  /** Brings a freshly joined engine to the wanted state. */
  async bringUp(link: EngineLink): Promise<EngineStatus> {
    for (const entry of link.backlog) this.write(entry);
    link.on("log", (entry) => this.write(entry));
    link.on("credentialRefused", (refusal) => void this.renew(link, refusal));
    // One that runs is wanted, even if this configuration moves it to where it cannot listen.
    const { gateway } = await link.request("status", {});
    if (gateway.state === "running") this.gatewayWanted = true;
    const status = await link.request("configure", await this.configuration());
    return this.gatewayWanted && status.gateway.state === "stopped" ? startGateway(link) : status;
  }

  /** Follows what other windows do with the gateway, and what the person did here. */
  follow(status: EngineStatus): void {
    // A gateway that failed is still wanted: a later engine may have more luck with the port.
    if (status.gateway.state !== "failed") this.gatewayWanted = status.gateway.state === "running";
  }

  /** A gateway that could not have its port is started again once the settings name another. */
  async retryElsewhere(link: EngineLink, status: EngineStatus, config: EngineConfig): Promise<EngineStatus> {
    const { gateway } = status;
    const moved = gateway.state === "failed" && gateway.port !== config.gateway.port;
    return moved && this.gatewayWanted ? startGateway(link) : status;
  }

  get wantsGateway(): boolean {
    return this.gatewayWanted;
  }

  wantGateway(): void {
    this.gatewayWanted = true;
  }

  private async renew(link: EngineLink, refusal: CredentialRefusal): Promise<void> {
    if (!this.renewal.knows(refusal) || (await this.renewal.renew(refusal))) return;
    // An engine that has gone meanwhile waits for nothing any more.
    await link.request("credentialKept", refusal).catch(() => undefined);
  }

  private write({ level, message }: LogEntry): void {
    this.log[level](`engine: ${message}`);
  }
}
