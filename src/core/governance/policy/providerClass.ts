import type { ProviderClass } from "../../config/schema/policy";
import { isLoopbackHost } from "../../gateway/hostGuard";
import { matchesGlob } from "../../text/glob";

/**
 * How far a provider is away. local: an address that only means this machine; one in a private network is not, since
 * nobody knows whose network that is. approved: a host that every list of approved hosts has. external: any other.
 * By the host and not by the provider's id, which anybody can choose.
 * @param approved the lists of those who have one; more than one must agree
 */
export function providerClassOf(baseUrl: string, approved: readonly (readonly string[])[]): ProviderClass {
  const host = hostOf(baseUrl);
  if (host === undefined) return "external";
  if (isLoopbackHost(host) || host.endsWith(".localhost")) return "local";
  const listed = (list: readonly string[]): boolean =>
    list.some((pattern) => matchesGlob(pattern.trim().toLowerCase(), host));
  return approved.length > 0 && approved.every(listed) ? "approved" : "external";
}

function hostOf(baseUrl: string): string | undefined {
  try {
    return new URL(baseUrl).hostname.toLowerCase();
  } catch {
    return undefined;
  }
}
