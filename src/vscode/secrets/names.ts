/** Names of the secrets. Each credential has one of its own; there is no list of them beside the storage's own. */
const PROVIDER = "postern.provider.";
/** A gateway key of an earlier version, which kept it whole; taken over as a hash at the first start. */
const GATEWAY_KEY = "postern.gatewayKey.";
/** The copy of a gateway key that may be copied again. It lets nobody in by itself: the settings' hash does. */
const GATEWAY_KEY_COPY = "postern.gatewayKeyCopy.";
const WORKSPACE_KEY = "postern.workspaceKey.";

export const ENGINE_TOKEN = "postern.engineToken";

export function providerSecretName(id: string): string {
  return `${PROVIDER}${id}.credential`;
}

export function gatewayKeySecretName(name: string): string {
  return GATEWAY_KEY + name;
}

/** The gateway key's name, if the secret is one of an earlier version. */
export function gatewayKeyNameOf(secretName: string): string | undefined {
  return secretName.startsWith(GATEWAY_KEY) ? secretName.slice(GATEWAY_KEY.length) : undefined;
}

export function gatewayKeyCopyName(name: string): string {
  return GATEWAY_KEY_COPY + name;
}

/** The gateway key's name, if the secret is a copy of one. */
export function gatewayKeyOfCopy(secretName: string): string | undefined {
  return secretName.startsWith(GATEWAY_KEY_COPY) ? secretName.slice(GATEWAY_KEY_COPY.length) : undefined;
}

/** @param folderId what stands for the folder, without its path */
export function workspaceKeyName(folderId: string): string {
  return WORKSPACE_KEY + folderId;
}

export function isWorkspaceKey(secretName: string): boolean {
  return secretName.startsWith(WORKSPACE_KEY);
}

/** Whether a change of the secret changes what the engine is to run on, or what is shown of it. */
export function concernsEngine(secretName: string): boolean {
  return [PROVIDER, GATEWAY_KEY, GATEWAY_KEY_COPY, WORKSPACE_KEY].some((start) =>
    secretName.startsWith(start),
  );
}
