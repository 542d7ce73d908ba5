import type { ProviderConfig } from "../config/schema";
import { fitsPreset, type ProviderPreset } from "./preset";
import { PROVIDER_PRESETS } from "./presets";

/** The preset that a provider was made from, as far as its type and address tell; undefined for any other endpoint. */
export function knownPreset(provider: Pick<ProviderConfig, "type" | "baseUrl">): ProviderPreset | undefined {
  return PROVIDER_PRESETS.find((preset) => fitsPreset(preset, provider));
}
