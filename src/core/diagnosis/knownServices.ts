import type { ProviderConfig } from "../config/schema";
import { PROVIDER_KINDS } from "../providers/kinds";

/** A service that is known by its host. */
export interface KnownService {
  readonly label: string;
  readonly type: ProviderConfig["type"];
  readonly baseUrl: string;
  /** Where a key is made. */
  readonly keyPage?: string;
}

/** The service that an address is of; undefined for a host that is nobody's in particular, as every local one is. */
export function knownService(baseUrl: string): KnownService | undefined {
  const { host, protocol } = new URL(baseUrl);
  if (protocol !== "https:") return undefined;
  return PROVIDER_KINDS.find((kind) => kind.baseUrl !== "" && new URL(kind.baseUrl).host === host);
}
