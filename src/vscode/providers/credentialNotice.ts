import * as vscode from "vscode";
import type { LocalState } from "../state";
import { notify } from "../ui/notify";

/** Says that a credential waits for the person; once for each, and again if it comes back. */
export class CredentialNotice {
  private readonly said = new Set<string>();

  follow(local: LocalState): void {
    for (const entry of local.providers) {
      if (entry.faulty || !entry.enabled) continue;
      for (const { label, source, why } of entry.credentials) {
        const key = JSON.stringify([entry.id, label]);
        const waits = why === "consent" || why === "signIn";
        if (!waits) this.said.delete(key);
        else if (!this.said.has(key)) {
          this.said.add(key);
          const target = { kind: "credential", id: entry.id, index: entry.index, label };
          const run = (command: string) => () => vscode.commands.executeCommand(command, { target });
          if (why === "signIn") {
            const account = source === "github" ? "GitHub" : "Microsoft";
            notify(
              "info",
              `${entry.name} is authenticated with a ${account} account, and nobody is signed in.`,
              {
                "Sign In…": run("postern.signIn"),
              },
            );
          } else {
            const what = source === "command" ? "a command" : "an account";
            notify(
              "warning",
              `The settings of ${entry.name} get its credential from ${what} that has not been confirmed on this machine.`,
              { "Review…": run("postern.confirmCredential") },
            );
          }
        }
      }
    }
  }
}
