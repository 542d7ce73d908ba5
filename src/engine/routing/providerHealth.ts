import type { EngineProvider } from "../../core/config/engineConfig";
import { maskedToken } from "../../core/copilot/tokens";
import type { CredentialStatus, ProviderStatus } from "../../core/rpc/contract";
import type { Health } from "./health";

/** A provider's status, with how it and its credentials have done lately. */
export function withHealth(
  status: ProviderStatus,
  provider: EngineProvider | undefined,
  health: Health,
): ProviderStatus {
  const latencyMs = health.lastLatencyOf(status.id);
  const credentials = provider ? withMasks(provider, health.credentials(provider)) : [];
  return {
    ...status,
    ...(latencyMs === undefined ? {} : { latencyMs: Math.round(latencyMs) }),
    ...(credentials.length === 0 ? {} : { credentials }),
  };
}

/** Several accounts are told apart by their tokens' ends. */
function withMasks(
  { config, pool = [] }: EngineProvider,
  statuses: readonly CredentialStatus[],
): readonly CredentialStatus[] {
  if (config.type !== "copilot") return statuses;
  return statuses.map((status) => {
    const value = pool.find(({ label }) => label === status.label)?.credential.value;
    return value === undefined ? status : { ...status, masked: maskedToken(value) };
  });
}
