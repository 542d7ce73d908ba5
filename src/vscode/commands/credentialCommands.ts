import type { Environment } from "../../core/config/reference";
import type { CredentialConfig, ProviderConfig } from "../../core/config/schema";
import { belongsToIssuer } from "../../core/credentials/accounts";
import { commandText } from "../../core/credentials/commandLine";
import { commandWords } from "../../core/credentials/commandWords";
import type { AskedCredential } from "../../core/credentials/resolve";
import { originOf } from "../../core/credentials/stored";
import { knownPreset } from "../../core/providers/knownPreset";
import type { WindowCredentials } from "../credentials/windowCredentials";
import type { CredentialEditor } from "../providers/credentialEditor";
import type { ProviderTarget } from "../providers/registry";
import type { CredentialEntry, StateStore, UsableEntry } from "../state";
import { confirm, notify } from "../ui/notify";
import { type Answer, inputStep, pickStep } from "../ui/steps";
import { addKey } from "./keyCommands";
import { type ChosenCredential, pickCredential } from "./pickCredential";
import { entryOf, pickProvider } from "./pickProvider";
import type { CommandHandlers } from "./register";

type CredentialCommands = Pick<
  CommandHandlers,
  "postern.addCredential" | "postern.confirmCredential" | "postern.signIn" | "postern.refreshCredential"
>;

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

type Kind = "apiKey" | CredentialConfig["kind"];

/** What the commands on credentials work with. */
export interface CredentialParts {
  readonly store: StateStore;
  readonly editor: CredentialEditor;
  readonly credentials: Pick<WindowCredentials, "confirm" | "signIn" | "asked">;
  readonly environment: Environment;
  /** The configuration of a provider, as it stands in the settings. */
  configOf(target: ProviderTarget): ProviderConfig | undefined;
}

const isAsked = ({ source }: CredentialEntry): boolean =>
  source === "command" || source === "entra" || source === "github";

/** The commands on where credentials come from. */
export function credentialCommands(parts: CredentialParts): CredentialCommands {
  const { store } = parts;
  const chosen = (title: string, fits: (credential: CredentialEntry) => boolean, none: string) => ({
    title,
    fits,
    none,
  });
  return {
    "postern.addCredential": async (target) => {
      const fits = (entry: { faulty: boolean }): boolean => !entry.faulty;
      const provider = await pickProvider(target, store.value, { title: "Add Credential", fits });
      const entry = provider && entryOf(store.value, provider);
      if (provider && entry && !entry.faulty) await addCredential(parts, provider, entry);
    },
    "postern.confirmCredential": async (target) => {
      const filter = chosen(
        "Review Credential",
        ({ why }) => why === "consent",
        "Nothing waits to be confirmed.",
      );
      const found = await pickCredential(target, store.value, filter);
      if (found) await review(parts, found);
    },
    "postern.signIn": async (target) => {
      const none = "No provider is authenticated with an account of VS Code that is not signed in.";
      const filter = chosen("Sign In", ({ why }) => why === "signIn", none);
      const found = await pickCredential(target, store.value, filter);
      if (found) await signIn(parts, found);
    },
    "postern.refreshCredential": async (target) => {
      const none = "No provider has a credential from a command or an account.";
      const filter = chosen("Refresh Credential", isAsked, none);
      const found = await pickCredential(target, store.value, filter);
      if (found) await refresh(parts, found);
    },
  };
}

