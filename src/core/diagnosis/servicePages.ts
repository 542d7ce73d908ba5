import type { ProviderConfig } from "../config/schema";
import type { Remedy } from "./finding";
import { knownService } from "./knownServices";

/** Where credit is bought, by the service's host. Where a key is made stands with the kinds of providers. */
const BILLING: readonly (readonly [host: RegExp, url: string])[] = [
  [/(^|\.)openai\.com$/, "https://platform.openai.com/settings/organization/billing"],
  [/(^|\.)anthropic\.com$/, "https://console.anthropic.com/settings/billing"],
  [/(^|\.)openrouter\.ai$/, "https://openrouter.ai/settings/credits"],
  [/(^|\.)googleapis\.com$/, "https://aistudio.google.com/usage"],
  [/(^|\.)groq\.com$/, "https://console.groq.com/settings/billing"],
  [/(^|\.)mistral\.ai$/, "https://admin.mistral.ai/organization/billing"],
  [/(^|\.)deepseek\.com$/, "https://platform.deepseek.com/top_up"],
  [/(^|\.)x\.ai$/, "https://console.x.ai"],
  [/(^|\.)together\.(ai|xyz)$/, "https://api.together.ai/settings/billing"],
  [/(^|\.)moonshot\.(ai|cn)$/, "https://platform.moonshot.ai/console/pay"],
  [/(^|\.)(openai|services\.ai|cognitiveservices)\.azure\.com$/, "https://portal.azure.com"],
];

/** The button to the page where credit is bought; empty for a service that is not known. */
export function billingPage(baseUrl: string): readonly Remedy[] {
  const host = hostOf(baseUrl);
  const url = BILLING.find(([pattern]) => pattern.test(host))?.[1];
  return url === undefined ? [] : [{ kind: "openPage", label: "Open Billing Page", url }];
}

/** The button to the page where keys are made; empty for a service that is not known. */
export function keyPage(provider: Pick<ProviderConfig, "type" | "baseUrl">): readonly Remedy[] {
  const azure = /(^|\.)azure\.com$/.test(hostOf(provider.baseUrl)) ? "https://ai.azure.com" : undefined;
  const url = knownService(provider)?.keyPage ?? azure;
  return url === undefined ? [] : [{ kind: "openPage", label: "Open Key Page", url }];
}

function hostOf(baseUrl: string): string {
  return new URL(baseUrl).hostname.toLowerCase();
}
