import type { GatewayState } from "../../core/rpc/contract";
import type { EngineApi } from "../engine/api";
import { DEFAULT_GATEWAY_KEY, type GatewayKeys } from "../secrets/gatewayKeys";
import type { GatewayKeyEntry, LocalState } from "../state";

/** What a gateway needs around it. */
export interface GatewaySurroundings {
  /** Brings the engine's configuration up to date. */
  flush(): Promise<void>;
  local(): LocalState;
  /** The person has asked for the gateway. */
  starting(): void;
  /** The gateway is to run, even if its engine dies. */
  wanted(): void;
}

/** Starts and stops the gateway. */
export class GatewayController {
  constructor(
    private readonly api: Pick<EngineApi, "startGateway" | "stopGateway">,
    private readonly keys: GatewayKeys,
    private readonly around: GatewaySurroundings,
  ) {}

  /** Starts the gateway; one without any gateway key would let nobody in, so the first start makes one. */
  async start(): Promise<GatewayState> {
    await this.around.flush();
    if (!this.around.local().gatewayKeys.some(isAccepted)) {
      // None that is known of: where the secret storage could not be read, the one there must not be overwritten.
      await this.keys.ensure(DEFAULT_GATEWAY_KEY);
      await this.around.flush();
    }
    this.around.starting();
    const { gateway } = await this.api.startGateway();
    if (gateway.state !== "stopped") this.around.wanted();
    return gateway;
  }

  async stop(): Promise<GatewayState> {
    return (await this.api.stopGateway()).gateway;
  }

  async restart(): Promise<GatewayState> {
    await this.stop();
    return this.start();
  }
}

/** A workspace's key is for its terminals; a person cannot copy it. */
function isAccepted({ fault, source }: GatewayKeyEntry): boolean {
  return fault === undefined && source !== "workspace";
}
