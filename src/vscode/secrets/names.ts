/** Names of the secrets. Each credential has one of its own; there is no list of them beside the storage's own. */
const PROVIDER = "postern.provider.";
const GATEWAY_KEY = "postern.gatewayKey.";

export const ENGINE_TOKEN = "postern.engineToken";

export function providerSecretName(id: string): string {
  return `${PROVIDER}${id}.credential`;
}

export function gatewayKeySecretName(name: string): string {
  return GATEWAY_KEY + name;
}

/** The gateway key's name, if the secret is one. */
export function gatewayKeyNameOf(secretName: string): string | undefined {
  return secretName.startsWith(GATEWAY_KEY) ? secretName.slice(GATEWAY_KEY.length) : undefined;
}

/** Whether a change of the secret changes what the engine is to run on. */
export function concernsEngine(secretName: string): boolean {
  return secretName.startsWith(PROVIDER) || secretName.startsWith(GATEWAY_KEY);
}
