import { KEY_BY_REFERENCE, parseConfigText } from "../config/parse";
import { replaceReferences } from "../config/reference";
import type { CredentialConfig, ProviderConfig } from "../config/schema";
import { mayHoldKey } from "./secretHeader";
import { TAKEN_OUT, withoutSecretArguments, withoutSecretTexts } from "./takenOut";

/** A stored key by its label; never the key. */
export interface StoredLabel {
  readonly label: string;
  readonly kind: "apiKey" | "bearerToken";
}

/** What is exported. No secret is among it, so none can come out. */
export interface ExportInputs {
  /** The providers as they stand in the settings, in their order. */
  readonly providers: readonly Readonly<Record<string, unknown>>[];
  /** The labels of the keys in the secret storage, by provider id. */
  readonly stored: ReadonlyMap<string, readonly StoredLabel[]>;
  /** The variable that others customarily keep a provider's key in. */
  usualVariable(provider: Readonly<Record<string, unknown>>): string | undefined;
  /** The settings of the gateway, without its keys. */
  readonly gateway: Readonly<Record<string, unknown>>;
  /** The names of gateway keys of an earlier version, which do not stand in the settings yet. */
  readonly gatewayKeys: readonly string[];
  /** Gateway keys as they stand in the settings. */
  readonly configuredKeys: readonly Readonly<Record<string, unknown>>[];
  /** The ids of providers that cannot be used as they stand in the settings, and so are not among `providers`. */
  readonly faulty: readonly string[];
  /** The other parts of the configuration, as they stand in the settings. */
  readonly others: Readonly<Record<string, unknown>>;
}

/** A configuration for the headless program, and the variables it wants. */
export interface Exported {
  /** JSON with a comment in front that names the variables. */
  readonly text: string;
  readonly variables: readonly string[];
  /** Whether it names programs, which have to be allowed. */
  readonly runsCommands: boolean;
  /** What was taken out or is not carried over and the person has to see to, in words that hold no secret. */
  readonly lacking: readonly string[];
  /** Whether it has parts in which a secret cannot be told from other text. */
  readonly unsure: boolean;
  /** What the headless program would say of it. */
  readonly problems: readonly string[];
}

/** Writes the settings as a headless configuration, with names of variables in the place of keys. */
export function exportedConfig(inputs: ExportInputs): Exported {
  const names = new VariableNames();
  const lacking: string[] = [
    ...inputs.faulty.map((id) => `the provider ${id} is left out: its settings are faulty`),
    ...inputs.gatewayKeys.map(
      (name) => `the gateway key ${name} is left out: an earlier version has made it`,
    ),
  ];
  const providers = inputs.providers.map((provider) => exportedProvider(provider, inputs, names, lacking));
  const keys = inputs.configuredKeys.map((key) => {
    const name = String(key.name);
    return isLiteral(key.key)
      ? { ...key, key: names.reference(`${constant(name)}_GATEWAY_KEY`, `the gateway key "${name}"`) }
      : key;
  });
  const config = {
    providers,
    gateway: { ...inputs.gateway, ...(keys.length > 0 ? { keys } : {}) },
    ...inputs.others,
  };
  names.noteReferences(config);
  const runsCommands = JSON.stringify(providers).includes('"kind":"command"');
  const unsure = runsCommands || providers.some(({ extraBody }) => extraBody !== undefined);
  const text = `${comment(names, { runsCommands, unsure, lacking })}${JSON.stringify(config, null, 2)}\n`;
  const parsed = parseConfigText(text);
  const problems = parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  return { text, variables: names.all(), runsCommands, lacking, unsure, problems };
}

function isLiteral(key: unknown): key is string {
  return typeof key === "string" && !KEY_BY_REFERENCE.test(key.trim());
}

