import { messageOf } from "../common/log";
import type { LocalState } from "../state";
import { notify } from "../ui/notify";
import type { CredentialEditor } from "./credentialEditor";

/** Offers to move a key that was written into the settings to where it belongs; once for each provider. */
export class LiteralKeyNotice {
  private readonly said = new Set<string>();

  constructor(private readonly editor: Pick<CredentialEditor, "moveKeyToSecretStorage">) {}

  follow(local: LocalState): void {
    for (const entry of local.providers) {
      const found = entry.faulty && entry.problems.some(({ remedy }) => remedy === "moveKeyToSecretStorage");
      // Told again if the key comes back after it was moved.
      if (!found) this.said.delete(entry.id);
      else if (!this.said.has(entry.id)) {
        this.said.add(entry.id);
        this.offer(entry.id, entry.index);
      }
    }
  }

  private offer(id: string, index: number): void {
    const message = `A key stands in the settings of the provider "${id}", where it can be synced and seen. It is not used from there.`;
    notify("warning", message, {
      "Move to Secret Storage": () =>
        this.editor.moveKeyToSecretStorage({ kind: "provider", id, index }).then(
          () => notify("info", `The key of "${id}" is in the secret storage and out of the settings.`),
          (error: unknown) => notify("error", `The key of "${id}" could not be moved. ${messageOf(error)}`),
        ),
    });
  }
}
