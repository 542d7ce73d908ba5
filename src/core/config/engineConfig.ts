import { isLocalAddress } from "../providers/baseUrl";
import type { ConfigProblem } from "./problems";
import { type Environment, replaceReferences, resolveReference } from "./reference";
import type { AuditConfig, Config, PolicyConfig, ProviderConfig, RouteConfig, RoutingConfig } from "./schema";

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
}

/** A provider as the engine runs it: its configuration with references resolved, and its credential. */
export interface EngineProvider {
  readonly config: Omit<ProviderConfig, "apiKey" | "bearerToken">;
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

export interface EngineGatewayKey {
  readonly name: string;
  /** The gateway key itself; never logged, never in a status. */
  readonly key: string;
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

/** What the secret storage holds for a provider. */
export interface StoredCredential {
  readonly apiKey?: string;
  readonly bearerToken?: string;
}

/**
 * Resolves a provider's references and decides its credential: a bearer token wins over a key, what stands in the
 * configuration wins over what is stored, and a provider on this machine may go without.
 */
export function resolveProvider(
  provider: ProviderConfig,
  environment: Environment,
  stored: StoredCredential = {},
): EngineProvider {
  const { apiKey, bearerToken, headers, ...rest } = provider;
  const unset: string[] = [];
  const resolve = (value: string): string => {
    const resolved = resolveReference(value, environment);
    if (resolved.kind === "value") return resolved.value;
    unset.push(resolved.variable);
    return "";
  };
  const token = bearerToken === undefined ? stored.bearerToken : resolve(bearerToken);
  const key = apiKey === undefined ? stored.apiKey : resolve(apiKey);
  const resolvedHeaders =
    headers &&
    Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        replaceReferences(value, (variable) => resolve(`\${env:${variable}}`)),
      ]),
    );
  const config = resolvedHeaders ? { ...rest, headers: resolvedHeaders } : rest;
  return {
    config,
    credential: credentialOf(
      token,
      key,
      unset,
      resolvedHeaders !== undefined || isLocalAddress(provider.baseUrl),
    ),
  };
}

function credentialOf(
  token: string | undefined,
  key: string | undefined,
  unset: string[],
  mayGoWithout: boolean,
): Credential {
  if (unset.length > 0) {
    return { kind: "missing", reason: `the environment variable ${unset.join(", ")} is not set` };
  }
  if (token) return { kind: "bearerToken", value: token };
  if (key) return { kind: "apiKey", value: key };
  return mayGoWithout ? { kind: "none" } : { kind: "missing", reason: "no key is set" };
}

/**
 * The engine's configuration from the headless file. A provider whose variable is unset stays, marked as without a
 * key; a gateway key that cannot be resolved is a fault, because somebody would be locked out without knowing why.
 */
export function engineConfigFromFile(
  config: Config,
  environment: Environment,
): { readonly config: EngineConfig; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const keys: EngineGatewayKey[] = [];
  config.gateway.keys.forEach((entry, index) => {
    const resolved = resolveReference(entry.key, environment);
    if (resolved.kind === "unset") {
      problems.push({
        path: `gateway.keys[${index}].key`,
        message: `the environment variable ${resolved.variable} is not set`,
      });
    } else if (/\s/.test(resolved.value)) {
      problems.push({ path: `gateway.keys[${index}].key`, message: "must not have spaces in it" });
    } else if (entry.enabled) {
      keys.push({ name: entry.name, key: resolved.value });
    }
  });
  const network = networkFrom(environment);
  return {
    config: {
      providers: config.providers.map((provider) => resolveProvider(provider, environment)),
      faulty: [],
      gateway: { ...config.gateway, keys },
      routes: config.routes,
      routing: config.routing,
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
