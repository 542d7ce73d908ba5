/**
 * What tells a gateway behind this one (Portkey, Helicone, LiteLLM, Cloudflare …) which address to send a request to,
 * or with which credentials. Both are for the person to say, in the configuration, and never for a request:
 * https://portkey.ai/docs/api-reference/inference-api/headers
 * https://docs.helicone.ai/helicone-headers/header-directory
 * https://docs.litellm.ai/docs/proxy/clientside_auth
 */
const STEERING_HEADER = new RegExp(
  [
    /^x-portkey-(?!(?:trace|span|parent-span|cache)-|metadata$|request-timeout$|debug$)/,
    /^helicone-(?:target-|fallbacks$)/,
    /^cf-aig-byok-alias$/,
    // Frameworks let these name another path, host or method than the request's own.
    /^x-(?:original-url|original-host|rewrite-url|host|http-host-override|http-method-override|method-override)$/,
    /(?:^|-)(?:base-url|api-base|(?:target|upstream|custom|proxy)-(?:url|host))$/,
    /(?:^|-)(?:api-key|authorization|auth|auth-token|access-token|security-token|subscription-key|virtual-key)$/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

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

/** @param name in small letters */
export function steersByHeader(name: string): boolean {
  // Some servers take both signs for one.
  return STEERING_HEADER.test(name.replaceAll("_", "-"));
}

/** @param name of an outermost member of a body, or of a part of the query */
export function steersByMember(name: string): boolean {
  return MEMBERS.has(name.replace(/[-_]/g, "").toLowerCase());
}
