import { randomBytes } from "node:crypto";
import type { EngineGatewayKey } from "../../core/config/engineConfig";
import { gatewayKeyNameOf, gatewayKeySecretName } from "./names";
import type { SecretStore } from "./providerKeys";

export const DEFAULT_GATEWAY_KEY = "default";

/** The gateway keys that Postern has made, one secret for each tool. */
export class GatewayKeys {
  constructor(private readonly secrets: SecretStore) {}

  async list(): Promise<EngineGatewayKey[]> {
    const names = (await this.secrets.keys()).flatMap((secret) => gatewayKeyNameOf(secret) ?? []).sort();
    const found = await Promise.all(
      names.map(async (name) => ({ name, key: await this.secrets.get(gatewayKeySecretName(name)) })),
    );
    return found.flatMap(({ name, key }) => (key ? [{ name, key }] : []));
  }

  async create(name: string): Promise<EngineGatewayKey> {
    const key = `pst_${randomBytes(32).toString("base64url")}`;
    await this.secrets.store(gatewayKeySecretName(name), key);
    return { name, key };
  }

  /** The gateway key of this name, which is made if it is not there. */
  async ensure(name: string): Promise<EngineGatewayKey> {
    const key = await this.secrets.get(gatewayKeySecretName(name));
    return key ? { name, key } : this.create(name);
  }

  async delete(name: string): Promise<void> {
    await this.secrets.delete(gatewayKeySecretName(name));
  }
}

/** A gateway key as it may be shown: enough to tell two apart, too little to use. */
export function maskKey(key: string): string {
  return key.length < 16 ? "…" : `${key.slice(0, 6)}…${key.slice(-4)}`;
}

/** What is wrong with a name for a new gateway key; undefined if nothing is. */
export function gatewayKeyNameFault(name: string, taken: readonly string[]): string | undefined {
  const trimmed = name.trim();
  if (trimmed === "") return "Give it a name: which tool is the gateway key for?";
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,63}$/u.test(trimmed))
    return "Use letters, digits, spaces, '.', '_' and '-'.";
  return taken.includes(trimmed) ? `There is a gateway key named "${trimmed}" already.` : undefined;
}
