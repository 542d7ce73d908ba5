import type { ProviderConfig } from "../config/schema";
import { AZURE_HOST } from "../providers/baseUrl";
import type { AskedCredential } from "./resolve";

type AccountCredential = Extract<AskedCredential, { kind: "entra" | "github" }>;

/** How an account of VS Code is asked for a token. */
export interface AccountRequest {
  readonly provider: "microsoft" | "github";
  readonly scopes: readonly string[];
}

/**
 * What an account is asked for. Azure's resources take tokens for Cognitive Services, Foundry's projects those for
 * Foundry; the tenant goes into a scope of VS Code's own.
 * @see https://learn.microsoft.com/azure/ai-foundry/foundry-models/how-to/configure-entra-id
 * @see https://github.com/microsoft/vscode/blob/main/extensions/microsoft-authentication/src/common/scopeData.ts
 * @see https://github.blog/changelog/2025-05-15-modelsread-now-required-for-github-models-access (OAuth tokens need no
 * scope of their own)
 */
export function accountRequest(provider: ProviderConfig, credential: AccountCredential): AccountRequest {
  if (credential.kind === "github") return { provider: "github", scopes: ["read:user"] };
  const { scope = scopeFor(provider.baseUrl), tenant } = credential;
  return {
    provider: "microsoft",
    scopes: tenant === undefined ? [scope] : [scope, `VSCODE_TENANT:${tenant}`],
  };
}

function scopeFor(baseUrl: string): string {
  const { hostname, pathname } = new URL(baseUrl);
  const project = /\.services\.ai\.azure\.com$/i.test(hostname) && /^\/api\/projects\//.test(pathname);
  return project ? "https://ai.azure.com/.default" : "https://cognitiveservices.azure.com/.default";
}

const GITHUB_HOST = /^(models\.github\.ai|models\.inference\.ai\.azure\.com)$/i;

/** Whether an address belongs to who has issued the account; to any other the person has to let its token go. */
export function belongsToIssuer(provider: ProviderConfig, kind: AccountCredential["kind"]): boolean {
  const { protocol, hostname } = new URL(provider.baseUrl);
  if (protocol !== "https:") return false;
  if (kind === "entra") return AZURE_HOST.test(hostname);
  return provider.type === "copilot" ? hostname === "github.com" : GITHUB_HOST.test(hostname);
}