function exportedProvider(
  provider: Readonly<Record<string, unknown>>,
  { stored, usualVariable }: ExportInputs,
  names: VariableNames,
  lacking: string[],
): Readonly<Record<string, unknown>> {
  const { apiKey, bearerToken, credentials, extraBody, ...others } = provider;
  const id = String(provider.id);
  const base = constant(id);
  const takenOut = (what: string) =>
    void lacking.push(
      `${what} of ${id} is replaced by ${TAKEN_OUT}: it may be a secret; put it back yourself`,
    );
  const rest: Readonly<Record<string, unknown>> = {
    ...others,
    ...(extraBody === undefined ? {} : { extraBody: withoutSecretTexts(extraBody, "extraBody", takenOut) }),
    ...exportedHeaders(others.headers, id, names),
  };
  const labels = stored.get(id) ?? [];
  const usual = usualVariable(provider);
  const fromStore = (fits: (key: StoredLabel) => boolean): CredentialConfig[] =>
    labels.filter(fits).map(({ label, kind }, index, all) => {
      const alone = `${base}_${kind === "apiKey" ? "API_KEY" : "TOKEN"}`;
      const own = all.length === 1 ? alone : `${base}_${constant(label)}`;
      const wanted = index === 0 && kind === "apiKey" ? (usual ?? own) : own;
      return { kind: "env", label, name: names.free(wanted, `the key "${label}" of ${id}`), as: kind };
    });
  if (!Array.isArray(credentials)) {
    const given = {
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(bearerToken === undefined ? {} : { bearerToken }),
    };
    if (Object.keys(given).length > 0) return { ...rest, ...given };
    // A bearer token wins over keys, which are kept and not used.
    const hasToken = labels.some(({ kind }) => kind === "bearerToken");
    return { ...rest, ...written(fromStore(({ kind }) => !hasToken || kind === "bearerToken")) };
  }
  const list = (credentials as CredentialConfig[]).flatMap((credential): CredentialConfig[] => {
    switch (credential.kind) {
      case "stored":
        return fromStore(({ label }) => credential.label === undefined || label === credential.label);
      case "entra":
      case "github": {
        const what = credential.kind === "entra" ? "a token of Microsoft Entra ID" : "a token of GitHub";
        const name = names.free(`${base}_TOKEN`, `${what} for ${id}`);
        const { label } = credential;
        return [{ kind: "env", ...(label === undefined ? {} : { label }), name, as: "bearerToken" }];
      }
      case "command": {
        const { command, taken } = withoutSecretArguments(credential.command);
        if (taken) takenOut(`an argument of the command ${command[0]}`);
        return [{ ...credential, command: [...command] }];
      }
      default:
        return [credential];
    }
  });
  return { ...rest, ...(list.length > 0 ? { credentials: list } : {}) };
}

/** A header may be a company's own way to take a key. */
function exportedHeaders(
  headers: unknown,
  id: string,
  names: VariableNames,
): { readonly headers?: Readonly<Record<string, string>> } {
  if (typeof headers !== "object" || headers === null) return {};
  const written = Object.entries(headers as Record<string, string>).map(([name, value]) => [
    name,
    mayHoldKey(name, value)
      ? names.reference(`${constant(id)}_${constant(name)}`, `the header ${name} of ${id}`)
      : value,
  ]);
  return { headers: Object.fromEntries(written) };
}

/** One key is written as everybody writes it. */
function written(
  credentials: readonly CredentialConfig[],
): Partial<Pick<ProviderConfig, "apiKey" | "bearerToken" | "credentials">> {
  const [only] = credentials;
  if (credentials.length === 1 && only?.kind === "env") return { [only.as]: `\${env:${only.name}}` };
  return credentials.length === 0 ? {} : { credentials: [...credentials] };
}

/** The variables of an export, each with what it is for. */
class VariableNames {
  private readonly uses = new Map<string, string>();

  /** A name that nothing else has. */
  free(wanted: string, use: string): string {
    let name = wanted;
    for (let number = 2; this.uses.has(name); number++) name = `${wanted}_${number}`;
    this.uses.set(name, use);
    return name;
  }

  reference(wanted: string, use: string): string {
    return `\${env:${this.free(wanted, use)}}`;
  }

  /** Variables that the settings name already. */
  noteReferences(value: unknown): void {
    if (typeof value === "string") {
      replaceReferences(value, (name) => {
        if (!this.uses.has(name)) this.uses.set(name, "named in the settings");
        return "";
      });
    } else if (Array.isArray(value)) for (const item of value) this.noteReferences(item);
    else if (typeof value === "object" && value !== null) {
      const { kind, name } = value as Record<string, unknown>;
      if (kind === "env" && typeof name === "string" && !this.uses.has(name))
        this.uses.set(name, "named in the settings");
      for (const item of Object.values(value)) this.noteReferences(item);
    }
  }

  all(): string[] {
    return [...this.uses.keys()];
  }

  lines(): string[] {
    return [...this.uses].map(([name, use]) => `//   ${name}  ${use}`);
  }
}

function comment(
  names: VariableNames,
  { runsCommands, unsure, lacking }: Pick<Exported, "runsCommands" | "unsure" | "lacking">,
): string {
  const lines = names.lines();
  return [
    "// Postern's configuration for: postern serve --config FILE",
    unsure
      ? "// No stored key is in it. Set these environment variables before:"
      : "// There is no key in it. Set these environment variables before:",
    ...(lines.length === 0 ? ["//   none"] : lines),
    ...(runsCommands ? ["// It runs programs that print tokens: add --allow-commands."] : []),
    ...(unsure
      ? [
          "// A secret in a command or in extraBody is known by its look alone: read them before you pass this on.",
        ]
      : []),
    ...lacking.map((text) => `// Not complete: ${oneLine(text)}.`),
    "",
  ].join("\n");
}

/** What comes from the settings must not end the comment. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}|[\u2028\u2029]/gu, " ");
}

/** As variables are written: `my gateway` becomes `MY_GATEWAY`. */
function constant(text: string): string {
  const name = text
    .normalize("NFKD")
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return /^[A-Z]/.test(name) ? name : `P_${name}`;
}
