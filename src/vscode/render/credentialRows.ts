import type { ProviderQuota } from "../../core/governance/quota";
import type { CredentialStatus, ProviderStatus } from "../../core/rpc/contract";
import type { CredentialEntry, ProviderEntry, UsableEntry } from "../state";
import { quotaLeft } from "./limitLines";
import { escapeMarkdown } from "./markdown";
import type { TreeIcon, TreeNode } from "./treeNode";

/** How a credential stands: what this window knows of it, and what the engine has learnt with it. */
interface Standing {
  readonly text: string;
  readonly icon: TreeIcon;
}

/**
 * A row for each credential of a provider. The only key of a provider has none while all is well: that it is there is
 * said by the provider's own row.
 */
export function credentialRows(
  id: string,
  entry: ProviderEntry,
  status: ProviderStatus | undefined,
  quotas: readonly ProviderQuota[] = [],
): readonly TreeNode[] {
  if (entry.faulty || !entry.enabled || !worthShowing(entry, status)) return [];
  const left = (label: string) => premiumLeft(quotas, entry.id, label);
  return entry.credentials.map((credential) => {
    const known = status?.credentials?.find(({ label }) => label === credential.label);
    const { text: standing, icon } = standingOf(credential, known);
    const more = credential.usable ? [known?.masked, left(credential.label)] : [];
    const facts = [standing, ...more].filter(Boolean);
    // The side bar is narrow: while all is well, what is left is of more use than where the token is.
    const text = (icon.id === "key" ? facts.reverse() : facts).join(" · ");
    return {
      id: `${id}/credential/${credential.label}`,
      label: credential.label,
      description: text,
      icon,
      tooltip: escapeMarkdown(`${credential.label}: ${sourceText(credential)}; ${text}`),
      contextValue: contextValue(credential),
      accessibilityLabel: `Credential ${credential.label}, ${text}`,
      target: { kind: "credential", id: entry.id, index: entry.index, label: credential.label },
    };
  });
}

/** What an account of a subscription has left, where it has said so. */
function premiumLeft(quotas: readonly ProviderQuota[], provider: string, label: string): string | undefined {
  const quota = quotas.find(
    (one) => one.unit === "premiumRequests" && one.provider === provider && one.credential === label,
  );
  return quota && quotaLeft(quota);
}

function worthShowing({ credentials, type }: UsableEntry, status: ProviderStatus | undefined): boolean {
  if (type === "copilot") return credentials.length > 0;
  if (credentials.length !== 1) return credentials.length > 1;
  const [only] = credentials;
  const troubled = status?.credentials?.some(({ state }) => state !== "active") ?? false;
  // One that is switched off can be switched on in its own row only.
  return troubled || (only !== undefined && (isAsked(only) || only.why === "stopped"));
}

function standingOf(credential: CredentialEntry, known: CredentialStatus | undefined): Standing {
  if (!credential.usable) {
    const text = credential.reason ?? "cannot be used";
    if (credential.why === "idle") return { text: sourceText(credential), icon: { id: "key" } };
    if (credential.why === "pending") return { text, icon: { id: "loading~spin" } };
    if (credential.why === "unused" || credential.why === "stopped")
      return { text, icon: { id: "circle-slash", color: "disabledForeground" } };
    const id = credential.why === "consent" ? "shield" : credential.why === "signIn" ? "account" : "warning";
    return { text, icon: { id, color: "list.warningForeground" } };
  }
  const said = (text: string): string => (known?.detail === undefined ? text : `${text}: ${known.detail}`);
  if (known?.state === "refused")
    return { text: said("refused"), icon: { id: "error", color: "list.errorForeground" } };
  if (known?.state === "coolingDown") return { text: said("cooling down"), icon: { id: "watch" } };
  return { text: sourceText(credential), icon: { id: "key", color: "testing.iconPassed" } };
}

function sourceText({ source }: CredentialEntry): string {
  switch (source) {
    case "stored":
      return "in the secret storage";
    case "env":
      return "from the environment";
    case "command":
      return "from a command";
    case "entra":
      return "Microsoft account";
    case "github":
      return "GitHub account";
    case "none":
      return "nothing is sent";
    case "literal":
      return "in the file";
  }
}

function isAsked({ source }: CredentialEntry): boolean {
  return source === "command" || source === "entra" || source === "github";
}

/** The words the menus look for, see the manifest. */
function contextValue(credential: CredentialEntry): string {
  const words = ["credential", credential.source];
  // What the settings name by itself, without a list, has no place and no label of its own.
  if (credential.source === "stored" || credential.place !== undefined) words.push("named");
  if (isAsked(credential) && credential.why !== "consent") words.push("asked");
  if (credential.why === "consent" || credential.why === "signIn" || credential.why === "stopped")
    words.push(credential.why);
  const named = credential.source === "stored" || credential.place !== undefined;
  if (named && credential.usable) words.push("switchable");
  return words.join(" ");
}
