import type { Environment } from "../config/reference";
import { addressFor, type ReadAddress } from "./address";
import type { Found, FoundKey, FoundProvider, Skipped } from "./imported";
import { isWhole, type KnownProvider, type KnownProviders } from "./known";
import { textFault, UnreadableFile } from "./readable";

const LINE = /^\s*(?:export\s+|set\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=(.*)$/;
const MAX_LINES = 10_000;

/** Whether a line gives a value to a variable. */
export function isVariable(line: string): boolean {
  return LINE.test(line);
}

/**
 * The variables of a `.env` file, the last of a name winning: `NAME=value`, `export NAME="value"`, comments. Values over
 * several lines are keys of another sort and left aside.
 * @throws UnreadableFile
 * @see https://github.com/motdotla/dotenv#what-rules-does-the-parsing-engine-follow
 */
export function readDotenv(text: string): ReadonlyMap<string, string> {
  const fault = textFault(text);
  if (fault !== undefined) throw new UnreadableFile(fault);
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  if (lines.length > MAX_LINES) throw new UnreadableFile("it has too much in it");
  const variables = new Map<string, string>();
  for (const line of lines) {
    const [, name, rest] = LINE.exec(line) ?? [];
    if (name === undefined || rest === undefined) continue;
    const value = lineValue(rest);
    if (/[^\P{Cc}\t]/u.test(value)) throw new UnreadableFile("it has control characters in it");
    variables.set(name, value);
  }
  return variables;
}

function lineValue(rest: string): string {
  const text = rest.trim();
  const quoted = /^(["'`])(.*?)\1\s*(?:#.*)?$/.exec(text);
  return quoted?.[2] ?? text.replace(/\s+#.*$/, "").trim();
}

/** The providers that a `.env` file has keys for; the keys themselves stand there. */
export function providersOfDotenv(text: string, known: KnownProviders): Found {
  const variables = readDotenv(text);
  const { providers, used } = providersOf(
    (name) => variables.get(name),
    known,
    (name, as) => ({ kind: "value", value: variables.get(name) ?? "", ...as }),
  );
  const skipped = [...variables.keys()].flatMap((name): Skipped[] => {
    const isUsualName = ownerOf(name, known) !== undefined || /(KEY|TOKEN|SECRET)$/i.test(name);
    if (used.has(name) || !variables.get(name) || !isUsualName) return [];
    return [{ what: name, why: whyUnused(name, known, used) }];
  });
  return { providers, skipped };
}

/** The provider whose key customarily stands in a variable. */
function ownerOf(variable: string, known: KnownProviders): KnownProvider | undefined {
  return [...known].find(({ environment: { key, token = [] } }) => [...key, ...token].includes(variable));
}

function whyUnused(variable: string, known: KnownProviders, used: ReadonlySet<string>): string {
  const owner = ownerOf(variable, known);
  if (!owner) return "it is not known which provider this is for";
  const { key, token = [], address } = owner.environment;
  if ([...key, ...token].some((other) => used.has(other)))
    return `the file has another key of ${owner.label}, which is used`;
  const missing = address === undefined ? "; use Add Provider" : ` (${address.join(", ")})`;
  return `the file does not say where ${owner.label} is${missing}`;
}

/** The providers that the environment has keys for; the keys stay there. */
export function providersOfEnvironment(environment: Environment, known: KnownProviders): Found {
  const { providers } = providersOf(environment, known, (name, as) => ({ kind: "variable", name, ...as }));
  return { providers, skipped: [] };
}

/** The variables of a provider's key that are set, the usual one first. */
export function keyVariables(
  environment: Environment,
  provider: Pick<KnownProvider, "environment">,
): string[] {
  return provider.environment.key.filter((name) => environment(name)?.trim());
}

/** The same of its token, which is sent as one. */
export function tokenVariables(
  environment: Environment,
  provider: Pick<KnownProvider, "environment">,
): string[] {
  return (provider.environment.token ?? []).filter((name) => environment(name)?.trim());
}

function providersOf(
  value: Environment,
  known: KnownProviders,
  keyOf: (name: string, as: { as?: "bearerToken" }) => FoundKey,
): { providers: FoundProvider[]; used: ReadonlySet<string> } {
  const used = new Set<string>();
  const providers: FoundProvider[] = [];
  for (const provider of known) {
    const [key] = keyVariables(value, provider);
    const variable = key ?? tokenVariables(value, provider)[0];
    // Of two presets with one variable the first is the usual one.
    if (variable === undefined || used.has(variable)) continue;
    const addressVariable = provider.environment.address?.find((name) => value(name)?.trim());
    const given = addressVariable === undefined ? undefined : value(addressVariable)?.trim();
    const address = addressOf(provider, given);
    if (!isWhole(address.baseUrl)) continue;
    for (const name of [variable, addressVariable]) if (name !== undefined) used.add(name);
    const azure = provider.type === "azure" ? azureOf(value, address, used) : {};
    providers.push({
      at: variable,
      id: provider.id,
      type: provider.type,
      wireApi: provider.wireApi,
      baseUrl: address.baseUrl,
      ...(provider.authHeader === undefined ? {} : { authHeader: provider.authHeader }),
      ...azure,
      keys: [keyOf(variable, key === undefined ? { as: "bearerToken" } : {})],
      notes: [],
    });
  }
  return { providers, used };
}

function addressOf({ type, address }: KnownProvider, given: string | undefined): ReadAddress {
  return given === undefined ? { baseUrl: address } : addressFor(type, given);
}

/** @see https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle and the openai package's own names */
function azureOf(value: Environment, address: ReadAddress, used: Set<string>): Partial<FoundProvider> {
  const first = (...names: string[]): string | undefined => {
    const name = names.find((candidate) => value(candidate)?.trim());
    if (name !== undefined) used.add(name);
    return name === undefined ? undefined : value(name)?.trim();
  };
  const named = first(
    "AZURE_OPENAI_DEPLOYMENT",
    "AZURE_OPENAI_DEPLOYMENT_NAME",
    "AZURE_OPENAI_CHAT_DEPLOYMENT_NAME",
  );
  const deployment = named ?? address.deployment;
  const apiVersion = first("AZURE_OPENAI_API_VERSION", "OPENAI_API_VERSION") ?? address.apiVersion;
  return {
    ...(deployment === undefined ? {} : { models: [{ id: deployment }] }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  };
}
