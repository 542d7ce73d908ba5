import {
  type AskedFor,
  type CredentialInputs,
  type ResolvedCredential,
  resolveCredentials,
} from "../credentials/resolve";
import { originOf } from "../credentials/stored";
import { isLocalAddress } from "../providers/baseUrl";
import { repeatedNames } from "./budgets";
import { type EngineGatewayKey, resolveGatewayKey } from "./engineGatewayKey";
import type { ConfigProblem } from "./problems";
import { type Environment, replaceReferences, resolveReference } from "./reference";
import type {
  AuditConfig,
  BudgetConfig,
  Config,
  LedgerConfig,
  PolicyConfig,
  ProviderConfig,
  RouteConfig,
  RoutingConfig,
} from "./schema";

export type { EngineGatewayKey } from "./engineGatewayKey";

/** What a provider is authenticated with. Lives in memory and on the private pipe only. */
export type Credential =
  | { readonly kind: "apiKey"; readonly value: string }
  | { readonly kind: "bearerToken"; readonly value: string }
  | { readonly kind: "none" }
  | { readonly kind: "missing"; readonly reason: string };

/** One of several credentials of a provider. */
export interface LabelledCredential {
  /** What the person calls it; unique within the provider, shown in the tree and in the ledger. */
  readonly label: string;
  readonly credential: Extract<Credential, { readonly value: string }>;
  /** When it ends, in milliseconds since the epoch, where that is known. */
  readonly expiresAt?: number;
  /** Another one can be had from where it came from, if a provider refuses it. */
  readonly renewable?: true;
}

/** A provider as the engine runs it: its configuration with references resolved, and its credential. */
export interface EngineProvider {
  readonly config: Omit<ProviderConfig, "apiKey" | "bearerToken" | "credentials">;
  /** What a request is sent with; the pool's first, where there is a pool. */
  readonly credential: Credential;
  /** Every usable credential, the first one included; requests are spread over them. Absent: just the one. */
  readonly pool?: readonly LabelledCredential[];
}

/** A provider whose configuration cannot be used; requests to it are told why. */
export interface FaultyProvider {
  readonly id: string;
  readonly problems: readonly ConfigProblem[];
}

export interface EngineGateway {
  readonly host: string;
  readonly port: number;
  /** Requests that may run at once. */
  readonly maxRunning: number;
  readonly keys: readonly EngineGatewayKey[];
}

/** How the engine reaches the network outside; what VS Code's own settings would say. */
export interface NetworkConfig {
  /** Proxy for http:// addresses; absent for a direct connection. */
  readonly httpProxy?: string;
  /** Proxy for https:// addresses. */
  readonly httpsProxy?: string;
  /** Hosts that bypass the proxy, as in NO_PROXY. */
  readonly noProxy?: string;
  /** False: the certificates of the operating system's store are not trusted. Absent: they are. */
  readonly systemCertificates?: boolean;
}

/** Everything the engine runs on, handed over by a window through the pipe or read from the headless file. */
export interface EngineConfig {
  readonly providers: readonly EngineProvider[];
  readonly faulty: readonly FaultyProvider[];
  readonly gateway: EngineGateway;
  readonly routes: readonly RouteConfig[];
  readonly routing: RoutingConfig;
  /** Absent: none. */
  readonly budgets?: readonly BudgetConfig[];
  /** Whether providers may be asked what money is left there. Absent: they are not. */
  readonly balances?: boolean;
  readonly ledger: LedgerConfig;
  readonly network: NetworkConfig;
  /** Rules of the settings or of the file; a fault refuses every request. Absent: none. */
  readonly policy?: PolicyConfig | { readonly fault: string };
  /** What is kept of requests; absent: the schema's defaults. */
  readonly audit?: AuditConfig;
  /** Seconds the engine stays after its last window has gone. */
  readonly lingerSeconds: number;
  /** Stay even without a window. */
  readonly keepRunning: boolean;
  /** Which secret storage the credentials are from; windows do not always share one. */
  readonly secretStore: string;
}

/** A key or token that was just entered for a provider, and is stored nowhere yet. */
export interface EnteredCredential {
  readonly apiKey?: string;
  readonly bearerToken?: string;
}

/** A provider with a credential that was just entered for it. */
export function resolveProvider(
  provider: ProviderConfig,
  environment: Environment,
  entered: EnteredCredential = {},
): EngineProvider {
  const origin = originOf(provider.baseUrl) ?? "";
  const stored = (["bearerToken", "apiKey"] as const).flatMap((kind) => {
    const value = entered[kind];
    return value === undefined ? [] : [{ label: kind, kind, value, origin }];
  });
  return resolveEntry(provider, { environment, stored, asked: () => NOT_ASKED }).provider;
}

const NOT_ASKED = { kind: "missing", reason: "it is not asked for here" } as const;

/** A provider as the engine runs it, with what became of each of its credentials. */
export interface ResolvedProvider {
  readonly provider: EngineProvider;
  readonly credentials: readonly ResolvedCredential[];
}

