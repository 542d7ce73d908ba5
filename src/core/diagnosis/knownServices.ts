import type { ProviderConfig } from "../config/schema";
import { fitsPreset, type ProviderPreset } from "../providers/preset";
import { PROVIDER_PRESETS } from "../providers/presets";

/** The preset that an address is likely meant to be of: one of its host, of its type where there is one. */
export function knownService(provider: Pick<ProviderConfig, "type" | "baseUrl">): ProviderPreset | undefined {
  const { host, protocol } = new URL(provider.baseUrl);
  // On a machine of one's own anything may listen anywhere.
  if (protocol !== "https:") return undefined;
  const here = PROVIDER_PRESETS.filter((preset) => fitsPreset(preset, provider) || hostOf(preset) === host);
  return here.find(({ type }) => type === provider.type) ?? here[0];
}

/** A preset's address where it has no part that only the person knows. */
export function wholeAddress({ address }: ProviderPreset): string | undefined {
  return address === "" || address.includes("{") ? undefined : address;
}

function hostOf(preset: ProviderPreset): string | undefined {
  const address = wholeAddress(preset);
  return address === undefined ? undefined : new URL(address).host;
}
