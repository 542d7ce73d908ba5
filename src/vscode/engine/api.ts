import type { EngineProvider } from "../../core/config/engineConfig";
import type { EngineFacts } from "../../core/diagnosis/facts";
import type { ProbeResult } from "../../core/diagnosis/probes";
import type { EngineRequests, EngineStatus, ProbeParams, TestResult } from "../../core/rpc/contract";
import { startGateway } from "./startGateway";
import type { EngineSupervisor } from "./supervisor";

/** What a window asks of the engine, which is started for it if need be. */
export class EngineApi {
  constructor(private readonly supervisor: Pick<EngineSupervisor, "ensure" | "accept">) {}

  async startGateway(): Promise<EngineStatus> {
    const link = await this.supervisor.ensure();
    return this.accept(await startGateway(link));
  }

  async stopGateway(): Promise<EngineStatus> {
    const link = await this.supervisor.ensure();
    return this.accept(await link.request("stopGateway", {}));
  }

  async status(): Promise<EngineStatus> {
    const link = await this.supervisor.ensure();
    return this.accept(await link.request("status", {}));
  }

  async refreshModels(providerId: string): Promise<EngineStatus> {
    const link = await this.supervisor.ensure();
    return this.accept(await link.request("refreshModels", { providerId }));
  }

  /** Tests a provider that need not be configured yet. */
  async testProvider(provider: EngineProvider, signal: AbortSignal): Promise<TestResult> {
    const link = await this.supervisor.ensure();
    return link.request("testProvider", provider, signal);
  }

  /** Tries one thing with a model; costs some tokens. */
  async runProbe(params: ProbeParams, signal: AbortSignal): Promise<ProbeResult> {
    const link = await this.supervisor.ensure();
    return link.request("runProbe", params, signal);
  }

  /** Fetches the Copilot runtime. @returns where it is */
  async downloadCopilot(
    registry: string | undefined,
    told: (received: number, total: number | undefined) => void,
    signal: AbortSignal,
  ): Promise<string> {
    const link = await this.supervisor.ensure();
    const listening = link.on("copilotDownload", ({ received, total }) => told(received, total));
    try {
      const params = registry === undefined ? {} : { registry };
      return (await link.request("downloadCopilot", params, signal)).path;
    } finally {
      listening.dispose();
    }
  }

  /** What the engine says about itself. */
  async diagnose(signal: AbortSignal): Promise<EngineFacts> {
    const link = await this.supervisor.ensure();
    return link.request("diagnose", {}, signal);
  }

  /** Cuts what runs on a gateway key. @returns how many requests that were */
  async abortRequests(gatewayKey: string): Promise<number> {
    const link = await this.supervisor.ensure();
    return (await link.request("abortRequests", { gatewayKey })).aborted;
  }

  /** @returns whether this window is the one to tell a notice */
  async claimNotice(id: string): Promise<boolean> {
    const link = await this.supervisor.ensure();
    return (await link.request("claimNotice", { id })).claimed;
  }

  /** Asks the engine for something that does not change its state. */
  async ask<M extends keyof EngineRequests>(
    method: M,
    params: EngineRequests[M]["params"],
  ): Promise<EngineRequests[M]["result"]> {
    const link = await this.supervisor.ensure();
    return link.request(method, params);
  }

  private accept(status: EngineStatus): EngineStatus {
    this.supervisor.accept(status);
    return status;
  }
}
