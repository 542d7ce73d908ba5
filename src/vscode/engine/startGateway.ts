import type { EngineStatus } from "../../core/rpc/contract";
import type { EngineLink } from "./link";

/**
 * Starts the gateway. That its port is taken is an outcome to show, not a fault of the connection: the status that
 * says so is returned instead of the error.
 */
export async function startGateway(link: Pick<EngineLink, "request">): Promise<EngineStatus> {
  try {
    return await link.request("startGateway", {});
  } catch (error) {
    const status = await link.request("status", {});
    if (status.gateway.state === "failed") return status;
    throw error;
  }
}