/**
 * Resolves a provider's references and its credentials. Every usable one goes into the pool; without any, the provider
 * is marked as without a key, unless it is on this machine or has headers of its own.
 */
export function resolveEntry(provider: ProviderConfig, inputs: CredentialInputs): ResolvedProvider {
  const { apiKey: _, bearerToken: __, credentials: listed, headers, ...rest } = provider;
  const unset: string[] = [];
  const variable = (name: string): string => {
    const resolved = resolveReference(`\${env:${name}}`, inputs.environment);
    if (resolved.kind === "value") return resolved.value;
    unset.push(name);
    return "";
  };
  const resolvedHeaders =
    headers &&
    Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, replaceReferences(value, variable)]),
    );
  const config = resolvedHeaders ? { ...rest, headers: resolvedHeaders } : rest;
  const credentials = resolveCredentials(provider, inputs);
  const withoutKey = (reason: string): ResolvedProvider => ({
    provider: { config, credential: { kind: "missing", reason } },
    credentials,
  });
  if (unset.length > 0) return withoutKey(`the environment variable ${unset.join(", ")} is not set`);
  const pool = credentials.flatMap(labelled);
  const [first] = pool;
  if (first) return { provider: { config, credential: first.credential, pool }, credentials };
  const mayGoWithout = resolvedHeaders !== undefined || isLocalAddress(provider.baseUrl);
  const none = { provider: { config, credential: { kind: "none" as const } }, credentials };
  if (credentials.some(({ outcome }) => outcome.kind === "none")) return none;
  if (credentials.length === 0) return mayGoWithout ? none : withoutKey("no key is set");
  const reason = reasonOf(credentials);
  // A key that belongs elsewhere is no reason to be without one here, but the person may have meant it to be used.
  return withoutKey(mayGoWithout && listed === undefined ? withRemedy(reason, credentials) : reason);
}

/** One that can be used, as the engine gets it. */
function labelled({ label, source, outcome }: ResolvedCredential): LabelledCredential[] {
  if (outcome.kind !== "apiKey" && outcome.kind !== "bearerToken") return [];
  const { kind, value, expiresAt } = outcome;
  const renewable = source === "command" || source === "entra" || source === "github";
  return [
    {
      label,
      credential: { kind, value },
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(renewable ? { renewable } : {}),
    },
  ];
}

function withRemedy(reason: string, credentials: readonly ResolvedCredential[]): string {
  return credentials.every(({ source }) => source === "stored") ? `${reason}, or delete it` : reason;
}

/** Why none of them can be used; each by its label where there are several. */
function reasonOf(credentials: readonly ResolvedCredential[]): string {
  const missing = credentials.flatMap(({ label, outcome }) =>
    outcome.kind === "missing" ? [{ label, reason: outcome.reason }] : [],
  );
  if (missing.length === 1) return missing[0]?.reason ?? "";
  return missing.map(({ label, reason }) => `${label}: ${reason}`).join("; ");
}

/**
 * The engine's configuration from the headless file. A provider whose variable is unset stays, marked as without a
 * key; a gateway key that cannot be resolved is a fault, because somebody would be locked out without knowing why.
 */
export function engineConfigFromFile(
  config: Config,
  environment: Environment,
  asked: AskedFor = () => NOT_ASKED,
): { readonly config: EngineConfig; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const keys: EngineGatewayKey[] = [];
  config.gateway.keys.forEach((entry, index) => {
    const resolved = resolveGatewayKey(entry, environment);
    if (resolved.ok) keys.push(resolved.key);
    else problems.push({ path: `gateway.keys[${index}].key`, message: resolved.fault });
  });
  problems.push(...repeatedNames(config.gateway.keys, "gateway.keys"));
  problems.push(...repeatedNames(config.budgets, "budgets"));
  const network = networkFrom(environment);
  return {
    config: {
      providers: config.providers.map(
        (provider) => resolveEntry(provider, { environment, stored: [], asked }).provider,
      ),
      faulty: [],
      gateway: { ...config.gateway, keys },
      routes: config.routes,
      routing: config.routing,
      budgets: config.budgets,
      balances: config.quota.balances,
      ledger: config.ledger,
      network,
      policy: config.policy,
      audit: config.audit,
      lingerSeconds: 0,
      keepRunning: true,
      secretStore: "file",
    },
    problems,
  };
}

/** The proxies that the environment names, in the usual variables; each scheme has its own. */
export function networkFrom(environment: Environment): NetworkConfig {
  const first = (...names: string[]): string | undefined => names.map(environment).find((value) => value);
  const httpProxy = first("http_proxy", "HTTP_PROXY");
  const httpsProxy = first("https_proxy", "HTTPS_PROXY");
  const noProxy = first("no_proxy", "NO_PROXY");
  return {
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
    ...(noProxy ? { noProxy } : {}),
  };
}

/** A proxy's address as a URL; people write it without the scheme. Null where it is none that can be used. */
export function proxyUrl(address: string): string | null {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  try {
    const { protocol, href } = new URL(text);
    return protocol === "http:" || protocol === "https:" ? href : null;
  } catch {
    return null;
  }
}
