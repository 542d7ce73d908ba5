import * as vscode from "vscode";
import type { Environment } from "../../core/config/reference";
import { type CredentialConfig, providerSchema } from "../../core/config/schema";
import { TERMS_NOTICE, TERMS_PAGES } from "../../core/copilot/terms";
import { tokenFault } from "../../core/copilot/tokens";
import type { WindowCredentials } from "../credentials/windowCredentials";
import type { ProviderRegistry } from "../providers/registry";
import { notify } from "../ui/notify";
import { inputStep, pickStep } from "../ui/steps";

/** Where GitHub is, for everybody who has no server of their own. */
const GITHUB = "https://github.com";
const READ = "I Have Read It";
const PAGES = "Show GitHub's Terms";
const TITLE = "Add GitHub Copilot";
/** Under which others keep a token that Copilot takes. */
const VARIABLES = ["COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN"];

type Source = "github" | "gh" | "token" | "env";

/** What adding a subscription needs. */
export interface AddCopilotNeeds {
  readonly registry: Pick<ProviderRegistry, "add">;
  readonly environment: Environment;
  /** An account signs in, and a command may be run from now on: both were just chosen. */
  readonly credentials: Pick<WindowCredentials, "confirm" | "signIn">;
}

/**
 * Adds a Copilot subscription: the notice of GitHub's terms, then the account. Nothing is kept before its end.
 * @returns the new provider's id, or undefined if it was left
 */
export async function addCopilotFlow({
  registry,
  environment,
  credentials,
}: AddCopilotNeeds): Promise<string | undefined> {
  if (!(await acceptTerms())) return undefined;
  const source = await askSource(environment);
  if (source === undefined) return undefined;
  const entry = {
    id: "copilot",
    type: "copilot",
    baseUrl: GITHUB,
    copilot: { acceptedTerms: true },
  };
  if (source === "token") {
    const token = await askToken();
    return token === undefined ? undefined : registry.add(entry, token);
  }
  const credential = credentialOf(source, environment);
  const provider = providerSchema.parse({ ...entry, credentials: [credential] });
  if (credential.kind === "command") await credentials.confirm(provider, credential);
  if (credential.kind === "github") await credentials.signIn(provider, credential);
  return registry.add({ ...entry, credentials: [credential] });
}

/** Asked once: the provider's entry says that it was. */
async function acceptTerms(): Promise<boolean> {
  for (;;) {
    const chosen = await vscode.window.showWarningMessage(
      "What GitHub's terms say about accounts and automated use",
      { modal: true, detail: TERMS_NOTICE },
      READ,
      PAGES,
    );
    if (chosen !== PAGES) return chosen === READ;
    for (const page of TERMS_PAGES) await vscode.env.openExternal(vscode.Uri.parse(page));
  }
}

async function askSource(environment: Environment): Promise<Source | undefined> {
  const variable = usualVariable(environment);
  const answer = await pickStep<Source>({
    title: TITLE,
    placeholder: "Which account?",
    choices: [
      { label: "$(github) VS Code's GitHub account", detail: "VS Code signs in", value: "github" },
      { label: "$(terminal) The GitHub CLI's account", detail: "gh auth token is run", value: "gh" },
      {
        label: "$(key) A fine-grained token",
        detail: "With the permission Copilot Requests; it is kept in the secret storage",
        value: "token",
      },
      {
        label: "$(symbol-variable) An environment variable",
        detail: variable ?? VARIABLES[0] ?? "",
        value: "env",
      },
    ],
  });
  return answer.kind === "answer" ? answer.value : undefined;
}

function credentialOf(source: Exclude<Source, "token">, environment: Environment): CredentialConfig {
  switch (source) {
    case "github":
      return { kind: "github" };
    case "gh":
      return {
        kind: "command",
        label: "GitHub CLI",
        command: ["gh", "auth", "token"],
        as: "bearerToken",
        timeoutSeconds: 30,
      };
    case "env":
      return { kind: "env", name: usualVariable(environment) ?? "COPILOT_GITHUB_TOKEN", as: "bearerToken" };
  }
}

function usualVariable(environment: Environment): string | undefined {
  return VARIABLES.find((name) => environment(name));
}

async function askToken(): Promise<string | undefined> {
  const answer = await inputStep({
    title: TITLE,
    prompt: "A fine-grained personal access token with the permission Copilot Requests",
    placeholder: "github_pat_…",
    password: true,
    validate: (text) => {
      const fault = text.trim() === "" ? "Enter the token." : tokenFault(text.trim());
      return fault === undefined ? undefined : `It cannot be used: ${fault}`;
    },
  });
  return answer.kind === "answer" ? answer.value.trim() : undefined;
}

/** What is said once it is there. */
export function tellAdded(id: string): void {
  notify("info", `Added the provider ${id}.`, {
    "Test Connection": () =>
      vscode.commands.executeCommand("postern.testConnection", {
        target: { kind: "provider", id, index: -1 },
      }),
    "Download Runtime": () => vscode.commands.executeCommand("postern.downloadCopilotRuntime"),
  });
}
