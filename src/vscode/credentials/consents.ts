import { createHash } from "node:crypto";
import type { ProviderConfig } from "../../core/config/schema";
import { belongsToIssuer } from "../../core/credentials/accounts";
import type { AskedCredential } from "../../core/credentials/resolve";
import { originOf } from "../../core/credentials/stored";

/** The part of `vscode.Memento` that is used here. */
export interface Memento {
  get<T>(key: string): T | undefined;
  update(key: string, value: unknown): Thenable<void>;
}

const KEY = "postern.confirmed";

/**
 * What the person has confirmed on this machine: this very command, and that what it gives goes to this address.
 * Settings are synced and changed by others, so another command, or another address, is asked about again.
 */
export class Consents {
  constructor(private readonly memento: Memento) {}

  /** Whether nobody has to be asked, or somebody has been. */
  has(provider: ProviderConfig, credential: AskedCredential): boolean {
    if (credential.kind !== "command" && belongsToIssuer(provider, credential.kind)) return true;
    return this.all().includes(fingerprint(provider, credential));
  }

  async give(provider: ProviderConfig, credential: AskedCredential): Promise<void> {
    const mark = fingerprint(provider, credential);
    if (!this.all().includes(mark)) await this.memento.update(KEY, [...this.all(), mark]);
  }

  async takeBack(provider: ProviderConfig, credential: AskedCredential): Promise<void> {
    const mark = fingerprint(provider, credential);
    await this.memento.update(
      KEY,
      this.all().filter((other) => other !== mark),
    );
  }

  private all(): readonly string[] {
    const found = this.memento.get<unknown>(KEY);
    return Array.isArray(found) ? found.filter((mark) => typeof mark === "string") : [];
  }
}

/** A hash, so that nothing of a command stands in the state. */
function fingerprint(provider: ProviderConfig, credential: AskedCredential): string {
  const what =
    credential.kind === "command"
      ? credential.command
      : [credential.kind, credential.kind === "entra" ? (credential.scope ?? "") : ""];
  return createHash("sha256")
    .update(JSON.stringify([credential.kind, what, originOf(provider.baseUrl)]))
    .digest("hex");
}