async function addCredential(
  parts: CredentialParts,
  target: ProviderTarget,
  entry: UsableEntry,
): Promise<void> {
  const title = `Add Credential: ${entry.name}`;
  const kind = await askKind(title, entry);
  if (kind.kind !== "answer") return;
  if (kind.value === "apiKey") return addKey(parts.store, parts.editor, target);
  const credential = await askCredential(kind.value, title, entry, parts.environment);
  if (credential === undefined) return;
  const config = parts.configOf(target);
  if (!config) throw new Error("The provider is faulty; mend its entry in the settings first.");
  // What is confirmed here is not asked about a second time.
  if (credential.kind === "command") {
    if (!(await confirmCommand(config, credential.command))) return;
    await parts.credentials.confirm(config, credential);
  }
  if (credential.kind === "entra" || credential.kind === "github") {
    if (!(await confirmAccount(config, credential))) return;
    await parts.credentials.confirm(config, credential);
    await parts.credentials.signIn(config, credential);
  }
  const instead = await askInstead(title, entry, credential);
  if (instead.kind !== "answer") return;
  await parts.editor.addCredential(target, credential, instead.value);
  notify(
    "info",
    credential.kind === "none"
      ? `${entry.name} is sent no credential from now on.`
      : `${entry.name} uses ${instead.value ? "the new credential" : "the new credential, too,"} from now on.`,
  );
}

async function askKind(title: string, entry: UsableEntry): Promise<Answer<Kind>> {
  const preset = knownPreset(entry);
  const azure = entry.type === "azure" || /\.azure\.com\b/i.test(entry.baseUrl);
  const github =
    entry.type === "copilot" || /\bmodels\.(github\.ai|inference\.ai\.azure\.com)\b/i.test(entry.baseUrl);
  const choice = (value: Kind, label: string, detail: string) => ({ label, detail, value });
  const accounts = [
    {
      first: azure,
      row: choice(
        "entra",
        "$(azure) Microsoft account",
        "Microsoft Entra ID, for Azure and Foundry; VS Code signs in",
      ),
    },
    {
      first: github,
      row: choice("github", "$(github) GitHub account", "For GitHub Models and Copilot; VS Code signs in"),
    },
  ];
  const suited = accounts.filter(({ first }) => first).map(({ row }) => row);
  const others = accounts.filter(({ first }) => !first).map(({ row }) => row);
  return pickStep<Kind>({
    title,
    placeholder: "Where does the credential come from?",
    choices: [
      ...suited,
      choice("apiKey", "$(key) API key", "You paste it; it is kept in the secret storage"),
      choice(
        "env",
        "$(symbol-variable) Environment variable",
        preset?.environment.key[0] ?? "Its name stands in the settings",
      ),
      choice("command", "$(terminal) Command", "A program that prints a token, such as az or op"),
      ...others,
      choice("none", "$(circle-slash) None", "Nothing is sent"),
    ],
  });
}

async function askCredential(
  kind: Exclude<Kind, "apiKey">,
  title: string,
  entry: UsableEntry,
  environment: Environment,
): Promise<CredentialConfig | undefined> {
  switch (kind) {
    case "env": {
      const { key = [], token = [] } = knownPreset(entry)?.environment ?? {};
      const usual = [...key, ...token];
      const known = usual.find((name) => environment(name)) ?? usual[0] ?? "";
      const answer = await inputStep({
        title,
        prompt: "The variable's name, as VS Code has it in its environment",
        placeholder: "OPENAI_API_KEY",
        value: known,
        validate: (text) => (VARIABLE.test(text.trim()) ? undefined : "Enter the name of a variable."),
        warn: (text) =>
          environment(text.trim()) ? undefined : "It is not set in VS Code's environment just now.",
      });
      if (answer.kind !== "answer") return undefined;
      const name = answer.value.trim();
      return { kind, name, as: token.includes(name) ? "bearerToken" : "apiKey" };
    }
    case "command":
      return askCommand(title);
    case "entra":
    case "github":
    case "none":
      return { kind };
    case "stored":
      return undefined;
  }
}

async function askCommand(title: string): Promise<CredentialConfig | undefined> {
  const answer = await inputStep({
    title,
    prompt: "The command that prints the token, and nothing else",
    placeholder: "az account get-access-token --resource https://cognitiveservices.azure.com",
    validate: (text) => {
      const words = commandWords(text);
      return words.ok ? undefined : words.fault;
    },
  });
  if (answer.kind !== "answer") return undefined;
  const words = commandWords(answer.value);
  if (!words.ok) return undefined;
  const as = await pickStep<"bearerToken" | "apiKey">({
    title,
    placeholder: "What does it print?",
    choices: [
      { label: "A token", detail: "Sent as Authorization: Bearer; az prints one", value: "bearerToken" },
      {
        label: "An API key",
        detail: "Sent as the provider takes its keys; op read prints one",
        value: "apiKey",
      },
    ],
  });
  if (as.kind !== "answer") return undefined;
  return { kind: "command", command: [...words.words], as: as.value, timeoutSeconds: 30 };
}

