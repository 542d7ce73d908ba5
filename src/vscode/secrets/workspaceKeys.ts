import { createHash } from "node:crypto";
import { basename } from "node:path";
import { newGatewayKey } from "./keyMaterial";
import { isWorkspaceKey, workspaceKeyName } from "./names";
import type { SecretStore } from "./providerKeys";

/** The gateway key of a workspace folder's terminals. */
export interface WorkspaceKey {
  readonly name: string;
  readonly folder: string;
  readonly key: string;
}

/**
 * A gateway key for each workspace folder whose terminals have one. They are kept in the secret storage and not in the
 * settings: terminals need them whole, and paths of this machine are nothing for Settings Sync.
 */
export class WorkspaceKeys {
  constructor(private readonly secrets: SecretStore) {}

  async list(): Promise<WorkspaceKey[]> {
    const names = (await this.secrets.keys()).filter(isWorkspaceKey).sort();
    const secrets = await Promise.all(names.map((name) => this.secrets.get(name)));
    return secrets.flatMap((secret) => parsed(secret) ?? []);
  }

  /** @param folder absolute path */
  async ensure(folder: string): Promise<WorkspaceKey> {
    const secretName = workspaceKeyName(idOf(folder));
    const known = parsed(await this.secrets.get(secretName));
    if (known?.folder === folder) return known;
    const key = newGatewayKey();
    await this.secrets.store(secretName, JSON.stringify({ folder, key }));
    // Another window may have made one for the same folder a moment later; the one that stands there counts.
    return parsed(await this.secrets.get(secretName)) ?? { name: nameOf(folder), folder, key };
  }

  async delete(name: string): Promise<void> {
    const found = (await this.list()).find((key) => key.name === name);
    if (found) await this.secrets.delete(workspaceKeyName(idOf(found.folder)));
  }
}

/** The folder's own name, and something that tells it from another folder of that name. */
function nameOf(folder: string): string {
  return `workspace ${basename(folder)} ${idOf(folder).slice(0, 4)}`;
}

function idOf(folder: string): string {
  return createHash("sha256").update(folder).digest("hex").slice(0, 16);
}

function parsed(secret: string | undefined): WorkspaceKey | undefined {
  if (secret === undefined) return undefined;
  try {
    const { folder, key } = JSON.parse(secret) as { folder?: unknown; key?: unknown };
    return typeof folder === "string" && typeof key === "string" && key !== ""
      ? { name: nameOf(folder), folder, key }
      : undefined;
  } catch {
    return undefined;
  }
}
