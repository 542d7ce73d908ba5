/** The keys of the tests, apart from everything that only works outside of bundles. */
export const GATEWAY_KEY = "pk-test-gateway-key";
export const PROVIDER_KEY = "sk-test-provider-key";