async function askInstead(
  title: string,
  entry: UsableEntry,
  added: CredentialConfig,
): Promise<Answer<boolean>> {
  // Nothing beside a key would be a request in two that is refused.
  if (added.kind === "none") return { kind: "answer", value: true };
  const has = entry.credentials.some(({ usable, why }) => usable || why === "idle");
  if (!has) return { kind: "answer", value: true };
  return pickStep<boolean>({
    title,
    placeholder: "What about those that are there?",
    choices: [
      { label: "Use it as well", detail: "Requests are spread over all of them", value: false },
      {
        label: "Use this one instead",
        detail: "Stored keys stay in the secret storage, unused",
        value: true,
      },
    ],
  });
}

function confirmCommand(provider: ProviderConfig, command: readonly string[]): Promise<boolean> {
  const detail = [
    commandText(command),
    "",
    `What it prints is sent to ${originOf(provider.baseUrl)} and shown nowhere. It is run again whenever the token ends. Another command is asked about again.`,
  ].join("\n");
  return confirm(`Run this command to get a token for ${provider.name ?? provider.id}?`, detail, "Run It");
}

type AccountCredential = Extract<AskedCredential, { kind: "entra" | "github" }>;

/** An account's token goes to its issuer's hosts; to any other only if the person says so. */
async function confirmAccount(provider: ProviderConfig, { kind }: AccountCredential): Promise<boolean> {
  if (belongsToIssuer(provider, kind)) return true;
  const account = kind === "entra" ? "Microsoft" : "GitHub";
  const origin = originOf(provider.baseUrl);
  return confirm(
    `Send a token of your ${account} account to ${origin}?`,
    `${origin} does not belong to ${account}. Whoever runs it can use the token until it ends.`,
    "Send It",
  );
}

async function review(parts: CredentialParts, chosen: ChosenCredential): Promise<void> {
  const found = askedConfig(parts, chosen);
  if (!found) return;
  const { provider, credential } = found;
  const sure =
    credential.kind === "command"
      ? await confirmCommand(provider, credential.command)
      : await confirmAccount(provider, credential);
  if (sure) await parts.credentials.confirm(provider, credential);
}

async function signIn(parts: CredentialParts, chosen: ChosenCredential): Promise<void> {
  const found = askedConfig(parts, chosen);
  if (!found || found.credential.kind === "command") return;
  await parts.credentials.signIn(found.provider, found.credential);
}

async function refresh(parts: CredentialParts, chosen: ChosenCredential): Promise<void> {
  const { credentials } = parts;
  const { provider, entry, credential } = chosen;
  const found = askedConfig(parts, chosen);
  if (!credentials.asked.knows(provider.id, credential.label)) {
    notify("info", `The credential of ${entry.name} is asked for when the engine needs it.`);
    return;
  }
  const renewed = await credentials.asked.renew(provider.id, credential.label, "person");
  if (renewed) return void notify("info", `${entry.name} has a new credential.`);
  const now = found && credentials.asked.known(found.provider, found.credential, credential.label);
  const text =
    now?.kind === "missing"
      ? `${entry.name} has no credential: ${now.reason}.`
      : `${entry.name} keeps the credential it had.`;
  notify("warning", text);
}

function askedConfig(
  { configOf }: CredentialParts,
  { provider, credential }: ChosenCredential,
): { provider: ProviderConfig; credential: AskedCredential } | undefined {
  const config = configOf(provider);
  const found = credential.place === undefined ? undefined : config?.credentials?.[credential.place];
  if (!config || !found) return undefined;
  return found.kind === "command" || found.kind === "entra" || found.kind === "github"
    ? { provider: config, credential: found }
    : undefined;
}
