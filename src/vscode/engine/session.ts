import type { EngineConfig } from "../../core/config/engineConfig";
import type { EngineStatus, LogEntry } from "../../core/rpc/contract";
import type { Log } from "../common/log";
import type { EngineLink } from "./link";
import { startGateway } from "./startGateway";

/** What this window wants of whichever engine it is connected to. It outlives each of them. */
export class EngineSession {
  /** Whether the gateway is to run: an engine that comes after one that died takes it up again. */
  private gatewayWanted = false;

  constructor(
    private readonly configuration: () => Promise<EngineConfig>,
    private readonly log: Log,
  ) {}

  /** Brings a freshly joined engine to the wanted state. */
  async bringUp(link: EngineLink): Promise<EngineStatus> {
    for (const entry of link.backlog) this.write(entry);
    link.on("log", (entry) => this.write(entry));
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

  private write({ level, message }: LogEntry): void {
    this.log[level](`engine: ${message}`);
  }
}
