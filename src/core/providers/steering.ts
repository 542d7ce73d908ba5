/**
 * What tells a gateway behind this one (Portkey, Helicone, LiteLLM, Cloudflare …) which address to send a request to,
 * or with which credentials. Both are for the person to say, in the configuration, and never for a request:
 * https://portkey.ai/docs/api-reference/inference-api/headers
 * https://docs.helicone.ai/helicone-headers/header-directory
 * https://docs.litellm.ai/docs/proxy/clientside_auth
 */
const HEADERS = [
  /^x-portkey-(?!(?:trace|span|parent-span|cache)-|metadata$|request-timeout$|debug$)/,
  /^helicone-(?:target-|fallbacks$)/,
  /^cf-aig-byok-alias$/,
  // Frameworks let these name another path, host or method than the request's own.
  /^x-(?:original-url|original-host|rewrite-url|host|http-host-override|http-method-override|method-override)$/,
  /(?:^|-)(?:base-url|api-base|(?:target|upstream|custom|proxy)-(?:url|host))$/,
  /(?:^|-)(?:api-key|authorization|auth|auth-token|access-token|security-token|subscription-key|virtual-key)$/,
];

/** In small letters, without what stands between words. */
const MEMBERS = new Set([
  "apibase",
  "baseurl",
  "apikey",
  "azureendpoint",
  "azureadtoken",
  "awsaccesskeyid",
  "awssecretaccesskey",
  "awssessiontoken",
  "awsbedrockruntimeendpoint",
  "vertexcredentials",
  "headers",
  "extraheaders",
  "userconfig",
  "modellist",
  "litellmparams",
  "litellmcredentialname",
]);

/** Tools send the same names with each request; more or longer ones are somebody's invention. */
const MOST_KNOWN = 500;
const LONGEST_KNOWN = 64;
const known = new Map<string, boolean>();

/** @param name in small letters */
export function steersByHeader(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  // Some servers take both signs for one.
  const plain = name.replaceAll("_", "-");
  const steers = HEADERS.some((pattern) => pattern.test(plain));
  if (known.size < MOST_KNOWN && name.length <= LONGEST_KNOWN) known.set(name, steers);
  return steers;
}

/** @param name of an outermost member of a body, or of a part of the query */
export function steersByMember(name: string): boolean {
  return MEMBERS.has(name.replace(/[-_]/g, "").toLowerCase());
}
